/// Finds quotes and backslashes that are escaped by `Character`: with a combining mark behind it a quote is
/// another one and stays as it is, while lexers read bytes and end the text there. Names and values could
/// become statements by it.
enum Escapes {
    private static let signs = ["`", "'", #"\""#, #"\\"#]
    private static let forms =
        signs.flatMap { ["replacing(\"\($0)\", with:", "replacingOccurrences(of: \"\($0)\""] }
        + ["separator: \"`\""]

    /// Reports such forms in sources.
    static func violations(in file: SourceFile) -> [Violation] {
        guard file.isInSources, file.isSwift else { return [] }
        var result: [Violation] = []
        for (index, line) in file.lines.enumerated() where line.utf8.contains(UInt8(ascii: "\"")) {
            if forms.contains(where: { line.contains($0) }) {
                result.append(
                    Violation(file, line: index + 1, "escape by bytes, with doubling or backslashing"))
            }
        }
        return result
    }
}
