import Foundation
import Testing
import Vocabulary

@testable import Connectors

/// Reads from a real web service on this machine, through a whole embedded cluster.
@Suite("REST sources", .serialized)
struct RESTTests {
    private let all = (1...7).map(String.init)
    private let first = ["1", "2", "3"]
    private let secret = "s3cret-canary"

    init() { setenv("REST_TEST_SECRET", "s3cret-canary", 1) }

    @Test(
        "each paginator gives all rows once",
        arguments: [
            ("json_link", ""), ("header_link", ""), ("cursor", ""),
            ("json_link", #""paginator": {"type": "json_link", "next_url_path": "paging.next"}"#),
            ("header_link", #""paginator": "header_link""#),
            ("offset", #""paginator": {"type": "offset", "limit": 2}"#),
            ("page_number", #""paginator": {"type": "page_number", "base_page": 1}"#),
            ("cursor", #""paginator": {"type": "cursor", "cursor_path": "next_cursor"}"#),
            (
                "body",
                #""method": "POST", "json": {"q": "all"}, "#
                    + #""paginator": {"type": "cursor", "cursor_body_path": "at.cursor"}"#
            ),
        ])
    func paginators(path: String, endpoint: String) async throws {
        let run = try await SourceRun.rest(path, endpoint: endpoint)
        #expect(run.error == nil)
        #expect(run.rows == all)
    }

    @Test("one object is one row, and nested objects are structs")
    func single() async throws {
        let run = try await SourceRun.rest("single", select: "SELECT id, at.x, updated_at FROM r")
        #expect(run.rows == ["1 0.5 2024-01-01T00:00:00Z"])
        let page = try await SourceRun.rest("json_link", endpoint: #""paginator": "single_page""#)
        #expect(page.rows == first)
        let selected = try await SourceRun.rest(
            "offset",
            endpoint:
                #""data_selector": "data[*].at", "params": {"offset": 0, "limit": 2}, "#
                + #""paginator": "single_page""#,
            select: "SELECT x FROM r ORDER BY x")
        #expect(selected.rows == ["0.5", "1.0"])
    }

    @Test("types widen over pages, and a column that comes late is there")
    func wide() async throws {
        let run = try await SourceRun.rest("wide", select: "SELECT id, value, late FROM r ORDER BY id")
        #expect(run.rows == ["1 1.0 null", "2 2.5 a\nb"])
    }

    @Test(
        "each login reaches its rows, and its secret is in no plan, log or error",
        arguments: [
            ("bearer", #"{"type": "bearer", "token": "${env:REST_TEST_SECRET}"}"#),
            ("basic", #"{"type": "http_basic", "username": "ann", "password": "env:REST_TEST_SECRET"}"#),
            ("key_header", #"{"type": "api_key", "name": "X-Key", "api_key": "${env:REST_TEST_SECRET}"}"#),
            (
                "key_query",
                #"{"type": "api_key", "name": "key", "location": "query", "api_key": "env:REST_TEST_SECRET"}"#
            ),
        ])
    func logins(path: String, auth: String) async throws {
        let run = try await SourceRun.rest(path, client: #""auth": \#(auth)"#)
        #expect(run.error == nil)
        #expect(run.rows == first)
        #expect(!(run.plan + run.log.joined()).contains(secret))
        let refused = try await SourceRun.rest("refused", client: #""auth": \#(auth)"#)
        #expect(refused.error?.code == "HTTP_STATUS")
        #expect(refused.error?.remedy?.contains("path, params and json") == true, "\(refused)")
        #expect(refused.error?.message.contains("bad parameter ***") == true, "\(refused)")
        #expect(!"\(refused)".contains(secret))
        let without = try await SourceRun.rest(path)
        #expect(without.error?.code == "REST_LOGIN")
    }

    @Test("a token is fetched, kept for further pages, and renewed when it is refused")
    func oauth() async throws {
        let service = RESTService.shared
        let auth = """
            {"type": "oauth2_client_credentials", "access_token_url": "\(service.address)/token", \
            "client_id": "me", "client_secret": "${env:REST_TEST_SECRET}"}
            """
        let run = try await SourceRun.rest("oauth", client: "\"auth\": \(auth)")
        #expect(run.error == nil)
        #expect(run.rows == ["1", "2", "3", "4", "5", "6"])
        #expect(try service.requests("/token").count == 2)
        #expect(!(run.plan + run.log.joined()).contains("canary"))
    }

    @Test("a secret in the text is refused, one that is not set is named")
    func openSecrets() async throws {
        let open = try await SourceRun.rest("bearer", client: #""auth": {"token": "s3cret-canary"}"#)
        #expect(open.error?.code == "SECRET_IN_TEXT")
        #expect(!"\(open)".contains(secret))
        for option in [
            "url 'http://127.0.0.1:1/x?api_key=s3cret-canary'",
            #"client ' {"base_url": "http://127.0.0.1:1/x?a=1&token=s3cret-canary"}'"#,
        ] {
            let inAddress = try await SourceRun.sql(
                "CREATE TEMPORARY VIEW r USING rest OPTIONS (\(option)); SELECT 1")
            #expect(inAddress.error?.code == "SECRET_IN_TEXT", "\(option)")
            #expect(!"\(inAddress)".contains(secret))
        }
        let unset = try await SourceRun.rest("bearer", client: #""auth": {"token": "env:REST_NOT_SET"}"#)
        #expect(unset.error?.code == "SECRET_NOT_SET")
    }

    @Test("429 with Retry-After in seconds and as a date, 503, then rows")
    func retries() async throws {
        let start = ContinuousClock.now
        #expect(try await SourceRun.rest("busy").rows == first)
        #expect(ContinuousClock.now - start > .milliseconds(1000))
        #expect(try await SourceRun.rest("flaky").rows == first)
        let later = try await SourceRun.rest("later")
        #expect(later.error?.code == "HTTP_STATUS")
        #expect(later.error?.message.contains("86400 s") == true)
        let down = try await SourceRun.rest("down", client: #""retries": 1"#)
        #expect(down.error?.blame == .system)
        #expect(down.error?.message.contains("status 500 after 2 tries") == true)
    }

    @Test("broken, huge, slow, missing and refused pages are clear errors")
    func faults() async throws {
        let broken = try await SourceRun.rest("broken")
        #expect(broken.error?.code == "MALFORMED_PAGE")
        #expect(broken.error?.message.contains("page 2") == true)
        let deep = try await SourceRun.rest("deep")
        #expect(deep.error?.code == "MALFORMED_PAGE")
        #expect(deep.error?.message.contains("nested deeper than 128 levels at byte ") == true, "\(deep)")
        // An address from the environment: the server is named, what may be secret in it is not.
        setenv("MILLRACE_REST_BASE", RESTService.shared.address + "?token=canary", 1)
        let named = try await SourceRun.rest("broken", base: "${env:MILLRACE_REST_BASE}")
        #expect(named.error?.message.hasSuffix(": \(RESTService.shared.address)/broken") == true, "\(named)")
        setenv("MILLRACE_REST_BASE", RESTService.shared.address + "/canary", 1)
        let masked = try await SourceRun.rest("none", base: "${env:MILLRACE_REST_BASE}")
        #expect(masked.error?.message.contains("\(RESTService.shared.address)***/none") == true, "\(masked)")
        let huge = try await SourceRun.rest("huge", client: #""max_response_bytes": 10000"#)
        #expect(huge.error?.code == "HTTP_RESPONSE_TOO_LARGE")
        let slow = try await SourceRun.rest("slow", client: #""timeout": 1, "retries": 0"#)
        #expect(slow.error?.code == "HTTP_TIMEOUT")
        #expect(try await SourceRun.rest("nowhere").error?.code == "REST_NOT_FOUND")
        #expect(try await SourceRun.rest("empty").error?.code == "SOURCE_EMPTY")
        let ignored = try await SourceRun.rest(
            "nowhere", endpoint: #""response_actions": [{"status_code": 404, "action": "ignore"}]"#)
        #expect(ignored.error?.code == "SOURCE_EMPTY")
        let closed = try await SourceRun.rest("x", client: #""retries": 0"#, base: "http://127.0.0.1:1")
        #expect(closed.error?.code == "HTTP_UNREACHABLE")
        #expect(
            closed.error?.message.contains("cannot be reached: http://127.0.0.1:1: Connection refused")
                == true,
            "\(String(describing: closed.error?.message))")
        let typed = try await SourceRun.rest("x", endpoint: #""pathh": 1"#)
        #expect(typed.error?.remedy == "Did you mean path?")
    }

    @Test("pages that lead back, and a page that repeats, end the read with each row once")
    func loops() async throws {
        #expect(try await SourceRun.rest("loop").rows == ["1", "2", "3", "4", "5", "6"])
        let same = try await SourceRun.rest("same", endpoint: #""paginator": {"type": "page_number"}"#)
        #expect(same.rows == first)
    }

    @Test("incremental reads send the start and leave out what is older")
    func incremental() async throws {
        let rule =
            #""incremental": {"cursor_path": "updated_at", "initial_value": "2024-01-03T00:00:00Z", "#
            + #""start_param": "since"}"#
        #expect(try await SourceRun.rest("since", endpoint: rule).rows == ["3", "4", "5", "6", "7"])
        let after = ", `incremental.after` '2024-01-05T00:00:00Z'"
        #expect(try await SourceRun.rest("since", endpoint: rule, more: after).rows == ["5", "6", "7"])
        let filled =
            #""params": {"since": "{incremental.start_value}"}, "#
            + #""incremental": {"cursor_path": "updated_at", "#
            + #""initial_value": "2024-01-06", "end_value": "2024-01-07"}"#
        #expect(try await SourceRun.rest("since", endpoint: filled).rows == ["6"])
        let missing = #""incremental": {"cursor_path": "nothing"}"#
        #expect(try await SourceRun.rest("since", endpoint: missing).error?.code == "NULL_CURSOR")
    }

    /// Two values of a cursor of one kind, and which comes first.
    static let cursors: [(String, String, Int)] = [
        ("9", "10", -1), ("1.5", "1.50", 0), ("b", "a", 1), ("2024", "10000", -1),
        ("9007199254740993", "9007199254740992", 1), ("1e3", "999", 1),
        ("2024-01-01T00:00:00+02:00", "2024-01-01T00:00:00Z", -1),
        ("2024-01-01T02:00:00+02:00", "2024-01-01T00:00:00Z", 0),
        ("2024-01-01T02:00:00.5+0200", "2024-01-01 00:00:00.5", 0),
        ("2024-01-01T00:00:00-05", "2024-01-01T04:59:59.999Z", 1),
        ("2024-01-01T23:30:00-01:00", "2024-01-02", 1), ("2023-12-31T23:59:59Z", "2024-01-01", -1),
        ("2024-01-01T00:00:00.123456789Z", "2024-01-01T02:00:00.1234567+02:00", 1),
    ]

    @Test("cursors are compared as numbers, as instants, and else as text", arguments: cursors)
    func cursorOrder(first: String, second: String, order: Int) {
        #expect(CursorOrder.compare(first, second, as: CursorKind(of: first)) == order)
        #expect(CursorOrder.compare(second, first, as: CursorKind(of: second)) == -order)
    }

    /// Values of a cursor as they come, where the read begins, with the form of earlier values; the rows that
    /// come, or none where the values are of several kinds.
    static let kinds: [(values: String, start: String, form: String?, rows: [String]?)] = [
        ("[9, 10, 11.5]", "10", nil, ["2", "3"]), (#"["9", 10, "011"]"#, "10", "number", ["2", "3"]),
        (#"["9", "10", "1a"]"#, "1", nil, ["1", "2", "3"]),
        (#"["9", "10", "1a"]"#, "11", "text", ["1", "3"]),
        (#"["2024-01-01", "2024-01-01T01:00Z"]"#, "2024-01-01T02:00+02", nil, ["1", "2"]),
        (#"["2024-01-01", "later"]"#, "2024", "text", nil), (#"["9", "later"]"#, "1", "number", nil),
        (#"[1704067200, "2024-01-01"]"#, "", nil, nil), (#"[1, 2]"#, "2024-01-01", nil, nil),
        (#"["a", 5]"#, "", nil, nil), (#"["2024-01-01", 5]"#, "2023-01-01", "time", nil),
    ]

    @Test("a cursor's values are of one kind: numbers, times or texts", arguments: kinds)
    func cursorKinds(case: (values: String, start: String, form: String?, rows: [String]?)) async throws {
        let start = `case`.start.isEmpty ? "" : ", \"initial_value\": \"\(`case`.start)\""
        let rule =
            "\"params\": {\"values\": \(JSONString.quoted(`case`.values))}, "
            + "\"incremental\": {\"cursor_path\": \"at\"\(start)}"
        let form =
            `case`.form.map { ", `incremental.form` '\($0)', `incremental.after` '\(`case`.start)'" } ?? ""
        let run = try await SourceRun.rest("given", endpoint: rule.replacing("\\", with: "\\\\"), more: form)
        if let rows = `case`.rows {
            #expect(run.rows == rows, "\(String(describing: run.error))")
        } else {
            #expect(run.error?.code == "CURSOR_KIND", "\(run.rows)")
        }
    }

    @Test("a redirect to another origin does not carry the login")
    func redirects() async throws {
        let auth = #""auth": {"token": "env:REST_TEST_SECRET"}"#
        #expect(try await SourceRun.rest("moved", client: auth).rows == first)
        #expect(try await SourceRun.rest("elsewhere", client: auth).error?.code == "REST_LOGIN")
        #expect(try RESTService.shared.requests("/bearer").last?["authorization"] == nil)
    }
}
