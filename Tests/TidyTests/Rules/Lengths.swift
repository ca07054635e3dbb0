/// Limits the length of files, functions and lines.
enum Lengths {
    static let fileLines = 600
    static let functionLines = 70
    static let lineColumns = 110

    /// Suffixes whose files are held to the limits; data and prose are not.
    private static let code = [".swift", ".c", ".h", ".cpp", ".cc", ".hpp", ".proto"]

    /// Reports what is longer than the limits. Generated code is excepted.
    static func violations(in file: SourceFile) -> [Violation] {
        guard code.contains(where: file.path.hasSuffix), !file.isGenerated else { return [] }
        var result: [Violation] = []
        if file.lines.count > fileLines {
            result.append(
                Violation(file, line: fileLines, "the file has \(file.lines.count) lines, not \(fileLines)"))
        }
        for (index, line) in file.lines.enumerated()
        where line.utf8.count > lineColumns && line.count > lineColumns {
            result.append(
                Violation(file, line: index + 1, "the line has \(line.count) columns, not \(lineColumns)"))
        }
        for function in DeclarationScanner.scan(file)
        where function.kind == .function || function.kind == .initializer {
            let count = function.lastLine - function.line + 1
            guard count > functionLines else { continue }
            result.append(
                Violation(
                    file, line: function.line, "\(function.name) has \(count) lines, not \(functionLines)"))
        }
        return result
    }
}
