import Vocabulary

/// Holds the bytes of a JSON text and finds values in it by their ranges, without building them: a page's
/// records are handed to the engine's JSON reader as the bytes that they are.
struct JSONDocument: Sendable {
    enum Kind: Sendable {
        case object, array, string, number, boolean, null
    }

    let bytes: [UInt8]
    /// The whole value, without what surrounds it.
    let root: Range<Int>

    /// Checks the text. Throws `JSONFault` where it stops to be JSON.
    init(_ bytes: [UInt8]) throws(JSONFault) {
        self.bytes = bytes
        let hasMark = bytes.starts(with: [0xEF, 0xBB, 0xBF])
        let found: Result<Range<Int>, JSONFault> = bytes.withUnsafeBufferPointer { text in
            var scanner = JSONScanner(text, at: hasMark ? 3 : 0)
            scanner.skipBlanks()
            let start = scanner.at
            guard scanner.check(depth: 0) else {
                return .failure(JSONFault(at: scanner.at, isTooDeep: scanner.isTooDeep))
            }
            let end = scanner.at
            scanner.skipBlanks()
            return scanner.at == text.count ? .success(start..<end) : .failure(JSONFault(at: scanner.at))
        }
        root = try found.get()
    }

    /// Returns the kind of the value at a range.
    func kind(_ value: Range<Int>) -> Kind {
        switch bytes[value.lowerBound] {
        case UInt8(ascii: "{"): .object
        case UInt8(ascii: "["): .array
        case UInt8(ascii: "\""): .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): .boolean
        case UInt8(ascii: "n"): .null
        default: .number
        }
    }

    /// Returns names and values of an object in their order; none for other values.
    func members(_ value: Range<Int>) -> [(name: String, value: Range<Int>)] {
        guard kind(value) == .object else { return [] }
        return bytes.withUnsafeBufferPointer { text in
            var scanner = JSONScanner(text, at: value.lowerBound + 1)
            var members: [(name: String, value: Range<Int>)] = []
            while scanner.nextItem() {
                let name = scanner.skipValue()
                scanner.nextItem()
                members.append((JSONScanner.string(text, name), scanner.skipValue()))
            }
            return members
        }
    }

    /// Returns the elements of an array in their order; none for other values.
    func elements(_ value: Range<Int>) -> [Range<Int>] {
        guard kind(value) == .array else { return [] }
        return bytes.withUnsafeBufferPointer { text in
            var scanner = JSONScanner(text, at: value.lowerBound + 1)
            var elements: [Range<Int>] = []
            while scanner.nextItem() { elements.append(scanner.skipValue()) }
            return elements
        }
    }

    /// Returns the value of a member; the last one where a name is there twice.
    func member(_ name: String, of value: Range<Int>) -> Range<Int>? {
        members(value).last { $0.name == name }?.value
    }

    /// Returns a scalar as text: strings without quotes; nil for null, objects and arrays.
    func scalar(_ value: Range<Int>) -> String? {
        switch kind(value) {
        case .object, .array, .null: nil
        case .string: bytes.withUnsafeBufferPointer { JSONScanner.string($0, value) }
        case .number, .boolean: String(decoding: bytes[value], as: UTF8.self)
        }
    }
}

/// Says where a text is no JSON, or is nested too deeply.
struct JSONFault: Error, Hashable {
    /// Byte from the start.
    var at: Int
    /// Whether what stands there goes deeper than the engine allows, and may be JSON else.
    var isTooDeep = false

    /// The fault as the end of a sentence about the text.
    var text: String {
        isTooDeep
            ? "is nested deeper than \(Limits.nestingDepth) levels at byte \(at)"
            : "is not JSON from byte \(at) on"
    }
}
