import Columns

/// Gathers what the values at one place of JSON records were: a node of the tree that becomes the inferred
/// schema. Not thread-safe: one inference.
final class JSONShapeNode {
    /// Kinds of value that were seen.
    struct Kinds: OptionSet {
        let rawValue: UInt16
        static let null = Kinds(rawValue: 1)
        static let boolean = Kinds(rawValue: 2)
        static let long = Kinds(rawValue: 4)
        static let double = Kinds(rawValue: 8)
        static let decimal = Kinds(rawValue: 16)
        static let string = Kinds(rawValue: 32)
        static let timestamp = Kinds(rawValue: 64)
        static let object = Kinds(rawValue: 128)
        static let array = Kinds(rawValue: 256)
    }

    /// A member of an object: its name as the text has it, and as it reads.
    struct Member {
        let rawName: [UInt8]
        let name: String
        let node: JSONShapeNode
    }

    var kinds: Kinds = []
    /// Most digits before and after the point of the decimals seen.
    var wholeDigits = 0
    var fractionDigits = 0
    private(set) var members: [Member] = []
    private var positions: [String: Int] = [:]
    private(set) var element: JSONShapeNode?

    /// Returns the node of the elements of an array.
    func elementNode() -> JSONShapeNode {
        if let element { return element }
        let node = JSONShapeNode()
        element = node
        return node
    }

    /// Returns the position of the member that is written as `raw`, which is expected at `hint`.
    func memberPosition(_ raw: UnsafeBufferPointer<UInt8>, hint: Int, name: () -> String) -> Int {
        if hint < members.count, members[hint].rawName.elementsEqual(raw) { return hint }
        let name = name()
        if let known = positions[name] { return known }
        positions[name] = members.count
        members.append(Member(rawName: Array(raw), name: name, node: JSONShapeNode()))
        return members.count - 1
    }

    /// Returns the type that holds all values seen, by Spark's rules; nil for objects without members, and
    /// for nulls where the options ask to drop them.
    func type(options: JSONOptions) -> DataType? {
        let seen = kinds.subtracting(.null)
        if seen.isEmpty { return options.dropFieldIfAllNull ? nil : .string }
        if seen == .object { return structure(options: options).map { .structure($0) } }
        if seen == .array {
            // Arrays of objects without members have no type; arrays without elements are of strings.
            let isEmpty = element?.kinds.isEmpty ?? true
            if isEmpty { return options.dropFieldIfAllNull ? nil : .array(.string, containsNull: true) }
            return element?.type(options: options).map { .array($0, containsNull: true) }
        }
        if !seen.isDisjoint(with: [.object, .array, .string]) { return .string }
        if seen == .boolean { return .boolean }
        if seen == .timestamp { return .timestamp }
        if !seen.isDisjoint(with: [.boolean, .timestamp]) { return .string }
        return number(seen)
    }

    /// Returns the members that have a type, by name; nil when there are none.
    func structure(options: JSONOptions) -> [Field]? {
        let fields = members.compactMap { member in
            member.name.isEmpty ? nil : member.node.type(options: options).map { Field(member.name, $0) }
        }
        if fields.isEmpty { return nil }
        return fields.sorted { $0.name.utf16.lexicographicallyPrecedes($1.name.utf16) }
    }

    private func number(_ seen: Kinds) -> DataType {
        if seen == .long { return .int64 }
        if seen.contains(.double) { return .double }
        let whole = seen.contains(.long) ? max(20, wholeDigits) : wholeDigits
        let precision = whole + fractionDigits
        return precision > DataType.maximumPrecision
            ? .double : .decimal(precision: precision, scale: fractionDigits)
    }
}
