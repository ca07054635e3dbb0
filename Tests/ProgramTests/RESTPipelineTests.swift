import Foundation
import Programs
import Testing

/// Runs the pipeline of `examples/rest` against a web service on this machine.
@Suite("A REST pipeline", .serialized)
struct RESTPipelineTests {
    private func service(_ script: String) throws -> (StartedProgram, String) {
        let service = try StartedProgram(
            URL(fileURLWithPath: "/usr/bin/env"),
            ["python3", ProgramRun.root.appendingPathComponent(script).path])
        try #require(eventually(within: 20) { service.outputSoFar.hasSuffix("\n") })
        return (service, "http://127.0.0.1:" + service.outputSoFar.filter(\.isNumber))
    }

    @Test("the example reads pages and a program, and again only what is new; its secret is nowhere")
    func example() throws {
        let (service, address) = try service("Tests/ConnectorsTests/rest_source.py")
        defer { service.send(SIGKILL) }
        let program = try Program()
        let folder = ProgramRun.root.appendingPathComponent("examples/rest")
        for name in ["etl.yml", "fetch.py"] {
            try program.write("p/" + name, try Data(contentsOf: folder.appendingPathComponent(name)))
        }
        for _ in 0..<2 {
            let run = try ProgramRun.run(
                ProgramRun.built("etl-submit"), ["p"], in: program.folder,
                environment: ["API_URL": address, "API_TOKEN": "s3cret-canary"], seconds: 60)
            #expect(run.status == 0, "\(run.errors)")
            #expect(!run.errors.contains("canary"))
            let rows = try program.sql(
                "SELECT count(*) n, min(id) least FROM parquet.`p/.millrace/tables/named`")
            #expect(rows.output == "{\"n\":6,\"least\":2}\n", "\(rows.errors)")
        }
        // (The comment in etl.yml says how to try it, with that token.)
        for (name, data) in try program.contents("p") where name != "etl.yml" {
            #expect(data.range(of: Data("s3cret-canary".utf8)) == nil, "\(name)")
        }
        let log = try ProgramRun.run(
            URL(fileURLWithPath: "/usr/bin/curl"), ["-s", "--max-time", "10", address + "/log"]
        ).output
        #expect(log.contains("since?since=2024-01-02T00%3A00%3A00Z"))
        #expect(log.contains("since?since=2024-01-07T00%3A00%3A00Z"))
        #expect(log.contains("Bearer s3cret-canary"))
        let unset = try ProgramRun.run(
            ProgramRun.built("etl-submit"), ["p", "--select", "raw_api"], in: program.folder,
            environment: ["API_URL": address], seconds: 60)
        #expect(unset.status == 1)
        #expect(unset.errors.contains("SECRET_NOT_SET"), "\(unset.errors)")
    }

    @Test(
        "times with several zones are in the order of their instants, as cursors and where rows are merged",
        arguments: ["zones", "offsets"])
    func zones(path: String) throws {
        let (service, address) = try service("Tests/ConnectorsTests/rest_source.py")
        defer { service.send(SIGKILL) }
        let program = try Program()
        for (how, after) in [("append", "a b d"), ("merge\n    primary_key: id", "b d")] {
            try program.write(
                "z/etl.yml",
                """
                name: z
                extract:
                  - name: x
                    rest:
                      client: {base_url: "\(address)"}
                      endpoint: {path: \(path), incremental: {cursor_path: updated_at, start_param: since}}
                    write_disposition: \(how)
                """)
            for _ in 0..<2 {
                let run = try program.run(["z"])
                #expect(run.status == 0, "\(run.errors)")
            }
            let rows = try program.sql(
                "SELECT concat_ws(' ', sort_array(collect_list(v))) r FROM parquet.`z/.millrace/tables/x`")
            #expect(rows.output == "{\"r\":\"\(after)\"}\n", "\(path), \(how): \(rows.errors)")
            try FileManager.default.removeItem(at: program.folder.appendingPathComponent("z"))
        }
    }

    @Test("a secret in the file and an unknown key are refused with their place")
    func refusals() throws {
        let program = try Program()
        func errors(_ rest: String) throws -> String {
            try program.write("q/etl.yml", "name: q\nextract:\n  - name: a\n    rest: \(rest)\n")
            let run = try program.run(["q"])
            #expect(run.status != 0)
            return run.errors
        }
        let open = try errors("{client: {base_url: 'http://x', auth: {token: s3cret-canary}}}")
        #expect(open.contains("SECRET_IN_TEXT") && !open.contains("canary"), "\(open)")
        let unknown = try errors("{client: {base_url: 'http://x'}, endpoint: {pathh: y}}")
        #expect(unknown.contains("Did you mean path?") && unknown.contains("etl.yml:4"), "\(unknown)")
    }
}
