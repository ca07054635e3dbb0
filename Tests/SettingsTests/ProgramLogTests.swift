import ArgumentParser
import Foundation
import Logging
import Testing
import Vocabulary

@testable import Settings

@Suite("What programs log")
struct ProgramLogTests {
    private func line(_ form: ProgramLog.Form, _ message: String, _ fields: Logger.Metadata) -> String {
        let event = LogEvent(
            level: .warning, message: "\(message)", metadata: fields, source: "", file: "", function: "",
            line: 0)
        return LineLog(program: "etl-worker", form: form).line(event, at: Date(timeIntervalSince1970: 1.25))
    }

    @Test("text is one line with the fields behind the message")
    func text() {
        let text = line(.text, "task failed", ["stage": "0.1", "task": .stringConvertible(3)])
        #expect(text == "1970-01-01T00:00:01.250Z warning etl-worker: task failed stage=0.1 task=3")
    }

    @Test("JSON is one object a line, whatever the message holds, and numbers stay numbers")
    func json() throws {
        let message = "a \"quoted\\\" line\nand\ttabs \u{1} ü 🌊"
        let text = line(.json, message, ["job": "0190", "task": .stringConvertible(3)])
        #expect(!text.contains("\n"))
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(object["message"] as? String == message && object["level"] as? String == "warning")
        #expect(object["time"] as? String == "1970-01-01T00:00:01.250Z")
        #expect(object["task"] as? Int == 3 && object["job"] as? String == "0190")
    }

    @Test("what a program says when it is ready has the form of its log")
    func greeting() throws {
        func greeting(_ arguments: [String]) throws -> String {
            let settings = ProgramSettings(flags: [:], lists: [:], node: try NodeOptions.parse(arguments))
            return ProgramLog.greeting("p serves \"x\"", of: "p", settings)
        }
        #expect(try greeting([]) == "p serves \"x\"")
        let text = try greeting(["--log-format", "json"])
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(object["message"] as? String == "p serves \"x\"" && object["program"] as? String == "p")
    }

    @Test("another form than text and json is refused")
    func forms() throws {
        func logger(_ arguments: [String]) throws -> Logger {
            try ProgramLog.logger(
                "p", ProgramSettings(flags: [:], lists: [:], node: try NodeOptions.parse(arguments)))
        }
        for arguments in [[], ["--log-format", "text"], ["--log-format", "json"]] {
            _ = try logger(arguments)
        }
        #expect(throws: EngineError.self) { try logger(["--log-format", "xml"]) }
    }
}
