import Foundation
import Programs
import Testing

/// Gives what reads strangers' bytes the committed inputs and, for a short time, mutations of them. A trap,
/// an endless loop, too much memory or a wrong answer ends the fuzzer's process, not this one; the input is
/// kept.
@Suite("Bytes from outside")
struct FuzzingTests {
    private static let program = ProgramRun.built("Fuzzing")
    private static let targets = ["sql", "csv", "json", "parquet", "blocks", "http2", "pipeline"]
    /// Mutations of each target, always the same ones: a change is to be judged by its own faults. Others are
    /// for `Fuzzing run` with other seeds (docs/fuzzing.md).
    private static let inputs = 500
    /// Where inputs that break something stay.
    private static let kept = ProgramRun.root.appendingPathComponent(".build/fuzz")

    @Test("targets are those that the program has")
    func list() throws {
        let run = try ProgramRun.run(Self.program, ["list"])
        #expect(run.output.split(separator: "\n").map(String.init) == Self.targets)
    }

    @Test("a corpus, and mutations of it, are answered", arguments: targets)
    func mutations(target: String) throws {
        let run = try ProgramRun.run(
            Self.program,
            [
                "run", target, "--seconds", "60", "--inputs", "\(Self.inputs)", "--seed", "20785", "--keep",
                Self.kept.appendingPathComponent(target).path,
            ], seconds: 500)
        #expect(run.status == 0, "\(run.output)\(run.errors)")
        print(run.output, terminator: "")
        let words = run.output.split(separator: " ")
        let corpus = words.count > 1 ? Int(words[1]) ?? 0 : 0
        #expect(corpus > 4, "the corpus is there: \(run.output)")
    }

    @Test(
        "an input that traps, hangs, takes memory or gets a wrong answer is kept, and does it again",
        arguments: ["trap", "hang", "hoard", "lie", "blame"])
    func canary(fault: String) throws {
        let folder = try ProgramRun.makeFolder("fuzzing")
        defer { try? FileManager.default.removeItem(at: folder) }
        // Only the word that this fault begins with turns up soon by itself.
        let input = folder.appendingPathComponent("corpus.input")
        try Data("\(fault) and more".utf8).write(to: input)
        let run = try ProgramRun.run(
            Self.program,
            [
                "run", "canary", "--seconds", "300", "--input-seconds", "2", "--keep", folder.path,
                "--corpus",
                input.path,
            ], seconds: 400)
        #expect(run.status == 1, "\(run.output)\(run.errors)")
        let paths = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasPrefix("canary-") && $0.hasSuffix(".input") }
        let kept = folder.appendingPathComponent(try #require(paths.first, "\(run.output)"))
        #expect(run.output.contains(kept.path))
        #expect(try Data(contentsOf: kept) == Data(contentsOf: input))
        if fault == "hang" || fault == "hoard" { return }
        let again = try ProgramRun.run(
            Self.program, ["try", "canary", kept.path], environment: ["SWIFT_BACKTRACE": "enable=no"])
        #expect(again.status >= 128, "\(again.output)\(again.errors)")
    }

    @Test("mutations alone find a word that traps")
    func search() throws {
        let folder = try ProgramRun.makeFolder("fuzzing")
        defer { try? FileManager.default.removeItem(at: folder) }
        let run = try ProgramRun.run(
            Self.program,
            ["run", "canary", "--seconds", "300", "--input-seconds", "2", "--keep", folder.path], seconds: 400
        )
        #expect(run.status == 1 && run.output.contains("canary-"), "\(run.output)\(run.errors)")
    }
}
