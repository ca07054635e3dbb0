/// Holds the targets of `Package.swift` against the folders.
enum Manifest {
    /// Returns the target names that the manifest declares, tests apart.
    static func targets(_ manifest: String) -> (sources: Set<String>, tests: Set<String>) {
        let code = manifest.split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("//") }.joined()
        let text = String(code.filter { !$0.isWhitespace })
        let sources = ["room(\"", "program(\"", ".target(name:\"", ".systemLibrary(name:\""]
        let tests = ["tests(\"", "support(\"", "testProgram(\"", ".testTarget(name:\""]
        return (
            Set(sources.flatMap { names(after: $0, in: text) }),
            Set(tests.flatMap { names(after: $0, in: text) })
        )
    }

    /// Returns the quoted names that follow each place of `opening`, a text that ends with the quote.
    private static func names(after opening: String, in text: String) -> [String] {
        text.ranges(of: opening).compactMap { range in
            let isWhole =
                range.lowerBound == text.startIndex
                || !text[text.index(before: range.lowerBound)].isLetter || opening.hasPrefix(".")
            return isWhole ? String(text[range.upperBound...].prefix { $0 != "\"" }) : nil
        }
    }

    /// Returns a sentence for each folder that is no target, and each target that has no folder of its name.
    static func differences(manifest: String, sourceFolders: [String], testFolders: [String]) -> [String] {
        let (sources, tests) = targets(manifest)
        let dataFolders: Set<String> = ["Oracle", "Frames", "Soak", "Fixtures", "Resources"]
        return sources.subtracting(sourceFolders).sorted().map { "target \($0) has no folder Sources/\($0)" }
            + Set(sourceFolders).subtracting(sources).sorted().map {
                "Sources/\($0) is no target of Package.swift"
            }
            + tests.subtracting(testFolders).sorted().map { "target \($0) has no folder Tests/\($0)" }
            + Set(testFolders).subtracting(tests).subtracting(dataFolders).sorted()
            .map { "Tests/\($0) is no target of Package.swift" }
    }
}
