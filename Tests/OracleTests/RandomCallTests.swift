import Foundation
import Programs
import Testing

/// Calls every function with arguments of every type, at random: a process of its own answers, so that a trap
/// is a failure that names the statement.
@Suite("Random calls")
struct RandomCallTests {
    /// Calls of one run, and its first seed: `MILLRACE_CALLS=COUNT` and `MILLRACE_CALLS_SEED=FIRST` change
    /// them.
    private static let environment = ProcessInfo.processInfo.environment
    private static let count = environment["MILLRACE_CALLS"].flatMap { Int($0) }
    private static let seed = environment["MILLRACE_CALLS_SEED"].flatMap { Int($0) } ?? 0

    @Test("a call with arguments of any type gives rows or an error of the user's, never a signal")
    func calls() throws {
        let script = ProgramRun.root.appendingPathComponent("Tests/Oracle/fuzz/calls.py").path
        let seconds = Self.count == nil ? ["--seconds", "25"] : []
        let run = try ProgramRun.run(
            ProgramRun.python, [script, "\(Self.count ?? 6_000)", "--seed", "\(Self.seed)"] + seconds,
            environment: [
                "MILLRACE_PROGRAMS": ProgramRun.built("benchmark").deletingLastPathComponent().path
            ],
            seconds: 400 + (Self.count ?? 0) / 10)
        print(run.output.suffix(300))
        #expect(run.status == 0, "\(run.output.suffix(6000))\(run.errors.suffix(1000))")
        // A part of the calls must be such that they are computed: errors of types alone say little.
        let words = (run.output.split(separator: "\n").last ?? "").split { " ,{}:'".contains($0) }
        let place = words.firstIndex(of: "rows").map { $0 + 1 } ?? words.count
        let computed = place < words.count ? Int(words[place]) ?? 0 : 0
        let calls = words.first.flatMap { Int($0) } ?? 0
        #expect(calls > 500 && computed > calls / 8, "\(words)")
    }
}
