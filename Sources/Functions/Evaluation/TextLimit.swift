import Columns
import Vocabulary

/// Says how long the texts of a column may be that was declared with VARCHAR(n) or CHAR(n), at any depth.
package indirect enum TextLimit: Hashable, Sendable {
    case none
    /// VARCHAR(n).
    case characters(Int)
    /// CHAR(n): shorter texts are filled up with blanks.
    case filled(Int)
    case array(TextLimit)
    case map(key: TextLimit, value: TextLimit)
    case structure([TextLimit])

    /// Whether nothing is limited.
    package var isNone: Bool {
        switch self {
        case .none: true
        case .characters, .filled: false
        case .array(let element): element.isNone
        case .map(let key, let value): key.isNone && value.isNone
        case .structure(let members): members.allSatisfy(\.isNone)
        }
    }

    /// Whether texts are filled up anywhere.
    package var fills: Bool {
        switch self {
        case .none, .characters: false
        case .filled: true
        case .array(let element): element.fills
        case .map(let key, let value): key.fills || value.fills
        case .structure(let members): members.contains(where: \.fills)
        }
    }

    /// Most characters that a text is filled up to; 0 where none is.
    var longestFilled: Int {
        switch self {
        case .none, .characters: 0
        case .filled(let count): count
        case .array(let element): element.longestFilled
        case .map(let key, let value): max(key.longestFilled, value.longestFilled)
        case .structure(let members): members.map(\.longestFilled).max() ?? 0
        }
    }

    // MARK: As text, in plans

    /// The limits as a text that `init(code:)` reads: `-`, `t3;`, `c3;`, `a` and an element's, `m` and a
    /// key's and a value's, `s2` and two members'.
    package var code: String {
        switch self {
        case .none: "-"
        case .characters(let count): "t\(count);"
        case .filled(let count): "c\(count);"
        case .array(let element): "a" + element.code
        case .map(let key, let value): "m" + key.code + value.code
        case .structure(let members): "s\(members.count);" + members.map(\.code).joined()
        }
    }

    /// Reads what `code` wrote; what is none limits nothing.
    init(code: String) {
        var rest = Substring(code)
        self = Self.read(&rest)
    }

    private static func read(_ rest: inout Substring) -> TextLimit {
        switch rest.popFirst() {
        case "t": return .characters(number(&rest))
        case "c": return .filled(number(&rest))
        case "a": return .array(read(&rest))
        case "m":
            let key = read(&rest)
            return .map(key: key, value: read(&rest))
        case "s":
            let count = number(&rest)
            var members: [TextLimit] = []
            while members.count < count, !rest.isEmpty { members.append(read(&rest)) }
            return .structure(members)
        default: return .none
        }
    }

    private static func number(_ rest: inout Substring) -> Int {
        let digits = rest.prefix { $0 != ";" }
        rest = rest.dropFirst(digits.count + 1)
        return Int(digits) ?? 0
    }

    // MARK: Values

    /// Returns the vector as a column stores it: without the blanks at the ends of texts that are too long by
    /// them, and with blanks behind texts that are too short for CHAR(n). Throws `EXCEED_LIMIT_LENGTH` for
    /// texts that are longer, and `INVALID_PARAMETER_VALUE` where blanks would take too much memory.
    func applied(to vector: Vector, column: String) throws(EngineError) -> Vector {
        if isNone || vector.type == .null { return vector }
        if case .characters(let limit) = self, vector.form == .flat, vector.type == .string {
            let views = vector.pointer(as: StringView.self)
            var row = 0
            while row < vector.count, views[row].count <= limit || vector.isNull(row) { row += 1 }
            if row == vector.count { return vector }
        }
        if case .filled(let length) = self {
            if vector.holdsTexts(of: { $0 == length }) { return vector }
            if vector.holdsTexts(of: { $0 <= length }) { return try filled(vector) }
        }
        var values: [Scalar] = []
        var changes = TextChanges()
        values.reserveCapacity(vector.count)
        for row in 0..<vector.count {
            values.append(try limited(vector.scalar(at: row), column, &changes))
        }
        return changes.isAny ? .of(vector.type, values) : vector
    }

    private func limited(
        _ value: Scalar, _ column: String, _ changes: inout TextChanges
    ) throws(EngineError) -> Scalar {
        switch (self, value) {
        case (.characters(let limit), .string(let text)):
            if text.utf8.count <= limit { return value }
            let scalars = text.unicodeScalars
            if scalars.count <= limit { return value }
            let kept = scalars.prefix(limit)
            if scalars.dropFirst(limit).contains(where: { $0 != " " }) {
                throw .data(
                    "EXCEED_LIMIT_LENGTH",
                    "A text of \(scalars.count) characters is longer than the column \(column) takes: "
                        + "\(limit)",
                    remedy: "Cut it with left(…, \(limit)), or make the table with STRING.")
            }
            changes.isAny = true
            return .string(String(kept))
        case (.filled(let length), .string(let text)):
            let count = text.unicodeScalars.count
            if count == length { return value }
            if count > length {
                return try TextLimit.characters(length).limited(value, column, &changes)
            }
            return .string(try changes.filled(text, by: length - count))
        case (.array(let limit), .array(let elements)):
            return .array(try limit.all(elements, column, &changes))
        case (.map(let key, let limit), .map(let keys, let values)):
            return .map(
                keys: try key.all(keys, column, &changes),
                values: try limit.all(values, column, &changes))
        case (.structure(let limits), .structure(let members)) where limits.count == members.count:
            var result: [Scalar] = []
            for (limit, member) in zip(limits, members) {
                result.append(try limit.limited(member, column, &changes))
            }
            return .structure(result)
        default: return value
        }
    }

    private func all(
        _ values: [Scalar], _ column: String, _ changes: inout TextChanges
    ) throws(EngineError) -> [Scalar] {
        if isNone { return values }
        var result: [Scalar] = []
        for value in values { result.append(try limited(value, column, &changes)) }
        return result
    }
}
