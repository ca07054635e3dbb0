import Foundation

/// Finds the inputs that a target begins with.
enum Corpus {
    /// The folder of this target's sources, which holds the corpora.
    private static let home = URL(fileURLWithPath: #filePath).deletingLastPathComponent()

    /// Returns the committed inputs of a target with their paths: its corpus, and what once broke something.
    static func files(of target: FuzzTarget) -> [(path: String, bytes: [UInt8])] {
        ["Corpus", "Regressions"].flatMap { files(in: home.appendingPathComponent("\($0)/\(target.name)")) }
    }

    /// Returns the files of a folder in the order of their names.
    static func files(in folder: URL) -> [(path: String, bytes: [UInt8])] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.sorted().filter { !$0.hasPrefix(".") }.compactMap { name in
            let file = folder.appendingPathComponent(name)
            return (try? Data(contentsOf: file)).map { (file.path, Array($0)) }
        }
    }

    /// Returns the statements of the logic tests, which are a corpus of SQL that grows by itself.
    static func statements() -> [[UInt8]] {
        let folder = home.deletingLastPathComponent().appendingPathComponent("SQLLogicTests/Cases")
            .resolvingSymlinksInPath()
        let paths = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
        var found: [[UInt8]] = []
        for path in paths.sorted() where path.hasSuffix(".slt") {
            let file = folder.appendingPathComponent(path)
            guard let text = try? String(contentsOf: file, encoding: .utf8) else { continue }
            for block in text.components(separatedBy: "\n\n") {
                let lines = block.split(separator: "\n").drop { $0.hasPrefix("#") }
                guard let head = lines.first, head.hasPrefix("query") || head.hasPrefix("statement") else {
                    continue
                }
                let sql = lines.dropFirst().prefix { $0 != "----" }.joined(separator: "\n")
                if !sql.isEmpty { found.append(Array(sql.utf8)) }
            }
        }
        return found
    }

    /// Returns everything that mutations of a target begin with.
    static func all(of target: FuzzTarget) throws -> [[UInt8]] {
        let made = target.name == "sql" ? statements() : try target.seeds()
        return files(of: target).map(\.bytes) + made
    }

    /// Returns a name for an input, which tells it from others.
    static func name(of bytes: [UInt8]) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
