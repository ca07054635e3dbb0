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

    override func apply(_ values: [Vector], count: Int) throws -> Vector { limit.filled(values[0]) }
}

extension TextLimit {
    /// Returns the vector with its texts of CHAR(n) filled up with blanks to n characters.
    func filled(_ vector: Vector) -> Vector {
        if !fills || vector.type == .null { return vector }
        if case .filled(let length) = self, vector.holdsTexts(of: { $0 >= length }) { return vector }
        let builder = VectorBuilder(vector.type)
        for row in 0..<vector.count { builder.append(filled(vector.scalar(at: row))) }
        return builder.finish()
    }

    private func filled(_ value: Scalar) -> Scalar {
        switch (self, value) {
        case (.filled(let length), .string(let text)):
            let missing = length - text.unicodeScalars.count
            return missing > 0 ? .string(text + String(repeating: " ", count: missing)) : value
        case (.array(let limit), .array(let elements)):
            return limit.fills ? .array(elements.map { limit.filled($0) }) : value
        case (.map(let key, let limit), .map(let keys, let values)):
            return .map(keys: keys.map { key.filled($0) }, values: values.map { limit.filled($0) })
        case (.structure(let limits), .structure(let members)) where limits.count == members.count:
            return .structure(zip(limits, members).map { $0.filled($1) })
        default: return value
        }
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
