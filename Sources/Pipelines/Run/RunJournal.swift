import Foundation
import Synchronization
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Keeps the facts of a run, in order.
package protocol RunJournal: Sendable {
    /// Keeps a fact; returns only then. Throws when it could not be kept.
    func append(_ entry: RunEntry) async throws
}

/// Keeps runs as files of JSON lines in a pipeline's state: the header, then the facts.
package final class RunFile: RunJournal {
    /// Runs whose files are kept.
    private static let keptRuns = 200

    private let file: Mutex<Int32>
    private let path: String

    /// Begins the file of a run. Throws `PIPELINE_STATE` when it cannot be written.
    package init(_ header: RunHeader, in state: StateFolder) throws {
        path = "\(state.path)/runs/\(header.id).jsonl"
        let descriptor = open(path, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC | O_EXCL, 0o644)
        if descriptor < 0 { throw StateFolder.error("Cannot write", path) }
        file = Mutex(descriptor)
        try write(try RunFile.line(header))
        for old in RunFile.names(state.path).dropLast(RunFile.keptRuns) {
            unlink("\(state.path)/runs/\(old)")
        }
    }

    deinit { file.withLock { _ = close($0) } }

    package func append(_ entry: RunEntry) async throws { try write(try RunFile.line(entry)) }

    private func write(_ line: [UInt8]) throws {
        let isWritten = file.withLock { Glibc.write($0, line, line.count) == line.count }
        if !isWritten { throw StateFolder.error("Cannot write", path) }
    }

    private static func line(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value)) + [10]
    }

    private static func names(_ state: String) -> [String] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: state + "/runs")) ?? []
        return all.filter { $0.hasSuffix(".jsonl") }.sorted()
    }

    /// Returns the runs kept in a pipeline's state, oldest first; lines that a crash cut off are left out.
    package static func runs(in state: String, last count: Int = .max) -> [RunRecord] {
        names(state).suffix(count).compactMap { name in
            guard let data = FileManager.default.contents(atPath: "\(state)/runs/\(name)") else { return nil }
            let lines = data.split(separator: 10)
            let decoder = JSONDecoder()
            guard let first = lines.first, let header = try? decoder.decode(RunHeader.self, from: first)
            else { return nil }
            var record = RunRecord(header)
            for line in lines.dropFirst() {
                guard let entry = try? decoder.decode(RunEntry.self, from: line) else { break }
                record.apply(entry)
            }
            return record
        }
    }
}
