import Foundation

/// Holds the articles of rooms, `Sources/<Room>/<Room>.docc/<Room>.md`, against the code that they speak of.
struct Articles {
    private static let codeEndings = [".swift", ".c", ".h", ".cpp", ".md", ".proto"]

    private let files: [SourceFile]
    /// Words of the files that declare or extend a type, by the type's name.
    private let wordsByType: [String: Set<String>]

    init(_ files: [SourceFile]) {
        self.files = files
        var words: [String: Set<String>] = [:]
        for file in files where file.isInSources && file.isSwift {
            let types = DeclarationScanner.scan(file).filter { $0.kind == .type || $0.kind == .extended }
            if types.isEmpty { continue }
            let all = Set(file.tokens.lazy.filter(\.isWord).map(\.text))
            for type in types { words[type.name, default: []].formUnion(all) }
        }
        wordsByType = words
    }

    /// Returns the path of a room's article.
    static func path(of room: String) -> String { "Sources/\(room)/\(room).docc/\(room).md" }

    /// Returns a sentence for each room with code that has no article.
    func missing() -> [String] {
        let rooms = Set(
            files.compactMap { file -> String? in
                let isCode = [".swift", ".c", ".cpp"].contains { file.path.hasSuffix($0) }
                return file.isInSources && isCode ? file.target : nil
            })
        let written = Set(files.map(\.path))
        return rooms.sorted().filter { !written.contains(Articles.path(of: $0)) }
            .map { "\($0) has no article \(Articles.path(of: $0))" }
    }

    /// Reports what an article names in code type that does not exist: files, folders, types and their
    /// members; and an article whose title is not the room's.
    func violations(in file: SourceFile) -> [Violation] {
        guard let room = file.target, file.path == Articles.path(of: room) else { return [] }
        var result: [Violation] = []
        let title = "# ``\(room.map { $0 == "-" ? "_" : String($0) }.joined())``"
        if file.text(ofLine: 1) != title {
            result.append(Violation(file, line: 1, "the title is \(title)"))
        }
        var isFenced = false
        for (index, line) in file.lines.enumerated() {
            if line.hasPrefix("```") { isFenced.toggle() }
            if isFenced || line.hasPrefix("    ") { continue }
            for span in Articles.spans(line) where !exists(span, in: room) {
                result.append(Violation(file, line: index + 1, "there is no \(span)"))
            }
        }
        return result
    }

    /// Returns the texts between back quotes of a line.
    static func spans(_ line: Substring) -> [String] {
        let parts = line.split(separator: "`", omittingEmptySubsequences: false)
        return parts.indices.filter { $0 % 2 == 1 && $0 + 1 < parts.count }.map { String(parts[$0]) }
    }

    private func exists(_ span: String, in room: String) -> Bool {
        if span.contains(where: { " …*<>:".contains($0) }) { return true }
        if span.hasPrefix("Sources/") || span.hasPrefix("Tests/") { return isThere(span) }
        if !span.hasPrefix("."), Articles.codeEndings.contains(where: { span.hasSuffix($0) }) {
            return files.contains { $0.path == span || $0.path.hasSuffix("/" + span) }
        }
        guard let first = span.first, first.isUppercase, span.contains(where: \.isLowercase),
            span.allSatisfy({ $0.isLetter || $0.isNumber || "./_".contains($0) })
        else { return true }
        if ["Sources/", "Sources/\(room)/", "Tests/"].contains(where: { isThere($0 + span) }) { return true }
        let names = span.split(separator: ".").map(String.init)
        guard let words = wordsByType[names[0]] else { return false }
        return names.dropFirst().allSatisfy(words.contains)
    }

    private func isThere(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: SourceTree.root.appendingPathComponent(path).path)
    }
}
