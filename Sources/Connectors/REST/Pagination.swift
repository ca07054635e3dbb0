import Storage
import Vocabulary

/// Goes from page to page: knows the first request and, given a page, the next one. No I/O.
///
/// ```
///   start ─▶ request ─▶ page ─▶ next ─▶ request …     nil: that was the last page
/// ```
struct Pagination {
    private var settings: PaginatorSettings
    private let first: WebRequest
    private var offset = 0
    private var page = 0

    init(_ settings: PaginatorSettings, first: WebRequest) {
        self.settings = settings
        self.first = first
    }

    /// Returns the request for the first page.
    mutating func start() throws(EngineError) -> WebRequest {
        switch settings {
        case .offset(let pages):
            offset = pages.offset
            return try offsetRequest(pages)
        case .pageNumber(let pages):
            page = pages.page ?? pages.base
            return try Pagination.setting(String(page), at: pages.place, of: first)
        default: return first
        }
    }

    /// Returns the request for the page after this one; `rows`: how many rows this one had. Throws
    /// `REST_PAGES` (data) where the page does not tell what it should.
    mutating func next(
        _ response: WebResponse, _ document: JSONDocument, rows: Int
    ) throws(EngineError) -> WebRequest? {
        switch settings {
        case .singlePage: return nil
        case .auto:
            settings = PageDetection.paginator(response, document)
            return try next(response, document, rows: rows)
        case .jsonLink(let path):
            return try link(path.scalar(in: document), response)
        case .headerLink(let relation):
            return try link(
                response["Link"].flatMap { LinkHeader.target($0, relation: relation) }, response)
        case .cursor(let path, let place):
            guard let cursor = path.scalar(in: document), !cursor.isEmpty, cursor != "false" else {
                return nil
            }
            return try Pagination.setting(cursor, at: place, of: first)
        case .headerCursor(let name, let place):
            guard let cursor = response[name], !cursor.isEmpty else { return nil }
            return try Pagination.setting(cursor, at: place, of: first)
        case .offset(let pages):
            offset += pages.limit
            let isLast = try isLast(pages.end, document, rows) { offset >= $0 }
            return isLast ? nil : try offsetRequest(pages)
        case .pageNumber(let pages):
            page += 1
            // The total counts pages.
            let isLast = try isLast(pages.end, document, rows) { page - pages.base >= $0 }
            return isLast ? nil : try Pagination.setting(String(page), at: pages.place, of: first)
        }
    }

    private func link(_ text: String?, _ response: WebResponse) throws(EngineError) -> WebRequest? {
        guard let text, !text.isEmpty else { return nil }
        var request = first
        do {
            request.address = try WebAddress(text, relativeTo: response.address, option: "The link")
        } catch {
            throw .data(
                "REST_PAGES", "The link to the next page is no address: \(response.address.shown)")
        }
        return request
    }

    private func offsetRequest(_ pages: PaginatorSettings.OffsetPages) throws(EngineError) -> WebRequest {
        let request = try Pagination.setting(String(offset), at: pages.offsetPlace, of: first)
        return try Pagination.setting(String(pages.limit), at: pages.limitPlace, of: request)
    }

    private func isLast(
        _ end: PaginatorSettings.PageEnd, _ document: JSONDocument, _ rows: Int, reaches: (Int) -> Bool
    ) throws(EngineError) -> Bool {
        if end.stopsAfterEmpty, rows == 0 { return true }
        if let maximum = end.maximum, reaches(maximum) { return true }
        if let path = end.hasMore {
            guard let text = path.scalar(in: document) else {
                throw .data(
                    "REST_PAGES", "A page does not say whether more follow: has_more_path names nothing")
            }
            return text == "false" || text == "0"
        }
        if let total = end.total?.scalar(in: document) {
            guard let count = Int(total) else {
                throw .data("REST_PAGES", "The total of a page is no whole number: \(total.prefix(40))")
            }
            return reaches(count)
        }
        if !end.stopsAfterEmpty, end.maximum == nil {
            throw .data(
                "REST_PAGES", "A page does not tell the total, and nothing else ends the pages",
                remedy: "Set total_path, a maximum, or stop_after_empty_page.")
        }
        return false
    }

    /// Puts a value into the query or the body of a request.
    static func setting(
        _ value: String, at place: PaginatorSettings.CursorPlace, of request: WebRequest
    ) throws(EngineError) -> WebRequest {
        var request = request
        switch place {
        case .parameter(let name): request.address = request.address.setting([(name, value)])
        case .body(let names):
            let text = request.body.map { String(decoding: $0, as: UTF8.self) } ?? "{}"
            let body = try OptionValue(text, path: "endpoint.json")
            // Numbers stay numbers, as offsets and pages are.
            let json = Int(value) == nil ? JSONString.quoted(value) : value
            request.body = Array(try body.setting(json, at: names[...]).utf8)
            if !request.headers.contains(where: { $0.name == "Content-Type" }) {
                request.headers.append(("Content-Type", "application/json"))
            }
        }
        return request
    }
}

extension OptionValue {
    /// Returns the mapping as JSON with a member set; mappings on the way are made.
    fileprivate func setting(_ json: String, at names: ArraySlice<String>) throws(EngineError) -> String {
        guard let name = names.first else { return json }
        guard kind == .object else { throw error("must be a mapping to carry \(name)") }
        var parts: [String] = []
        for (other, value) in members where other != name {
            parts.append("\(JSONString.quoted(other)):\(value.json)")
        }
        let rest = names.dropFirst()
        var inner = json
        if !rest.isEmpty {
            let next = if let value = self[name] { value } else { try OptionValue("{}", path: name) }
            inner = try next.setting(json, at: rest)
        }
        parts.append("\(JSONString.quoted(name)):\(inner)")
        return "{\(parts.joined(separator: ","))}"
    }
}
