/// Holds the targets of `Package.swift` against the folders.
enum Manifest {
    /// Returns the target names that the manifest declares, tests apart.
    static func targets(_ manifest: String) -> (sources: Set<String>, tests: Set<String>) {
        var sources = Set<String>()
        var tests = Set<String>()
        for line in manifest.split(separator: "\n") {
            let text = line.drop { $0 == " " }
            for opening in [
                "room(\"", "program(\"", ".target(name: \"", ".systemLibrary(name: \"", "cRoom(\"",
                "library(\"", "cxxRoom(\"", "shim(\"",
            ]
            where text.hasPrefix(opening) {
                if let name = quoted(text) { sources.insert(name) }
            }
            if text.hasPrefix("tests(\"") || text.hasPrefix(".testTarget(name: \"") {
                if let name = quoted(text) { tests.insert(name) }
            }
        }
        return (sources, tests)
    }

    private static func quoted(_ text: Substring) -> String? {
        let parts = text.split(separator: "\"", maxSplits: 2, omittingEmptySubsequences: false)
        return parts.count > 1 ? String(parts[1]) : nil
    }

    /// Returns a sentence for each folder that is no target, and each target that has no folder of its name.
    static func differences(manifest: String, sourceFolders: [String], testFolders: [String]) -> [String] {
        let (sources, tests) = targets(manifest)
        let dataFolders: Set<String> = ["Oracle", "Fixtures", "Resources"]
        return sources.subtracting(sourceFolders).sorted().map { "target \($0) has no folder Sources/\($0)" }
            + Set(sourceFolders).subtracting(sources).sorted().map {
                "Sources/\($0) is no target of Package.swift"
            }
            + tests.subtracting(testFolders).sorted().map { "target \($0) has no folder Tests/\($0)" }
            + Set(testFolders).subtracting(tests).subtracting(dataFolders).sorted()
            .map { "Tests/\($0) is no target of Package.swift" }
    }
}
