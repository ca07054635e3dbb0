import Columns
import Foundation
import Programs
import Protocol
import Testing
import Transport

@testable import Web

@Suite struct RESTRouterTests {
    private static let admin = "0123456789abcdef-admin"
    private static let viewer = "0123456789abcdef-view"
    private let open = RESTRouter(service: JobServiceDouble())

    private func locked() throws -> RESTRouter {
        let tokens = try TokenTable(
            parsing: "# tokens\n\(Self.admin) admin Ada\n\n\(Self.viewer) viewer\n", file: "tokens")
        return RESTRouter(service: JobServiceDouble(), tokens: tokens)
    }

    private func request(
        _ method: String, _ path: String, query: [String: String] = [:], headers: [String: String] = [:],
        body: String = ""
    ) -> WebRequest {
        WebRequest(
            method: method, path: path, query: query, headers: headers.map { HeaderField($0.key, $0.value) },
            authority: "etl:8080", body: Array(body.utf8))
    }

    private func text(_ answer: WebResponse) async throws -> String {
        switch answer.body {
        case .bytes(let bytes): return String(decoding: bytes, as: UTF8.self)
        case .stream(let pieces):
            var all: [UInt8] = []
            for try await piece in pieces { all += piece }
            return String(decoding: all, as: UTF8.self)
        }
    }

    @Test("every route of the table answers, and none with an internal error")
    func routes() async throws {
        for route in RESTRoute.all {
            let path = route.template.replacingOccurrences(of: "{id}", with: JobServiceDouble.id)
            let answer = await open.handle(
                request(
                    route.method, path, headers: ["content-type": "application/json"],
                    body: "{\"sql\":\"SELECT 1\"}"))
            if case .pipelines = route.target {
                // This double runs none; Tests/ClusterTests asks a real coordinator.
                #expect(answer.status == 404, "\(route.method) \(path): \(answer.status)")
                continue
            }
            #expect(
                answer.status < 300 || route.target == .login, "\(route.method) \(path): \(answer.status)")
        }
    }

    @Test("the OpenAPI document is valid and lists every route")
    func openAPI() async throws {
        let answer = await open.handle(request("GET", "/api/v1/openapi.json"))
        let validated = try ProgramRun.run(
            ProgramRun.python,
            [
                "-c",
                "import json, sys; from openapi_spec_validator import validate as check; "
                    + "check(json.loads(sys.argv[1]))",
                try await text(answer),
            ], seconds: 60)
        #expect(validated.status == 0, "\(validated.errors)")
        let document = try #require(
            try JSONSerialization.jsonObject(with: Data(try await text(answer).utf8)) as? [String: Any])
        let paths = try #require(document["paths"] as? [String: [String: Any]])
        for route in RESTRoute.all {
            #expect(
                paths[route.template]?[route.method.lowercased()] != nil, "\(route.method) \(route.template)")
        }
    }

    @Test("a submitted job answers 201 with its place; another payload under its id answers 409")
    func submission() async throws {
        let json = ["content-type": "application/json"]
        let created = await open.handle(
            request("POST", "/api/v1/jobs", headers: json, body: "{\"sql\":\"SELECT 1\"}"))
        #expect(created.status == 201)
        #expect(created.headers["location"] == "/api/v1/jobs/\(JobServiceDouble.id)")
        let body = "{\"sql\":\"SELECT 1\",\"name\":\"conflict\"}"
        let conflict = await open.handle(request("POST", "/api/v1/jobs", headers: json, body: body))
        #expect(conflict.status == 409)
    }

    @Test(
        "what is wrong with a request is a problem document with the right status",
        arguments: [
            ("GET", "/api/v1/jobs/nope", 404), ("GET", "/nothing", 404), ("PUT", "/api/v1/jobs", 405),
            ("POST", "/api/v1/jobs", 415), ("GET", "/api/v1/jobs//stages", 404),
        ])
    func problems(method: String, path: String, status: Int) async throws {
        let answer = await open.handle(request(method, path))
        #expect(answer.status == status)
        #expect(answer.headers["content-type"] == "application/problem+json")
        let problem = try JSONDecoder().decode(Problem.self, from: Data(try await text(answer).utf8))
        #expect(problem.status == status)
        #expect(!problem.detail.isEmpty)
    }

    @Test("a body that is no job, and one that is too long, are refused")
    func bodies() async throws {
        let json = ["content-type": "application/json"]
        for body in ["", "[]", "{\"sql\":1}", "{\"SQL\":\"x\"}", String(repeating: "[", count: 5000)] {
            let answer = await open.handle(request("POST", "/api/v1/jobs", headers: json, body: body))
            #expect(answer.status == 400, "\(body.prefix(20))")
        }
        let long = "{\"sql\":\"\(String(repeating: "x", count: 4_300_000))\"}"
        let refused = await open.handle(request("POST", "/api/v1/jobs", headers: json, body: long))
        #expect(refused.status == 413)
        let problem = try JSONDecoder().decode(Problem.self, from: Data(try await text(refused).utf8))
        #expect(problem.error.remedy?.hasPrefix("Split it into several jobs") == true, "\(problem)")
    }

    @Test("a body that is nested too deeply is refused by its depth, whatever its end; brackets of texts count not")
    func deepBodies() async throws {
        func answer(_ body: String, path: String = "/api/v1/jobs") async throws -> Problem? {
            let answer = await open.handle(
                request("POST", path, headers: ["content-type": "application/json"], body: body))
            if answer.status < 400 { return nil }
            #expect(answer.status == 400)
            return try JSONDecoder().decode(Problem.self, from: Data(try await text(answer).utf8))
        }
        let brackets = String(repeating: "[", count: 200_000)
        for deep in [
            brackets, brackets + String(repeating: "]", count: 200_000),
            String(repeating: "{\"a\":", count: 129), "{\"sql\": \"SELECT 1\", \"x\": \(brackets.prefix(128))",
        ] {
            let problem = try await answer(deep)
            #expect(problem?.detail.contains("nested deeper than 128 levels") == true, "\(deep.prefix(20))")
        }
        #expect(try await answer("{\"sql\": \"SELECT '\(brackets)\\\"'\"}") == nil)
        let nearly = String(repeating: "[", count: 127) + String(repeating: "]", count: 127)
        #expect(try await answer("{\"sql\": \"SELECT 1\", \"x\": \(nearly)}") == nil)
    }

    @Test("roles: no token 401, a viewer may look and not cancel, an admin may; probes are open")
    func roles() async throws {
        let router = try locked()
        let path = "/api/v1/jobs/\(JobServiceDouble.id)"
        func status(_ method: String, _ path: String, _ token: String?) async -> Int {
            let headers = token.map { ["authorization": "Bearer " + $0] } ?? [:]
            return await router.handle(request(method, path, headers: headers)).status
        }
        #expect(await status("GET", path, nil) == 401)
        #expect(await status("GET", path, "0123456789abcdef-other") == 401)
        #expect(await status("GET", path, Self.viewer) == 200)
        #expect(await status("DELETE", path, Self.viewer) == 403)
        #expect(await status("DELETE", path, Self.admin) == 200)
        #expect(await status("GET", "/metrics", nil) == 401)
        #expect(await status("GET", "/livez", nil) == 200)
        #expect(await status("GET", "/", nil) == 200)
    }

    @Test("the page's cookie signs in, is kept from scripts and other sites, and other sites change nothing")
    func cookies() async throws {
        let router = try locked()
        let json = ["content-type": "application/json"]
        let login = await router.handle(
            request("POST", "/api/v1/login", headers: json, body: "{\"token\":\"\(Self.admin)\"}"))
        let cookie = try #require(login.headers["set-cookie"])
        #expect(login.status == 204 && cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"))
        let pair = String(cookie.prefix { $0 != ";" })
        let path = "/api/v1/jobs/\(JobServiceDouble.id)"
        let own = ["cookie": pair, "origin": "http://etl:8080"]
        #expect(await router.handle(request("DELETE", path, headers: own)).status == 200)
        let foreign = ["cookie": pair, "origin": "http://evil.example"]
        #expect(await router.handle(request("DELETE", path, headers: foreign)).status == 403)
        #expect(
            await open.handle(request("DELETE", path, headers: ["sec-fetch-site": "cross-site"])).status
                == 403)
    }

    @Test("a token file with a wrong line is refused without showing the token")
    func tokenFile() {
        for line in ["short admin", "0123456789abcdef-x emperor", "0123456789abcdef-x"] {
            let error = #expect(throws: (any Error).self) { try TokenTable(parsing: line, file: "f") }
            #expect(!"\(error as Any)".contains("0123456789"))
        }
    }

    @Test("jobs are listed by pages and by state; what is no state or no number is told")
    func lists() async throws {
        func jobs(_ query: [String: String]) async throws -> (Int, JobList?) {
            let answer = await open.handle(request("GET", "/api/v1/jobs", query: query))
            return (
                answer.status,
                try? JSONDecoder().decode(JobList.self, from: Data(try await text(answer).utf8))
            )
        }
        #expect(try await jobs([:]).1?.jobs.map(\.state) == [.running, .failed])
        #expect(try await jobs(["all": "true"]).1?.jobs.count == 2)
        #expect(try await jobs(["all": "false"]).1?.jobs.map(\.state) == [.running])
        #expect(try await jobs(["state": "failed,cancelled"]).1?.jobs.map(\.state) == [.failed])
        let first = try await jobs(["limit": "1"]).1
        #expect(first?.jobs.count == 1 && first?.next == JobServiceDouble.id)
        for query in [["state": "done"], ["limit": "many"], ["limit": "-2"]] {
            #expect(try await jobs(query).0 == 400, "\(query)")
        }
        let path = "/api/v1/jobs/\(JobServiceDouble.id)/tasks"
        let waiting = await open.handle(
            request("GET", path, query: ["state": "waiting", "offset": "1", "limit": "1"]))
        let tasks = try JSONDecoder().decode(TaskList.self, from: Data(try await text(waiting).utf8)).tasks
        #expect(tasks.map(\.stage) == ["0.1"] && tasks.map(\.index) == [0])
    }

    @Test("the newest jobs, workers and the cluster come as events")
    func changes() async throws {
        let answer = await open.handle(request("GET", "/api/v1/events"))
        guard case .stream(let pieces) = answer.body else {
            Issue.record("events are a stream")
            return
        }
        var iterator = pieces.makeAsyncIterator()
        let piece = String(decoding: try await iterator.next() ?? [], as: UTF8.self)
        for name in ["cluster", "jobs", "workers"] { #expect(piece.contains("event: \(name)\ndata: {")) }
        #expect(answer.headers["content-type"] == "text/event-stream")
    }

    @Test("events: a running job streams its status, then its end, with ids to resume by")
    func events() async throws {
        let path = "/api/v1/jobs/\(JobServiceDouble.id)/events"
        let all = try await text(await open.handle(request("GET", path)))
        #expect(all.contains("id: 3\nevent: job\n") && all.contains("id: 4\nevent: end\n"))
        #expect(all.contains("event: tasks\ndata: {\"finished\":[[0,0,3,10,250,1,1000]]"))
        #expect(all.contains("event: log\n") && all.contains("event: stages\n"))
        let rest = try await text(await open.handle(request("GET", path, headers: ["last-event-id": "3"])))
        #expect(!rest.contains("event: job\n") && rest.contains("event: end\n"))
    }

    @Test("rows come as JSON lines, CSV or column blocks, as the client accepts")
    func rows() async throws {
        let path = "/api/v1/jobs/\(JobServiceDouble.id)/result"
        let json = try await text(await open.handle(request("GET", path)))
        #expect(
            json == """
                {"id":1,"name":"a,\\"b\\"\\n","amount":1.50,"tags":[1,null],"at":"2024-07-01 12:30:00"}
                {"id":2,"name":null,"amount":-0.05,"tags":[],"at":null}

                """)
        let csv = try await text(await open.handle(request("GET", path, headers: ["accept": "text/csv"])))
        #expect(csv.hasPrefix("id,name,amount,tags,at\n1,\"a,\"\"b\"\"\n\",1.50,"))
        let blocks = await open.handle(request("GET", path, headers: ["accept": ResultFraming.contentType]))
        guard case .stream(let pieces) = blocks.body else {
            Issue.record("blocks are a stream")
            return
        }
        var parser = ResultParser()
        var rowCount = 0
        for try await piece in pieces {
            // Byte by byte: pieces may break anywhere.
            for byte in piece {
                withUnsafeBytes(of: byte) { parser.append($0) }
                _ = try parser.readSchema()
                while let batch = try parser.next() { rowCount += batch.count }
            }
        }
        #expect(parser.isEnded && rowCount == 2)
        #expect(parser.schema?.names == ["id", "name", "amount", "tags", "at"])
        #expect(parser.timeZone == "Europe/Berlin")
    }

    @Test("metrics are what Prometheus' own checker likes, the latencies of jobs and of requests among them")
    func metrics() async throws {
        var tasks = LatencyHistogram()
        for seconds in [0.0001, 0.3, 7, 1e6] { tasks.observe(seconds) }
        let family = LatencyFamily("etl_task_seconds", "How long tasks ran.", [("", tasks)])
        let router = RESTRouter(service: JobServiceDouble(), latencies: { [family] })
        _ = await router.handle(request("GET", "/api/v1/jobs"))
        _ = await router.handle(request("GET", "/api/v1/jobs/\(JobServiceDouble.id)"))
        let answer = try await text(await router.handle(request("GET", "/metrics")))
        for line in [
            "etl_tasks_queued 7", "etl_task_seconds_bucket{le=\"0.001\"} 1",
            "etl_task_seconds_bucket{le=\"0.5\"} 2",
            "etl_task_seconds_bucket{le=\"3600\"} 3", "etl_task_seconds_bucket{le=\"+Inf\"} 4",
            "etl_task_seconds_count 4", "etl_http_request_seconds_count{route=\"GET /api/v1/jobs/{id}\"} 1",
        ] { #expect(answer.contains("\n\(line)\n"), "\(line)") }
        let file = FileManager.default.temporaryDirectory.appendingPathComponent(
            "metrics-\(UUID().uuidString)")
        try Data(answer.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let promtool = ProgramRun.root.appendingPathComponent(".deps/prometheus/usr/bin/promtool").path
        let checked = try ProgramRun.run(
            URL(fileURLWithPath: "/bin/sh"), ["-c", "\"$0\" check metrics <\"$1\"", promtool, file.path],
            seconds: 20)
        // The name is fixed: it is part of what users rely on.
        let known = "etl_slots_total non-counter metrics should not have \"_total\" suffix\n"
        #expect(
            (checked.output + checked.errors).replacingOccurrences(of: known, with: "") == "", "\(checked)")
    }

    @Test("the page comes with its policy, and loads nothing from elsewhere")
    func page() async throws {
        var size = 0
        for path in PageFiles.paths {
            let answer = await open.handle(request("GET", path))
            #expect(answer.status == 200)
            let tag = try #require(answer.headers["etag"])
            let again = await open.handle(request("GET", path, headers: ["if-none-match": tag]))
            #expect(again.status == 304)
            if case .bytes(let bytes) = answer.body, path != "/index.html" { size += bytes.count }
            #expect(
                answer.headers["content-security-policy"]
                    == "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
                    + "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
            let body = try await text(answer)
            for word in [
                "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "src=\"http",
                "url(http",
            ] { #expect(!body.contains(word), "\(path) has \(word)") }
        }
        #expect(size < 150_000, "the page's files have \(size) bytes")
    }
}
