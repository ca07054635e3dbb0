import Vocabulary

/// Says how the next page is found: dlt's paginators with their defaults.
enum PaginatorSettings: Sendable {
    case auto
    case singlePage
    case jsonLink(JSONPath)
    case headerLink(relation: String)
    case cursor(JSONPath, CursorPlace)
    case headerCursor(name: String, CursorPlace)
    case offset(OffsetPages)
    case pageNumber(NumberedPages)

    /// Where the next request carries the cursor.
    enum CursorPlace: Sendable, Hashable {
        case parameter(String)
        /// Names of the members that lead to it in the body.
        case body([String])
    }

    /// Says when numbered pages end.
    struct PageEnd: Sendable {
        /// Path of the count of rows or pages; nil when the answers do not tell it.
        var total: JSONPath?
        var hasMore: JSONPath?
        var maximum: Int?
        var stopsAfterEmpty = true
    }

    struct OffsetPages: Sendable {
        var limit: Int
        var offset = 0
        var offsetPlace = CursorPlace.parameter("offset")
        var limitPlace = CursorPlace.parameter("limit")
        var end = PageEnd()
    }

    struct NumberedPages: Sendable {
        var base = 0
        var page: Int?
        var place = CursorPlace.parameter("page")
        var end = PageEnd()
    }

    private static let names = [
        "auto", "json_link", "header_link", "header_cursor", "offset", "page_number", "cursor", "single_page",
    ]

    /// Reads `paginator`: a name, or a mapping with `type`. Throws `INVALID_OPTION`.
    init(_ value: OptionValue) throws(EngineError) {
        let type = if let name = value.scalar { name } else { try value.needed("type") }
        func check(_ keys: [String]) throws(EngineError) {
            if value.kind == .object { try value.check(keys: ["type"] + keys) }
        }
        switch type {
        case "auto":
            try check([])
            self = .auto
        case "single_page":
            try check([])
            self = .singlePage
        case "json_link", "json_response":
            try check(["next_url_path"])
            self = .jsonLink(try value.jsonPath("next_url_path") ?? JSONPath(steps: [.member("next")]))
        case "header_link":
            try check(["links_next_key"])
            self = .headerLink(relation: try value.text("links_next_key") ?? "next")
        case "header_cursor":
            try check(["cursor_key", "cursor_param"])
            self = .headerCursor(
                name: try value.text("cursor_key") ?? "next",
                .parameter(try value.text("cursor_param") ?? "cursor"))
        case "cursor":
            try check(["cursor_path", "cursor_param", "cursor_body_path"])
            self = .cursor(
                try value.jsonPath("cursor_path")
                    ?? JSONPath(steps: [.member("cursors"), .member("next")]),
                try PaginatorSettings.place(value, "cursor_param", "cursor_body_path", "cursor"))
        case "offset":
            try check(
                ["limit", "offset", "offset_param", "limit_param", "offset_body_path", "limit_body_path"]
                    + PaginatorSettings.endKeys("maximum_offset"))
            self = .offset(try PaginatorSettings.offset(value))
        case "page_number":
            try check(
                ["base_page", "page", "page_param", "page_body_path"]
                    + PaginatorSettings.endKeys("maximum_page"))
            self = .pageNumber(try PaginatorSettings.numbered(value))
        default:
            let near = Suggestion.nearest(to: type, among: PaginatorSettings.names)
            throw value.error(
                "is none of \(PaginatorSettings.names.joined(separator: ", ")): \(type)",
                remedy: near.map { "Did you mean \($0)?" })
        }
    }

    private static func endKeys(_ maximum: String) -> [String] {
        ["total_path", "has_more_path", "stop_after_empty_page", maximum]
    }

    private static func end(_ value: OptionValue, _ maximum: String) throws(EngineError) -> PageEnd {
        var end = PageEnd()
        // dlt looks for "total" unasked; that it is missing is an error only where nothing else ends the
        // pages.
        end.total = try value.jsonPath("total_path") ?? JSONPath(steps: [.member("total")])
        end.hasMore = try value.jsonPath("has_more_path")
        end.maximum = try value.number(maximum, atLeast: 0)
        end.stopsAfterEmpty = try value.flag("stop_after_empty_page") ?? true
        return end
    }

    private static func place(
        _ value: OptionValue, _ parameter: String, _ body: String, _ usual: String
    ) throws(EngineError) -> CursorPlace {
        guard let path = try value.jsonPath(body) else {
            return .parameter(try value.text(parameter) ?? usual)
        }
        var names: [String] = []
        for step in path.steps {
            guard case .member(let name) = step else { throw value.error("has a \(body) that is no member") }
            names.append(name)
        }
        guard !names.isEmpty else { throw value.error("has an empty \(body)") }
        return .body(names)
    }

    private static func offset(_ value: OptionValue) throws(EngineError) -> OffsetPages {
        guard let limit = try value.number("limit", atLeast: 1) else {
            throw value.error("needs a limit, the rows of a page")
        }
        var pages = OffsetPages(limit: limit)
        pages.offset = try value.number("offset", atLeast: 0) ?? 0
        pages.offsetPlace = try place(value, "offset_param", "offset_body_path", "offset")
        pages.limitPlace = try place(value, "limit_param", "limit_body_path", "limit")
        pages.end = try end(value, "maximum_offset")
        return pages
    }

    private static func numbered(_ value: OptionValue) throws(EngineError) -> NumberedPages {
        var pages = NumberedPages()
        pages.base = try value.number("base_page", atLeast: 0) ?? 0
        pages.page = try value.number("page", atLeast: 0)
        pages.place = try place(value, "page_param", "page_body_path", "page")
        pages.end = try end(value, "maximum_page")
        return pages
    }
}
