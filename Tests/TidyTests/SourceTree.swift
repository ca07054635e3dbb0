import Foundation

/// Reads the repository that this test was compiled from.
struct SourceTree {
    var files: [SourceFile]
    /// Names of the folders below `Sources` and `Tests`.
    var sourceFolders: [String]
    var testFolders: [String]
    /// Text of `Package.swift`.
    var manifest: String

    /// The repository's root: three folders above this file.
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The tree, read once for all tests.
    static let shared = SourceTree()

    private static let suffixes = [
        ".swift", ".c", ".h", ".cpp", ".cc", ".hpp", ".proto", ".md", ".py", ".yml", ".yaml", ".sql", ".slt",
        ".sh",
    ]

    init() {
        files = []
        let root = SourceTree.root
        for folder in [
            "Sources", "Tests", "scripts", "deploy", "k8s", ".ci", "Benchmarks", "docs", "examples",
        ] {
            guard
                let walk = FileManager.default.enumerator(
                    at: root.appendingPathComponent(folder).resolvingSymlinksInPath(),
                    includingPropertiesForKeys: nil)
            else { continue }
            let base = root.appendingPathComponent(folder).resolvingSymlinksInPath().path
            for case let url as URL in walk where SourceTree.isText(url) {
                guard let text = try? String(contentsOf: url, encoding: .utf8) else { continue }
                files.append(SourceFile(path: folder + url.path.dropFirst(base.count), text: text))
            }
        }
        for name in ["Package.swift", "README.md", "CONTRIBUTING.md", "Dockerfile", "Makefile"] {
            let url = root.appendingPathComponent(name)
            guard let text = try? String(contentsOf: url, encoding: .utf8) else { continue }
            files.append(SourceFile(path: name, text: text))
        }
        files.sort { $0.path < $1.path }
        sourceFolders = SourceTree.folders(in: "Sources")
        testFolders = SourceTree.folders(in: "Tests")
        manifest = files.first { $0.path == "Package.swift" }?.lines.joined(separator: "\n") ?? ""
    }

    private static func isText(_ url: URL) -> Bool {
        let name = url.lastPathComponent
        return suffixes.contains { name.hasSuffix($0) } || (!name.contains(".") && !url.hasDirectoryPath)
    }

    private static func folders(in folder: String) -> [String] {
        let parent = root.appendingPathComponent(folder).resolvingSymlinksInPath()
        let names = (try? FileManager.default.contentsOfDirectory(atPath: parent.path)) ?? []
        return names.filter { name in
            let inside = try? FileManager.default.contentsOfDirectory(
                atPath: parent.appendingPathComponent(name).path)
            return inside?.isEmpty == false
        }.sorted()
    }
}
