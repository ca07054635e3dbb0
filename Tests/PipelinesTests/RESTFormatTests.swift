import Testing
import Vocabulary

@testable import Pipelines

/// Holds how `extract[].rest` is read.
@Suite("A REST source in etl.yml")
struct RESTFormatTests {
    private static func options(_ endpoint: String) throws -> [String] {
        let step = try ProjectFolder.load(
            "extract: [{name: x, rest: {client: {base_url: 'http://x'}, endpoint: \(endpoint)}}]\n"
        ).steps[0]
        let cursor = step.extract?.cursor?.column ?? "none"
        return [cursor] + (step.extract?.options ?? []).map { "\($0.name) \($0.value)" }
    }

    @Test("is written in short as dlt lets it: the endpoint as its path, a parameter as where reads begin")
    func short() throws {
        #expect(try Self.options("posts") == Self.options("{path: posts}"))
        let keys = "cursor_path: at, initial_value: '2024', end_value: '2025'"
        #expect(
            try Self.options("{path: p, params: {a: b, since: {type: incremental, \(keys)}}}")
                == Self.options("{path: p, params: {a: b}, incremental: {\(keys), start_param: since}}"))
    }

    /// An endpoint, and a part of the error.
    static let wrong = [
        (
            "{params: {a: {type: incremental, cursor_path: x}, b: {type: incremental, cursor_path: x}}}",
            "another: b"
        ),
        ("{params: {a: {type: incremental, cursor_path: x}}, incremental: {cursor_path: y}}", "another: a"),
        ("{params: {a: {type: incremntal, cursor_path: x}}}", "Did you mean incremental?"),
        ("{params: {a: {type: incremental, start_param: x, cursor_path: y}}}", "start_param"),
        ("{params: {a: [1]}}", "must be text or a mapping"), ("[posts]", "must be text or a mapping"),
    ]

    @Test("in short is refused where it says too much", arguments: wrong)
    func mistakes(endpoint: String, part: String) throws {
        let error = #expect(throws: EngineError.self) { try Self.options(endpoint) }
        #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
        #expect(error?.location?.line == 2)
    }
}
