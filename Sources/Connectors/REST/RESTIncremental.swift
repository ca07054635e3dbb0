import Vocabulary

/// Says by which value of the records new ones are known, and how the server is asked for them. Records at
/// the last read's cursor are new, too: one may have come late with it, and whoever reads knows the others.
struct RESTIncremental: Sendable {
    enum Missing: String, CaseIterable {
        case raise, include, exclude
    }
    var cursor: JSONPath
    var cursorText: String
    var initial: String?
    var end: String?
    var startParameter: String?
    var endParameter: String?
    var missing = Missing.raise
    /// The cursor that the last read reached.
    var after: String?
    /// What the values are; nil while none was seen.
    private var kind: CursorKind?
    /// A value of that kind, for messages.
    private var example: String?
    /// Whether texts of digits may still turn out to be among others that are none.
    private var mayBeText = false

    /// Where this read starts.
    var start: String? { after ?? initial }

    /// `options` carries what the last read reached, as `incremental.after`, and the kind of its values, as
    /// `incremental.form`. Returns nil when nothing is incremental.
    init?(_ value: OptionValue?, _ options: [String: String]) throws(EngineError) {
        guard let value else { return nil }
        try value.check(keys: [
            "cursor_path", "initial_value", "end_value", "start_param", "end_param",
            "on_cursor_value_missing",
        ])
        cursorText = try value.needed("cursor_path")
        cursor = try JSONPath(cursorText, option: value.path + ".cursor_path")
        initial = try value.text("initial_value")
        end = try value.text("end_value")
        startParameter = try value.text("start_param")
        endParameter = try value.text("end_param")
        if let text = try value.text("on_cursor_value_missing") {
            guard let found = Missing(rawValue: text) else {
                throw value.error(
                    "has an on_cursor_value_missing that must be raise, include or exclude: \(text)")
            }
            missing = found
        }
        after = options["incremental.after"]
        if let form = options["incremental.form"].flatMap(CursorKind.init(rawValue:)) {
            (kind, example) = (form, after)
        } else {
            for bound in [start, end].compactMap({ $0 }) where !bound.isEmpty {
                try see(bound, CursorKind(of: bound), isText: true)
            }
        }
    }

    /// Says whether a record is new. Throws `NULL_CURSOR` (data) for one without cursor, unless it is to be
    /// taken or left, and `CURSOR_KIND` (data) for a value that cannot be compared with the others.
    mutating func takes(_ record: Range<Int>, of document: JSONDocument) throws(EngineError) -> Bool {
        let found = cursor.find(in: document, from: record).lazy.compactMap { range in
            document.scalar(range).map { (text: $0, kind: document.kind(range)) }
        }
        guard let value = found.first else {
            switch missing {
            case .include: return true
            case .exclude: return false
            case .raise:
                throw .data(
                    "NULL_CURSOR", "A record has no value at the incremental cursor: \(cursorText)",
                    remedy:
                        "Set on_cursor_value_missing to include or exclude, or choose another cursor_path.")
            }
        }
        let isText = value.kind == .string
        try see(value.text, value.kind == .number ? .number : CursorKind(of: value.text), isText: isText)
        let kind = kind ?? .text
        // Rows at initial_value itself are wanted as well.
        if let start, CursorOrder.compare(value.text, start, as: kind) < 0 { return false }
        if let end, CursorOrder.compare(value.text, end, as: kind) >= 0 { return false }
        return true
    }

    /// Takes a value's kind for that of all. `isText`: whether a number is written as text, or may be.
    private mutating func see(
        _ value: String, _ found: CursorKind, isText: Bool
    ) throws(EngineError) {
        switch (kind, found) {
        case (nil, _): (kind, example, mayBeText) = (found, value, isText)
        case (.number, .text) where mayBeText: (kind, example) = (.text, value)
        case (.text, .number) where isText: break
        case (.number, .number): mayBeText = mayBeText && isText
        case (let known?, _):
            if known == found { return }
            throw .data(
                "CURSOR_KIND",
                "The values of the cursor \(cursorText) cannot be compared, one is a \(known.rawValue) and "
                    + "one a \(found.rawValue): \(example ?? "") and \(value)",
                remedy: "Choose a cursor_path, and initial_value, whose values are all numbers, all times or "
                    + "all texts.")
        }
    }
}
