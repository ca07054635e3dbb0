import Foundation
import Pipelines
import Programs
import Protocol
import Storage
import Synchronization
import Testing
import Vocabulary

/// Holds who is told of runs, by a real mail server and a real web server.
@Suite("Alerts", .serialized)
struct AlertTests {
    static let secret = "s3cr:t/canary"

    static func etl(_ double: OutsideDouble, _ alerts: String, sql: String = "SELECT nope AS x") -> [String:
        String]
    {
        [
            "etl.yml": """
            name: p
            default_args: {retries: 1, retry_delay: 0.01s}
            connections:
              mail:
                uri: "smtp://ops:{{ env_var('MAIL_PASSWORD') }}@127.0.0.1:\(double.smtpPort)?ca=\
            \(double.authority)"
            alerts:
            \(alerts)
            transform: [{name: a, sql: "\(sql)"}]
            """
        ]
    }

    /// Alerts of the latest run, as they went out.
    static func sent(_ bench: RunBench) -> [String] {
        bench.facts.latest.compactMap {
            if case .alerted(_, let event, let to, let error) = $0 {
                return "\(event) \(to) \(error?.message ?? "ok")"
            }
            return nil
        }
    }

    @Test("of a failure go out by mail over STARTTLS with a login, and to a webhook, once each")
    func failure() async throws {
        let double = try OutsideDouble()
        let bench = try await RunBench(
            Self.etl(
                double,
                """
                  - on: [failure, retry]
                    email: {to: [ops@example.org, b@example.org], connection: mail, subject: "Näch {{ ds }}"}
                    webhook:
                      url: "http://127.0.0.1:\(double.httpPort)/hook?token=canary"
                      headers: {X-Key: k}
                  - {on: success, webhook: {url: "http://127.0.0.1:\(double.httpPort)/good"}}
                """))
        let record = try await bench.run()
        #expect(record.state == .failed)
        #expect(
            Self.sent(bench) == [
                "failure ops@example.org, b@example.org and the webhook at 127.0.0.1:\(double.httpPort) ok"
            ])
        #expect(eventually(within: 5) { double.arrivals("post").count == 1 })
        let mail = try #require(double.arrivals("mail").first)
        #expect(double.arrivals("mail").count == 1)
        #expect(mail["tls"] == "1" && mail["user"] == "ops")
        #expect(mail["subject"] == "Näch 2024-01-01")
        #expect(mail["text"].contains("UNRESOLVED_COLUMN") && mail["text"].contains("Step a:"))
        let post = try #require(double.arrivals("post").first)
        #expect(post["path"] == "/hook?token=canary")
        #expect(post.headers["x-key"] == "k" && post.headers["idempotency-key"] != nil)
        #expect(post.body["event"] as? String == "failure" && post.body["pipeline"] as? String == "p")
        #expect(post.body["run"] as? String == record.header.id)
        // No secret in what is kept of the run.
        let kept = try String(
            contentsOfFile: "\(bench.state)/runs/\(record.header.id).jsonl", encoding: .utf8)
        #expect(!kept.contains("canary"))
    }

    @Test("of success and of retries go out too, a webhook that answers 503 is tried again")
    func others() async throws {
        let double = try OutsideDouble()
        let bench = try await RunBench(
            Self.etl(
                double,
                """
                  - {on: [success], webhook: {url: "http://127.0.0.1:\(double.httpPort)/flaky"}}
                  - {on: [retry], webhook: {url: "http://127.0.0.1:\(double.httpPort)/retry"}}
                """, sql: "SELECT 1 AS x"))
        let faults = FlakyService.Faults(["step a": 1])
        let record = try await bench.run { FlakyService(inner: $0, faults: faults) }
        #expect(record.state == .succeeded)
        #expect(Self.sent(bench).count == 2)
        #expect(eventually(within: 5) { double.arrivals("post").count == 3 })
        #expect(
            double.arrivals("post").map { $0["path"] + " " + $0["status"] } == [
                "/retry 200", "/flaky 503", "/flaky 200",
            ])
    }

    @Test("that cannot be sent fail nothing, and say so without the secret")
    func refused() async throws {
        let double = try OutsideDouble()
        let bench = try await RunBench(
            Self.etl(
                double,
                """
                  - {on: [success], webhook: {url: "http://127.0.0.1:\(double.httpPort)/no"}}
                  - {on: [success], email: {to: nobody@example.org, connection: mail}}
                """, sql: "SELECT 1 AS x"))
        let record = try await bench.run()
        #expect(record.state == .succeeded)
        let sent = Self.sent(bench)
        #expect(sent.count == 2)
        #expect(sent[0].contains("HTTP status 403"), "\(sent)")
        #expect(sent[1].contains("550"), "\(sent)")
        #expect(!"\(bench.facts.latest)".contains(Self.secret))
    }

    @Test("of a pipeline on a cluster reach the servers that are allowed, whatever else names lead to them")
    func rules() async throws {
        let double = try OutsideDouble()
        let hook = "http://localhost:\(double.httpPort)"
        let mail = "smtp://127.0.0.1:\(double.smtpPort)"
        let bench = try await RunBench(
            Self.etl(
                double,
                """
                  - {on: [success], webhook: {url: "\(hook)/hook"}}
                  - {on: [success], email: {to: [ops@example.org], connection: mail}}
                """, sql: "SELECT 1 AS x"))
        func sent(_ allowed: [String]) async throws -> [String] {
            let rules = try WebRules(allowed: allowed, for: .coordinator)
            let record = try await bench.run(carrier: OutsideCarrier(rules: rules))
            #expect(record.state == .succeeded)
            return Self.sent(bench)
        }
        for text in try await sent([]) { #expect(text.contains("may not call: "), "\(text)") }
        for text in try await sent(["public"]) {
            #expect(text.contains("may not call private addresses: "), "\(text)")
        }
        #expect(double.arrivals("post").isEmpty && double.arrivals("mail").isEmpty)
        #expect(try await sent([hook, mail]).allSatisfy { $0.hasSuffix(" ok") })
        #expect(eventually(within: 5) { double.arrivals("post").count == 1 })
        #expect(eventually(within: 5) { double.arrivals("mail").count == 1 })
        // The mail server that the operator named is no part of the rules.
        let other = try await RunBench(
            Self.etl(double, "  - {on: [success], email: {to: [ops@example.org]}}", sql: "SELECT 1 AS x"))
        let rules = try WebRules(allowed: [], for: .coordinator)
        try await other.run(
            carrier: OutsideCarrier(rules: rules),
            mailServer: "\(mail)?starttls=optional&ca=\(double.authority)")
        #expect(other.facts.latest.contains { if case .alerted = $0 { true } else { false } })
        #expect(!Self.sent(other).contains { $0.contains("may not call") }, "\(Self.sent(other))")
    }

    @Test("of a deadline go out while the run is still at work, and are not sent again by a run that goes on")
    func deadline() async throws {
        let double = try OutsideDouble()
        let alerts = """
              - on: [deadline]
                deadline: 0.2s
                webhook: {url: "http://127.0.0.1:\(double.httpPort)/late"}
            """
        let slow = "SELECT sum(sin(x.id * y.id)) AS s FROM range(30000) x CROSS JOIN range(3000) y"
        let bench = try await RunBench(Self.etl(double, alerts, sql: slow))
        let record = try await bench.run()
        #expect(record.state == .succeeded)
        let place = bench.facts.latest.firstIndex { if case .alerting = $0 { true } else { false } }
        let end = bench.facts.latest.firstIndex { if case .ended = $0 { true } else { false } }
        #expect(try #require(place) < #require(end))
        #expect(eventually(within: 5) { double.arrivals("post").count == 1 })
        // The fact that it was begun is enough: it is not sent again.
        let again = try await bench.run(
            facts: [.began(tables: [], steps: ["a"]), .alerting(rule: 0, event: "deadline")])
        #expect(again.state == .succeeded && Self.sent(bench).isEmpty)
        #expect(double.arrivals("post").count == 1)
    }

    /// Takes posts; no mail server is there.
    private final class Carrier: AlertCarrier {
        private let list = Mutex<[String]>([])
        var posts: [String] { list.withLock { $0 } }
        func post(_ json: String, to url: String, headers: [String], caFile: String?) async throws {
            list.withLock { $0.append(json) }
        }
        func mail(_ message: [UInt8], _ email: AlertRule.Email) async throws {
            throw EngineError.system("OUTSIDE_CALL", "no mail server")
        }
    }

    @Test("go out once where several steps call for them at a time, and to the webhook without a mail server")
    func once() async throws {
        let steps = (1...4).map { "{name: a\($0), sql: SELECT 1 AS x}" }.joined(separator: ", ")
        let bench = try await RunBench([
            "etl.yml": """
            name: p
            default_args: {retries: 1, retry_delay: 0.01s}
            connections: {mail: {uri: "smtp://127.0.0.1:9"}}
            alerts:
              - on: retry
                email: {to: [o@example.org], connection: mail}
                webhook: {url: "http://127.0.0.1:9/"}
            transform: [\(steps)]
            """
        ])
        let faults = FlakyService.Faults(["a1": 1, "a2": 1, "a3": 1, "a4": 1])
        let carrier = Carrier()
        let record = try await bench.run(
            carrier: carrier, service: { FlakyService(inner: $0, faults: faults) })
        #expect(record.state == .succeeded, "\(RunBench.errors(record))")
        #expect(carrier.posts.count == 1)
        let told = Self.sent(bench)
        // Who was not told is named, and who was.
        #expect(
            told == ["retry o@example.org no mail server (sent to the webhook at 127.0.0.1:9)"], "\(told)")
    }

    @Test("OpenLineage events are what its classes accept, and tell inputs, outputs and columns")
    func lineage() async throws {
        let double = try OutsideDouble()
        let bench = try await RunBench([
            "etl.yml": """
            name: p
            metrics: {openlineage: {url: "http://127.0.0.1:\(double.httpPort)", namespace: shop, token: t}}
            extract: [{name: raw, file: {path: in.csv}}]
            transform:
              - name: a
                sql: "SELECT id * 2 AS twice FROM {{ ref('raw') }}"
                tests: [{row_count: {min: 1}}]
              - {name: bad, sql: "SELECT nope FROM {{ ref('a') }}"}
            """, "in.csv": "id\n1\n2\n",
        ])
        let record = try await bench.run()
        #expect(record.state == .failed)
        #expect(eventually(within: 5) { double.arrivals("post").count == 8 })
        // A step that is only tested has made nothing.
        #expect(try await bench.run(select: ["test_type:generic"]).state == .succeeded)
        #expect(eventually(within: 5) { double.arrivals("post").count == 12 })
        let posts = double.arrivals("post")
        #expect(Set(posts.map { $0["path"] }) == ["/api/v1/lineage"])
        #expect(posts.allSatisfy { $0.headers["authorization"] == "Bearer t" })
        let types = posts.map { post in
            "\((post.body["job"] as? [String: Any])?["name"] ?? "") \(post.body["eventType"] ?? "")"
        }
        #expect(
            types == [
                "p START", "p.raw START", "p.raw COMPLETE", "p.a START", "p.a COMPLETE", "p.bad START",
                "p.bad FAIL", "p FAIL", "p START", "p.a START", "p.a COMPLETE", "p COMPLETE",
            ])
        let text = try posts.map {
            String(decoding: try JSONSerialization.data(withJSONObject: $0.body), as: UTF8.self)
        }
        #expect(text[4].contains(#""name":"twice""#) && text[4].contains(#""rowCount":2"#), "\(text[4])")
        for event in text.dropFirst(9).prefix(2) {
            #expect(event.contains(#""outputs":[]"#) && event.contains(#""inputs":[{"#), "\(event)")
        }
        let file = bench.folder.path + "/events.jsonl"
        try text.joined(separator: "\n").write(toFile: file, atomically: true, encoding: .utf8)
        let check = try ProgramRun.run(
            URL(fileURLWithPath: "/bin/sh"),
            [
                "-c", "exec \"$0\" \"$1\" < \"$2\"", ProgramRun.python.path,
                ProgramRun.root.appendingPathComponent("Tests/PipelinesTests/lineage_check.py").path, file,
            ])
        #expect(check.output == "ok 12\n", "\(check.errors)")
    }
}
