import ArgumentParser
import Foundation
import Testing
import Vocabulary

@testable import Settings

/// A program like ours, to complete the command line of.
private struct Trial: ParsableCommand {
    static let configuration = CommandConfiguration(
        subcommands: [Run.self, Show.self], defaultSubcommand: Run.self)

    struct Run: ParsableCommand {
        @Argument var job: String?
        @Option var coordinator: String?
        @Option(parsing: .upToNextOption) var conf: [String] = []
        @Flag var detach = false
        @Option var config: String?
    }

    struct Show: ParsableCommand {
        @Flag var all = false
        @Option var coordinator: String?
        @Option var config: String?
    }
}

@Suite("Settings from command line, environment and config file")
struct CommandArgumentsTests {
    private let shape: CommandArguments.Shape

    init() throws { shape = try CommandArguments.shape(of: Trial.self) }

    private func complete(_ arguments: [String], _ environment: [String: String] = [:]) throws -> [String] {
        try CommandArguments.complete(arguments, shape: shape, environment: environment)
    }

    private func file(_ text: String) throws -> String {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).yaml")
        try text.write(to: path, atomically: true, encoding: .utf8)
        return path.path
    }

    @Test("a program's own description of its help gives its flags")
    func shapes() {
        #expect(shape.allNames == ["coordinator", "conf", "detach", "config", "all"])
        let run = shape.subcommands.first { $0.name == "run" }
        #expect(run?.flags.first { $0.name == "conf" }?.isList == true)
        #expect(run?.flags.first { $0.name == "detach" }?.takesValue == false)
        #expect(shape.defaultSubcommand == "run")
    }

    @Test("a command's name behind flags is found, and nothing that is a value or a job is taken for one")
    func misplacedCommands() {
        func found(_ line: String) -> String? {
            CommandArguments.misplacedCommand(
                in: line.split(separator: " ").map(String.init), shape: shape)
        }
        #expect(found("--coordinator http://x:1 show --all") == "show")
        #expect(found("--coordinator=http://x:1 --detach show") == "show")
        for line in [
            "--coordinator show job.sql", "--conf a=b show", "--detach job.sql show",
            "--unknown show", "-x show", "-- show", "--detach",
        ] {
            #expect(found(line) == nil, "\(line)")
        }
    }

    @Test("the command line comes before the environment, and that before the config file")
    func order() throws {
        let path = try file("coordinator: http://file:1\ndetach: true\n")
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(
            try complete(["--config", path, "job.sql"]) == [
                "--config", path, "job.sql", "--coordinator", "http://file:1", "--detach",
            ])
        let environment = ["ETL_COORDINATOR": "http://environment:1", "ETL_DETACH": "no", "ETL_CONFIG": path]
        #expect(
            try complete(["job.sql"], environment) == ["job.sql", "--coordinator", "http://environment:1"])
        #expect(
            try complete(["job.sql", "--coordinator=http://typed:1"], environment) == [
                "job.sql", "--coordinator=http://typed:1",
            ])
    }

    @Test("flags that take several values have a list in the file, words in the environment")
    func lists() throws {
        let path = try file("conf: {spark.sql.ansi.enabled: false, spark.sql.shuffle.partitions: 8}\n")
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(
            try complete(["job.sql"], ["ETL_CONFIG": path]) == [
                "job.sql", "--conf", "spark.sql.ansi.enabled=false", "spark.sql.shuffle.partitions=8",
            ])
        #expect(try complete([], ["ETL_CONF": "a=1 b=2"]) == ["--conf", "a=1", "b=2"])
    }

    @Test("a file may hold settings of other programs; a pipeline's state is not the coordinator's")
    func shared() throws {
        let path = try file("web: 127.0.0.1:8080\nslots: 2\nstate: a\npipeline-state: b\n")
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(try complete(["--config", path]) == ["--config", path])
        let state = CommandArguments.Flag(name: "state", takesValue: true, isList: false)
        for (program, value) in [("etl-submit", "b"), ("etl-coordinator", "a")] {
            let shape = CommandArguments.Shape(name: program, flags: [state])
            #expect(
                try CommandArguments.complete(["--config", path], shape: shape, environment: [:])
                    == ["--config", path, "--state", value])
            let environment = ["ETL_STATE": "a", "ETL_PIPELINE_STATE": "b"]
            #expect(
                try CommandArguments.complete([], shape: shape, environment: environment)
                    == ["--state", value])
        }
    }

    @Test("a command gets only the flags that it has")
    func subcommands() throws {
        let environment = ["ETL_ALL": "true", "ETL_DETACH": "true", "ETL_STORE_LIBRARY": "x"]
        #expect(try complete(["show"], environment) == ["show", "--all"])
        #expect(try complete(["run", "a"], environment) == ["run", "a", "--detach"])
    }

    @Test("a command within a command gets its flags too, also where it is not named")
    func inner() throws {
        let flag = CommandArguments.Flag(name: "coordinator", takesValue: true, isList: false)
        let commands = ["show", "reset"].map { CommandArguments.Shape(name: $0, flags: [flag]) }
        let state = CommandArguments.Shape(name: "state", subcommands: commands)
        let program = CommandArguments.Shape(name: "program", subcommands: [state])
        let environment = ["ETL_COORDINATOR": "http://c:1"]
        for words in [["state", "show", "p"], ["state", "reset", "p", "s"], ["state", "p"]] {
            let line = try CommandArguments.complete(words, shape: program, environment: environment)
            #expect(line == words + ["--coordinator", "http://c:1"])
        }
    }

    @Test("wrong settings are told with place and remedy")
    func errors() throws {
        let path = try file("# mine\ncoordinater: x\n")
        defer { try? FileManager.default.removeItem(atPath: path) }
        var error = #expect(throws: EngineError.self) { try complete(["--config", path]) }
        #expect(error?.code == "CONFIG_FILE" && error?.message.contains("line 2: coordinater") == true)
        #expect(error?.remedy == "Did you mean coordinator?")
        error = #expect(throws: EngineError.self) { try complete([], ["ETL_DETACH": "perhaps"]) }
        #expect(error?.code == "USAGE" && error?.message.contains("perhaps") == true)
        error = #expect(throws: EngineError.self) { try complete(["--config", "/nowhere.yaml"]) }
        #expect(error?.message.contains("/nowhere.yaml") == true)
    }
}
