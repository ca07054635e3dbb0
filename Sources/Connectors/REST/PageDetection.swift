/// Finds out of a page how the next one is found and where its records are, by the rules of dlt's REST client
/// (`dlt/sources/helpers/rest_client/detector.py`): a Link header, then the first member whose name says
/// "next", then no further page; records are the least nested list whose name says so, else the least nested
/// list.
enum PageDetection {
    private static let recordNames: Set = [
        "data", "items", "results", "entries", "records", "rows", "entities", "payload", "content", "objects",
    ]
    /// Lists lie so deep at most.
    private static let listDepth = 2
    private static let linkDepth = 8

    // MARK: pages

    /// Returns the paginator that fits a first page.
    static func paginator(_ response: WebResponse, _ document: JSONDocument) -> PaginatorSettings {
        if let header = response["Link"], LinkHeader.target(header, relation: "next") != nil {
            return .headerLink(relation: "next")
        }
        guard let (path, value) = nextMember(document, document.root, [], depth: 0) else {
            return .singlePage
        }
        guard let text = document.scalar(value) else { return .jsonLink(path) }
        if isAddress(text) { return .jsonLink(path) }
        // dlt takes any value for a link; a token or page is none, and its name says where it goes.
        guard case .member(let name)? = path.steps.last, let parameter = parameter(name) else {
            return .jsonLink(path)
        }
        return .cursor(path, .parameter(parameter))
    }

    private static func isAddress(_ text: String) -> Bool {
        text.hasPrefix("http://") || text.hasPrefix("https://") || text.hasPrefix("/") || text.hasPrefix("?")
    }

    /// `next_cursor` → `cursor`, `nextPageToken` → `pageToken`, `next_page` → `page`; `next` → `cursor`.
    static func parameter(_ name: String) -> String? {
        guard name.lowercased().hasPrefix("next") else { return nil }
        var rest = name.dropFirst(4)
        while rest.first == "_" || rest.first == "-" { rest = rest.dropFirst() }
        guard let first = rest.first else { return "cursor" }
        return first.lowercased() + rest.dropFirst()
    }

    private static func nextMember(
        _ document: JSONDocument, _ value: Range<Int>, _ steps: [JSONPath.Step], depth: Int
    ) -> (JSONPath, Range<Int>)? {
        guard depth < linkDepth else { return nil }
        for (name, member) in document.members(value) {
            let here = steps + [.member(name)]
            let plain = name.lowercased()
            if plain.contains("next") {
                for (inner, target) in document.members(member)
                where inner.lowercased().contains("href") || inner.lowercased().contains("url") {
                    return (JSONPath(steps: here + [.member(inner)]), target)
                }
                return (JSONPath(steps: here), member)
            }
            if document.kind(member) == .object,
                let found = nextMember(document, member, here, depth: depth + 1)
            {
                return found
            }
        }
        return nil
    }

    // MARK: records

    /// Returns the records of a page: those at the selector, or where they seem to be. What the selector
    /// names as one object is one record; nothing there is none.
    static func records(_ document: JSONDocument, _ selector: JSONPath?) -> [Range<Int>] {
        let places = selector.map { $0.find(in: document) } ?? [found(document)]
        var records: [Range<Int>] = []
        for place in places {
            switch document.kind(place) {
            case .array: records += document.elements(place).filter { document.kind($0) != .null }
            case .null: break
            case .object, .string, .number, .boolean: records.append(place)
            }
        }
        return records
    }

    private static func found(_ document: JSONDocument) -> Range<Int> {
        guard document.kind(document.root) == .object else { return document.root }
        var lists: [FoundList] = []
        collect(document, document.root, 0, &lists)
        let named = lists.filter { recordNames.contains($0.name) }
        // `min` gives the first of those that lie equally deep.
        let least = (named.isEmpty ? lists : named).min { $0.depth < $1.depth }
        return least?.value ?? document.root
    }

    private struct FoundList {
        var depth: Int
        var name: String
        var value: Range<Int>
    }

    private static func collect(
        _ document: JSONDocument, _ value: Range<Int>, _ depth: Int, _ lists: inout [FoundList]
    ) {
        guard depth <= listDepth else { return }
        for (name, member) in document.members(value) {
            switch document.kind(member) {
            case .array: lists.append(FoundList(depth: depth, name: name, value: member))
            case .object: collect(document, member, depth + 1, &lists)
            default: break
            }
        }
    }
}
