/// Asks for a docstring on what other rooms see.
enum Docstrings {
    /// Witnesses of the standard library's protocols, which the protocol documents.
    private static let witnesses: Set<String> = [
        "hash", "encode", "next", "makeIterator", "makeAsyncIterator", "run", "index", "callAsFunction",
        "validate",
    ]

    /// Reports `package` and `public` types, and functions of more than one statement, without `///` above
    /// them. Properties, initialisers, enum cases, operators, protocol witnesses and the further overloads of
    /// a documented function are excepted.
    /// `requirements` are the names of the house's own protocols' functions.
    static func violations(in file: SourceFile, requirements: Set<String> = []) -> [Violation] {
        guard file.isSwift, file.isInSources, !file.isGenerated else { return [] }
        var result: [Violation] = []
        var documented = ""
        for declaration in DeclarationScanner.scan(file) where declaration.isVisibleAcrossRooms {
            switch declaration.kind {
            case .type: break
            case .function:
                let isOperator = !(declaration.name.first?.isLetter ?? false) && declaration.name != "_"
                if isOperator && declaration.name != "`" { continue }
                if isTrivial(declaration) || declaration.isWitness
                    || declaration.modifiers.contains("override")
                {
                    continue
                }
                if witnesses.contains(declaration.name) { continue }
                if declaration.mayBeWitness, requirements.contains(declaration.name) { continue }
            case .extended, .initializer: continue
            }
            if isDocumented(declaration, in: file) {
                documented = declaration.name
                continue
            }
            if declaration.kind == .function, declaration.name == documented { continue }
            result.append(Violation(file, line: declaration.line, "\(declaration.name) has no docstring"))
        }
        return result
    }

    /// Returns the names of functions that protocols require: their docstrings stand in the protocol.
    static func requirements(in files: [SourceFile]) -> Set<String> {
        Set(
            files.lazy.filter { $0.isInSources && $0.isSwift }
                .flatMap { DeclarationScanner.scan($0) }
                .filter { $0.isRequirement && $0.kind == .function }
                .map(\.name))
    }

    /// Says whether the body is one line between its braces, or less.
    private static func isTrivial(_ function: Declaration) -> Bool {
        function.isOneLine || function.lastLine - function.line <= 2
    }

    private static func isDocumented(_ declaration: Declaration, in file: SourceFile) -> Bool {
        guard let comment = file.comments[declaration.firstLine - 1] else { return false }
        return comment.hasPrefix("///") || comment.hasPrefix("/**") || comment.hasSuffix("*/")
    }
}
