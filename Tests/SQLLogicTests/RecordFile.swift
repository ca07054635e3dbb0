import Foundation

/// Reads case files. README.md of this folder describes the format.
struct RecordFile: Sendable {
    /// Path below `Cases`.
    var path: String
    var records: [Record]

    /// The folder of the case files, beside this file.
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
        "Cases")

    /// Returns the paths of all case files below `Cases`, sorted.
    static func paths() -> [String] {
        let root = folder.resolvingSymlinksInPath().path
        let found = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
        return found.filter { $0.hasSuffix(".slt") }.sorted()
    }

    /// Reads one case file. Throws a `RecordFormatError` with the line of a record that is none.
    static func read(_ path: String) throws -> RecordFile {
        let text = try String(contentsOf: folder.appendingPathComponent(path), encoding: .utf8)
        return try RecordFile(path: path, text: text)
    }

    init(path: String, text: String) throws {
        self.path = path
        records = []
        var block: [Substring] = []
        var line = 1
        var lines: [Substring] = text.split(separator: "\n", omittingEmptySubsequences: false)
        lines.append("")
        for next in lines {
            if next.isEmpty {
                try add(block, at: line - block.count)
                block = []
            } else {
                block.append(next)
            }
            line += 1
        }
    }

    private mutating func add(_ block: [Substring], at line: Int) throws {
        let lines = block.drop { $0.hasPrefix("#") }
        guard let head = lines.first else { return }
        let first = line + (block.count - lines.count)
        let words = head.split(separator: " ")
        if words[0] == "conf" {
            let pair = head.dropFirst(5).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2 else {
                throw RecordFormatError(path: path, line: first, message: "no key=value")
            }
            records.append(
                Record(
                    statement: "", expectation: .setting(key: String(pair[0]), value: String(pair[1])),
                    line: first))
            return
        }
        let body = lines.dropFirst()
        let rule = body.firstIndex(of: "----") ?? body.endIndex
        let statement = body[..<rule].joined(separator: "\n")
        let results = rule < body.endIndex ? body[(rule + 1)...].map(String.init) : []
        guard !statement.isEmpty, let expectation = RecordFile.expectation(words, results) else {
            throw RecordFormatError(path: path, line: first, message: "not a record: \(head)")
        }
        records.append(Record(statement: statement, expectation: expectation, line: first))
    }

    private static func expectation(_ words: [Substring], _ results: [String]) -> Record.Expectation? {
        switch (words.first, words.count) {
        case ("query", 3...) where ["rowsort", "nosort"].contains(words[words.count - 1]):
            return .rows(
                types: words[1..<(words.count - 1)].map(String.init), isSorted: words.last == "rowsort",
                lines: results)
        case ("columns", 1):
            let columns = results.compactMap { line -> Record.Column? in
                let parts = line.split(separator: "\t", omittingEmptySubsequences: false)
                guard parts.count == 2 else { return nil }
                return Record.Column(name: String(parts[0]), type: String(parts[1]))
            }
            return columns.count == results.count && !columns.isEmpty ? .columns(columns) : nil
        case ("statement", 2) where words[1] == "ok": return .success
        case ("statement", 2...3) where words[1] == "error":
            return .failure(code: words.count == 3 ? String(words[2]) : nil)
        default: return nil
        }
    }
}
