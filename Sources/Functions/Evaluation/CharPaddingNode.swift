import Columns
import Kernels
import Plans
import Vocabulary

/// Names the call by which plans fill up texts of CHAR(n), as Spark's `readSidePadding` does. No text of a
/// user calls it.
package enum CharPadding {
    package static let function = "char_padding"

    /// Returns the call that fills up a value's texts where `limit` says so; longer ones stay.
    package static func call(_ value: Expression, _ limit: TextLimit) -> Expression {
        .call(FunctionCall(function, [value, .literal(.string(limit.code))], type: value.type))
    }

    /// Characters of the longest text that a call, of a text that is read or stored, fills up.
    static func longestFilled(_ call: FunctionCall) -> Int {
        guard case .string(let code)? = call.arguments.last?.literalValue?.value else { return 0 }
        return TextLimit(code: code).longestFilled
    }
}

/// Fills up texts of CHAR(n) that are read or compared. Its arguments are the value and a `TextLimit`'s code.
final class CharPaddingNode: FunctionNode {
    private let limit: TextLimit

    init(_ call: FunctionCall, _ arguments: [Node]) {
        if call.arguments.count > 1, case .string(let code)? = call.arguments[1].literalValue?.value {
            limit = TextLimit(code: code)
        } else {
            limit = .none
        }
        super.init(call.type, arguments, nulls: .propagates, isDeterministic: true, origin: call.origin)
    }

    override func apply(_ values: [Vector], count: Int) throws -> Vector { try limit.filled(values[0]) }
}

extension TextLimit {
    /// Returns the vector with its texts of CHAR(n) filled up with blanks to n characters. Throws
    /// `INVALID_PARAMETER_VALUE` where that would take too much memory.
    func filled(_ vector: Vector) throws(EngineError) -> Vector {
        if !fills || vector.type == .null { return vector }
        var changes = TextChanges()
        if case .filled(let length) = self, vector.type == .string {
            if vector.holdsTexts(of: { $0 >= length }) { return vector }
            return try Self.filled(vector.flattened(), to: length, &changes)
        }
        let builder = VectorBuilder(vector.type)
        for row in 0..<vector.count { builder.append(try filled(vector.scalar(at: row), &changes)) }
        return builder.finish()
    }

    /// Fills up a flat vector of texts.
    private static func filled(
        _ vector: Vector, to length: Int, _ changes: inout TextChanges
    ) throws(EngineError) -> Vector {
        let views = vector.pointer(as: StringView.self)
        let builder = ViewBuilder(count: vector.count)
        var text: [UInt8] = []
        for row in 0..<vector.count where !vector.isNull(row) {
            text.removeAll(keepingCapacity: true)
            let missing = views[row].withBytes { bytes in
                text.append(contentsOf: bytes)
                return length - UTF8Text.length(bytes)
            }
            if missing > 0 {
                try changes.take(missing, behind: text.count)
                text.append(contentsOf: repeatElement(32, count: missing))
            }
            builder.put(text, row)
        }
        return builder.finish(vector.type, validity: vector.validity)
    }

    private func filled(_ value: Scalar, _ changes: inout TextChanges) throws(EngineError) -> Scalar {
        switch (self, value) {
        case (.filled(let length), .string(let text)):
            let missing = length - text.unicodeScalars.count
            return missing > 0 ? .string(try changes.filled(text, by: missing)) : value
        case (.array(let limit), .array(let elements)): return .array(try limit.filled(elements, &changes))
        case (.map(let key, let limit), .map(let keys, let values)):
            return .map(keys: try key.filled(keys, &changes), values: try limit.filled(values, &changes))
        case (.structure(let limits), .structure(let members)) where limits.count == members.count:
            var result: [Scalar] = []
            for (limit, member) in zip(limits, members) {
                result.append(try limit.filled(member, &changes))
            }
            return .structure(result)
        default: return value
        }
    }

    private func filled(_ values: [Scalar], _ changes: inout TextChanges) throws(EngineError) -> [Scalar] {
        if !fills { return values }
        var result: [Scalar] = []
        for value in values { result.append(try filled(value, &changes)) }
        return result
    }
}

extension Vector {
    /// Says whether this is a column of texts whose numbers of characters all pass a test.
    func holdsTexts(of test: (Int) -> Bool) -> Bool {
        guard type == .string else { return false }
        let flat = flattened()
        let views = flat.pointer(as: StringView.self)
        for row in 0..<count where !isNull(row) {
            if !views[row].withBytes({ test(UTF8Text.length($0)) }) { return false }
        }
        return true
    }
}
