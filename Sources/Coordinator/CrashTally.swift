import Foundation
import Storage
import Synchronization
import Vocabulary

/// Counts crashes of coordinators over what no job can count: a submission while it is read, a pipeline.
///
/// A client that lost its coordinator submits again, and an open run goes on with the next life: without a
/// count the two would take each other down for as long as they live. What crashed a coordinator so often is
/// refused with `COORDINATOR_CRASHED` before it is looked at.
///
/// The counts stand in a file of the state directory, a line each, written before anything is served. They
/// hold for the release that wrote them: another one may do better. A file that cannot be read counts
/// nothing.
package final class CrashTally: Sendable {
    private let counts: [CrashMark: Int]

    /// Counts nothing: for coordinators that end with their user's program.
    package init() { counts = [:] }

    /// Things that are counted at most; those that came last stay.
    static let limit = 1000

    /// Reads the file of counts, and adds what the last life crashed over, if that is counted here. Throws
    /// `LOG_FAILED` (system) when it cannot be written.
    package init(file: String, crashedAt work: CrashReport.Work?) throws(EngineError) {
        var lines = CrashTally.lines(of: file)
        guard let mark = work?.mark else {
            counts = Dictionary(lines) { $1 }
            return
        }
        let count = lines.last { $0.mark == mark }?.count ?? 0
        lines.removeAll { $0.mark == mark }
        lines.append((mark, count + 1))
        lines.removeFirst(max(0, lines.count - CrashTally.limit))
        counts = Dictionary(lines) { $1 }
        let text = lines.map { "\($0.mark) \($0.count)\n" }.joined()
        do throws(TextFile.Failure) {
            try TextFile.replace(file, with: CrashTally.heading + text, durable: true)
        } catch {
            throw .system(
                "LOG_FAILED", "The count of crashes cannot be written: \(file): \(error.reason)",
                remedy: "Make room, and the directory writable, and start the coordinator again.")
        }
    }

    private static let heading = "\(ProgramVersion.text)\n"

    private static func lines(of file: String) -> [(mark: CrashMark, count: Int)] {
        guard let text = try? TextFile.read(file, limitBytes: 1 << 20), text.hasPrefix(heading) else {
            return []
        }
        return text.split(separator: "\n").dropFirst().compactMap { line in
            let words = line.split(separator: " ")
            guard words.count == 2, let mark = CrashMark(String(words[0])), let count = Int(words[1]) else {
                return nil
            }
            return (mark, count)
        }
    }

    static let code = "COORDINATOR_CRASHED"

    /// Throws `COORDINATOR_CRASHED` for what has crashed too many coordinators. `what` names it.
    func check(_ mark: CrashMark, _ what: String) throws(EngineError) {
        guard let count = counts[mark], count >= Limits.statementCrashes else { return }
        throw EngineError(
            .internal, CrashTally.code,
            "The coordinator crashed over this \(what), each of \(count) times that it came to it",
            remedy: "Report it with the \(what). Nothing else is concerned, and another release of the "
                + "coordinator tries it again.")
    }

    /// Does `body` over what a client sent, unless that has crashed too many coordinators.
    func reading<Value>(_ mark: CrashMark, _ body: () throws -> Value) throws -> Value {
        try check(mark, "submission")
        return try CrashReport.during(.reading(mark)) {
            FailPoint.pass(.read)
            return try body()
        }
    }

    /// Does `body` over a pipeline, unless that has crashed too many coordinators; on whatever threads it
    /// goes on meanwhile, but for tasks of their own that it begins.
    func piping<Value: Sendable>(
        _ mark: CrashMark, _ body: @Sendable @escaping () async throws -> Value
    ) async throws -> Value {
        try check(mark, "pipeline")
        return try await Task.detached(executorPreference: NamedThreads(.piping(mark))) {
            FailPoint.pass(.pipeline)
            return try await body()
        }.value
    }
}

/// Has whatever thread runs a task say, while it does, what the task works at.
private final class NamedThreads: TaskExecutor {
    private let work: CrashReport.Work

    init(_ work: CrashReport.Work) { self.work = work }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        DispatchQueue.global().async { [self] in
            CrashReport.during(work) { job.runSynchronously(on: asUnownedTaskExecutor()) }
        }
    }
}
