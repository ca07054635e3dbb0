import Foundation

/// Holds one text file of the repository: its lines and, when it is Swift, its tokens and comments.
struct SourceFile {
    /// Path from the repository's root, with `/`.
    var path: String
    var lines: [Substring]
    var tokens: [Token]
    /// Comment text by 1-based line; a block comment has an entry for each line that it covers.
    var comments: [Int: String]

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.last == "" { lines.removeLast() }
        if path.hasSuffix(".swift") {
            var lexer = Lexer(text)
            lexer.run()
            tokens = lexer.tokens
            comments = lexer.comments
        } else {
            tokens = []
            comments = [:]
        }
    }

    var isSwift: Bool { path.hasSuffix(".swift") }
    var isGenerated: Bool {
        path.hasSuffix(".pb.swift") || path.hasSuffix(".pb.h") || path.hasSuffix(".pb.cc")
    }
    var fileName: Substring { path.split(separator: "/").last ?? "" }

    /// The folder below `Sources` or `Tests`, which is the target's name; nil elsewhere.
    var target: String? {
        let parts = path.split(separator: "/")
        guard parts.count > 2, parts[0] == "Sources" || parts[0] == "Tests" else { return nil }
        return String(parts[1])
    }

    var isInSources: Bool { path.hasPrefix("Sources/") }

    /// Returns the 1-based line's text.
    func text(ofLine line: Int) -> Substring { lines.indices.contains(line - 1) ? lines[line - 1] : "" }

    /// Returns the comment on `line` and the unbroken run of comment and attribute lines above it, joined by
    /// spaces.
    func commentBlock(aboveAndOn line: Int) -> String {
        var words = comments[line].map { [$0] } ?? []
        var above = line - 1
        while above > 0 {
            if let comment = comments[above] {
                words.insert(comment, at: 0)
            } else if !text(ofLine: above).drop(while: { $0 == " " }).hasPrefix("@") {
                break
            }
            above -= 1
        }
        return words.joined(separator: " ")
    }
}
