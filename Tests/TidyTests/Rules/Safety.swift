/// Asks for the reason beside every place where the compiler's checks are turned off.
enum Safety {
    /// Words of which the reason for sharing without the compiler's check names at least one.
    private static let reasons = [
        "lock", "mutex", "own", "thread", "immutable", "atomic", "read", "writ", "never change", "shared",
        "confined",
        "serial", "queue", "once",
    ]

    /// Reports unchecked sharing without a sentence, `try!`, and other traps without a comment on their line
    /// or above.
    static func violations(in file: SourceFile) -> [Violation] {
        guard file.isSwift, file.isInSources, !file.isGenerated else { return [] }
        return unexplainedSharing(in: file) + traps(in: file)
    }

    private static func unexplainedSharing(in file: SourceFile) -> [Violation] {
        var result: [Violation] = []
        let tokens = file.tokens
        for index in tokens.indices.dropLast(2) {
            let isUnchecked = tokens[index].text == "@" && tokens[index + 1].text == "unchecked"
            let isUnsafe = tokens[index].text == "nonisolated" && tokens[index + 2].text == "unsafe"
            guard isUnchecked || isUnsafe else { continue }
            let line = tokens[index].line
            // A conformance stands behind the declaration's name, `nonisolated` before its `let`.
            let declared = isUnchecked ? firstLine(ofDeclarationAt: index, in: file) : line
            let comment = file.commentBlock(aboveAndOn: declared).lowercased()
                + (file.comments[line] ?? "").lowercased()
            if comment.split(separator: " ").count >= 5, reasons.contains(where: comment.contains) {
                continue
            }
            let what = isUnchecked ? "@unchecked Sendable" : "nonisolated(unsafe)"
            result.append(
                Violation(file, line: line, "\(what) needs a sentence that names the lock or the owner"))
        }
        return result
    }

    /// The line where the declaration around a token begins: a conformance may stand lines below it.
    private static func firstLine(ofDeclarationAt index: Int, in file: SourceFile) -> Int {
        let starts: Set<String> = ["class", "struct", "enum", "extension", "let", "var"]
        var at = index
        while at > 0, index - at < 60, !starts.contains(file.tokens[at].text) {
            if ["}", "{"].contains(file.tokens[at].text) { return file.tokens[index].line }
            at -= 1
        }
        return starts.contains(file.tokens[at].text) ? file.tokens[at].line : file.tokens[index].line
    }

    private static func traps(in file: SourceFile) -> [Violation] {
        var result: [Violation] = []
        let tokens = file.tokens
        for index in tokens.indices {
            let token = tokens[index]
            let previous = index > 0 ? tokens[index - 1] : nil
            if token.text == "!", token.isGlued, let previous {
                if previous.text == "try" {
                    result.append(Violation(file, line: token.line, "try! traps: throw or handle the error"))
                    continue
                }
                let isUnwrap = previous.isWord || [")", "]", "as"].contains(previous.text)
                let isComparison =
                    index + 1 < tokens.count && tokens[index + 1].text == "=" && tokens[index + 1].isGlued
                if !isUnwrap || isComparison || previous.text == "baseAddress" { continue }
            } else if token.text != "fatalError" && token.text != "preconditionFailure" {
                continue
            }
            if isExplained(token.line, in: file) { continue }
            let what = token.text == "!" ? "a force unwrap or cast" : token.text
            result.append(
                Violation(file, line: token.line, "\(what) needs a comment that says why it cannot happen"))
        }
        return result
    }

    private static func isExplained(_ line: Int, in file: SourceFile) -> Bool {
        if file.comments[line] != nil || file.comments[line - 1] != nil { return true }
        // A message in the trap itself says it too.
        return file.text(ofLine: line).contains("Error(\"") || file.text(ofLine: line).contains("Failure(\"")
    }
}
