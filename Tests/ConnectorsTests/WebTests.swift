import Storage
import Testing
import Vocabulary

@testable import Connectors

@Suite("Web") struct WebTests {
    private func address(_ text: String) throws -> WebAddress { try WebAddress(text, option: "url") }

    private let wanted = Wanted { false }

    @Test("a cluster allows nothing, then public servers, then listed ones, and never link-local addresses")
    func rules() throws {
        let nothing = try WebRules(allowed: [])
        #expect(throws: EngineError.self) { try nothing.check(try address("http://93.184.215.14/")) }
        let open = try WebRules(allowed: ["public"])
        #expect(try open.check(try address("http://93.184.215.14/")) == "93.184.215.14")
        for host in [
            "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "[::1]",
            "[::ffff:127.0.0.1]", "[fd00::1]", "[fe80::1]", "0.0.0.0", "localhost", "2130706433", "0x7f.1",
            "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
        ] {
            #expect(throws: EngineError.self, "\(host)") { try open.check(try address("http://\(host)/")) }
        }
        let listed = try WebRules(allowed: ["http://127.0.0.1:8080", "http://169.254.169.254"])
        #expect(try listed.check(try address("http://127.0.0.1:8080/x")) == "127.0.0.1")
        #expect(throws: EngineError.self) { try listed.check(try address("http://127.0.0.1:8081/x")) }
        #expect(throws: EngineError.self) { try listed.check(try address("http://169.254.169.254/x")) }
        #expect(throws: EngineError.self) { try WebRules(allowed: ["ftp://x"]) }
    }

    @Test("a redirect is checked like a first request")
    func redirect() throws {
        let service = RESTService.shared
        let client = WebClient(try WebRules(allowed: [service.address]), WebLimits())
        #expect(
            try client.exchange(WebRequest(address: try address(service.address + "/single")), wanted).status
                == 200)
        #expect {
            try client.exchange(WebRequest(address: try address(service.address + "/away")), wanted)
        } throws: { ($0 as? EngineError)?.code == "HTTP_NOT_ALLOWED" }
    }

    @Test("addresses join, keep their query, and hide it in messages")
    func addresses() throws {
        let base = try address("https://Example.com/v1/x?key=secret")
        #expect(base.origin == "https://example.com")
        #expect(base.shown == "https://example.com/v1/x")
        #expect(
            try WebAddress("?page=2", relativeTo: base, option: "").text == "https://example.com/v1/x?page=2")
        #expect(try WebAddress("/y", relativeTo: base, option: "").text == "https://example.com/y")
        #expect(base.setting([("key", "a b&c"), ("n", "1")]).target == "/v1/x?key=a%20b%26c&n=1")
        for bad in ["", "example.com", "file:///etc/passwd", "http://", "http://a:b@c/", "http://x:99999/"] {
            #expect(throws: EngineError.self, "\(bad)") { try address(bad) }
        }
    }

    @Test("headers Link and Retry-After")
    func headers() {
        let header = #"<https://a/?x=1,2>; rel="prev"; title="a, b", <https://a/?p=3>; rel=next"#
        #expect(LinkHeader.target(header, relation: "next") == "https://a/?p=3")
        #expect(LinkHeader.target(header, relation: "prev") == "https://a/?x=1,2")
        #expect(LinkHeader.target("<a", relation: "next") == nil)
        #expect(RetryAfter.seconds("120", now: 0) == 120)
        #expect(RetryAfter.seconds("Sun, 06 Nov 1994 08:49:37 GMT", now: 784_111_770) == 7)
        #expect(RetryAfter.seconds("Sun, 06 Nov 1994 08:49:37 GMT", now: 884_111_770) == 0)
        #expect(RetryAfter.seconds("soon", now: 0) == nil)
        #expect(RetryAfter.seconds("-1", now: 0) == nil)
    }

    @Test("JSON is checked whole, and values are found in it")
    func json() throws {
        let text = #" {"a": [1, {"b": "x\"\ud83d\ude00\n"}], "c": null, "d": -0.5e+3} "#
        let document = try JSONDocument(Array(text.utf8))
        #expect(try JSONPath("a[1].b", option: "").scalar(in: document) == "x\"😀\n")
        #expect(try JSONPath("$.a[*]", option: "").find(in: document).count == 2)
        #expect(try JSONPath("['d']", option: "").scalar(in: document) == "-0.5e+3")
        #expect(try JSONPath("c.x", option: "").scalar(in: document) == nil)
        for bad in [
            "", "{", "[1,]", "{\"a\":}", "01", "1.", "tru", "\"\u{1}\"", "\"\\x\"", "[1] 2", "{1: 2}", "-",
            "\u{c}1", "\"\\u12",
            String(repeating: "[", count: 100_000),
        ] {
            #expect(throws: JSONFault.self, "\(bad.prefix(20))") { try JSONDocument(Array(bad.utf8)) }
        }
        let deep = String(repeating: "[", count: 130) + String(repeating: "]", count: 130)
        let fault = #expect(throws: JSONFault.self) { try JSONDocument(Array(deep.utf8)) }
        #expect(fault?.text == "is nested deeper than 128 levels at byte 129")
        for bad in ["a..b", "a[", "a[-1]", "a[b]"] {
            #expect(throws: EngineError.self, "\(bad)") { try JSONPath(bad, option: "x") }
        }
    }

    @Test("cursors compare as numbers, as times, as text")
    func cursors() {
        #expect(CursorOrder.compare("9", "10", as: .number) < 0)
        #expect(CursorOrder.compare("9", "10", as: .text) > 0)
        #expect(CursorOrder.compare("1.5", "1.25", as: .number) > 0)
        #expect(CursorOrder.compare("2024-01-01", "2024-01-01T00:00:00Z", as: .time) == 0)
        #expect(CursorOrder.compare("2024-01-02 00:00:00", "2024-01-01T23:59:59+00:00", as: .time) > 0)
        #expect(CursorOrder.compare("a", "b", as: .text) < 0)
        #expect(PageDetection.parameter("next_cursor") == "cursor")
        #expect(PageDetection.parameter("nextPageToken") == "pageToken")
        #expect(Base64.text(Array("ann:x".utf8)) == "YW5uOng=")
        #expect(Base64.text(Array("abc".utf8)) == "YWJj")
    }

    @Test(
        "text for a database has its quotes doubled, whatever mark follows",
        arguments: ["\u{301}", "\u{200D}"])
    func databaseText(mark: String) {
        func same(_ a: String, _ b: String) -> Bool { a.utf8.elementsEqual(b.utf8) }
        #expect(same(DatabaseText.literal("a'\(mark)b"), "'a''\(mark)b'"))
        #expect(same(DatabaseText.name("a\"\(mark)b"), "\"a\"\"\(mark)b\""))
        #expect(same(SnowflakeDialect().literal("\\\(mark)'\(mark)"), "'\\\\\(mark)''\(mark)'"))
    }
}
