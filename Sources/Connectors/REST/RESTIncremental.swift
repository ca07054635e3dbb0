import Vocabulary

/// Says by which value of the records new ones are known, and how the server is asked for them.
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
    /// Whether records with that very cursor are left out. Where rows are merged by key they may come again,
    /// and a record that came late with an equal cursor is not lost.
    var isOpen = false

    /// Where this read starts.
    var start: String? { after ?? initial }

    /// `options` carries what the last read reached, as `incremental.after`. Returns nil when nothing is
    /// incremental.
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
        isOpen = options["incremental.range"] == "open"
    }

    /// Says whether a record is new. Throws `NULL_CURSOR` (data) for one without cursor, unless it is to be
    /// taken or left.
    func takes(_ record: Range<Int>, of document: JSONDocument) throws(EngineError) -> Bool {
        guard let value = cursor.scalar(in: document, from: record) else {
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
        if let start {
            let order = CursorOrder.compare(value, start)
            // Rows at initial_value itself are wanted: nothing was read yet.
            if order < 0 || (order == 0 && isOpen && after != nil) { return false }
        }
        if let end, CursorOrder.compare(value, end) >= 0 { return false }
        return true
    }
}
