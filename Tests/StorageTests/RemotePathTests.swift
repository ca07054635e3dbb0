import CObjectStore
import Testing
import Vocabulary

@testable import Storage

@Suite("Paths of web servers, Google's store and Azure")
struct RemotePathTests {
    @Test("an address is shown without its query, its fragment and what stands before its host")
    func shown() {
        for (path, shown) in [
            ("https://h/a.csv?token=x", "https://h/a.csv"), ("http://u:p@h:1/a?b#c", "http://h:1/a"),
            ("https://u@x:p@h/a@b", "https://h/a@b"), ("HTTP://u@h", "HTTP://h"),
            ("https://h?x", "https://h"),
            ("s3://b/a?b", "s3://b/a?b"), ("a?b", "a?b"), ("abfss://c@a/x", "abfss://c@a/x"), ("", ""),
        ] {
            #expect(AddressText.shown(path) == shown)
        }
    }

    @Test("schemes are told apart; an allowed place is so under each of its names")
    func schemes() throws {
        #expect(StoragePath("gs://b/k/x").scheme == .google)
        #expect(StoragePath("gs://b/k/x").path == "k/x")
        #expect(StoragePath("abfs://c@a.dfs.core.windows.net/k").scheme == .azure)
        let rules = PathRules(
            base: "/data", allowed: ["gs://lake/in", "abfss://c@a.dfs.core.windows.net"], web: .nothing)
        #expect(try rules.resolve("gs://lake/in/x") == "gs://lake/in/x")
        #expect(throws: EngineError.self) { try rules.resolve("gs://lake/inner") }
        #expect(throws: EngineError.self) { try rules.resolve("gs://lake/in/../x") }
        let abfs = "abfs://c@a.dfs.core.windows.net/x"
        #expect(try rules.resolve(abfs) == abfs)
        #expect(throws: EngineError.self) { try rules.resolve("abfss://c@b.dfs.core.windows.net/x") }
        // Web servers have rules of their own, which are asked at the call.
        #expect(try rules.resolve("https://h/x") == "https://h/x")
    }

    @Test("--storage must be written to, --allow-path need not; web servers are for --allow-http")
    func flags() throws {
        for place in ["gs://b", "abfss://c@a.dfs.core.windows.net/x", "https://h/x"] {
            #expect(throws: EngineError.self) { try PathRules(storage: place, allowed: [], web: .nothing) }
        }
        _ = try PathRules(storage: nil, allowed: ["gs://b"], web: .nothing)
        let error = #expect(throws: EngineError.self) {
            try PathRules(storage: nil, allowed: ["https://h/x?token=1"], web: .nothing)
        }
        #expect(error?.remedy?.contains("--allow-http") == true && error?.message.contains("token") == false)
    }

    @Test("an address names one file, holds no password, and tells none when it is refused")
    func addresses() throws {
        #expect(try WebFileAddress.of("https://h/a%2A.csv?b={c}*").shown == "https://h/a%2A.csv")
        #expect(try WebFileAddress.of("http://[::1]:8080/a.csv").port == 8080)
        for (path, code) in [
            ("https://h/", "HTTP_NO_DIRECTORIES"), ("https://h", "HTTP_NO_DIRECTORIES"),
            ("https://h/d/?x", "HTTP_NO_DIRECTORIES"), ("https://h/*.csv", "HTTP_NO_DIRECTORIES"),
            ("https://user:secret@h/a", "HTTP_ADDRESS_INVALID"),
            ("https:///a?secret", "HTTP_ADDRESS_INVALID"),
        ] {
            let error = #expect(throws: EngineError.self) { try WebFileAddress.of(path) }
            #expect(error?.code == code, "\(path)")
            #expect(error?.message.contains("secret") == false)
            #expect(error?.remedy != nil)
        }
    }

    @Test("a file is another one when its tag is, or its time where there is no tag")
    func versions() {
        func version(_ headers: [String: String]) -> WebFile.Version {
            WebFile.Version(HTTPAnswer(status: 200, headers: headers, body: []))
        }
        let first = version(["etag": "1", "last-modified": "a"])
        #expect(first.fits(version(["etag": "1", "last-modified": "b"])))
        #expect(!first.fits(version(["etag": "2", "last-modified": "a"])))
        #expect(!first.fits(version(["last-modified": "b"])))
        #expect(first.fits(version([:])))
        func range(_ text: String) -> (Int?, Int?)? {
            HTTPAnswer(status: 206, headers: ["content-range": text], body: []).contentRange
        }
        #expect(range("bytes 5-9/100").map { $0 == (5, 100) } == true)
        #expect(range("bytes */0").map { $0 == (nil, 0) } == true)
        #expect(range("bytes 5-9/*").map { $0 == (5, nil) } == true)
        #expect(range("lines 1-2/3") == nil && range("bytes x") == nil)
    }

    @Test("a server's name is held to the number that was checked, wherever it leads meanwhile")
    func pins() throws {
        let port = try S3Double.shared.get().port
        let rules = try WebRules(allowed: ["http://127.0.0.1:\(port)"])
        let address = try WebAddress("http://127.0.0.1:\(port)/x", option: "url")
        #expect(try rules.pin(address) == "+127.0.0.1:\(port):127.0.0.1")
        #expect(try WebRules.unrestricted.pin(address) == nil)
        // A name that no service knows is reached all the same: the call asks none.
        let library = try StoreLibrary.load()
        for (name, pin) in [("nowhere", "+nowhere.invalid:\(port):127.0.0.1"), ("elsewhere", nil)] {
            let url = "http://\(name).invalid:\(port)/moto-api/data.json"
            let isReached = pin != nil
            var error = store_error()
            let answer = HTTPCall(url: url, answerLimit: 1 << 10, cutsAnswer: true, pin: pin)
                .perform(library, &error)
            #expect((answer != nil) == isReached, "\(error.text)")
        }
    }

    @Test("Azure's accounts are at Azure's hosts only, as secrets are sent there")
    func accounts() throws {
        #expect(try AzureStore.account(of: "c@acct.dfs.core.windows.net").account == "acct")
        #expect(
            try AzureStore.account(of: "c@acct1.dfs.core.chinacloudapi.cn").suffix == "core.chinacloudapi.cn")
        for authority in [
            "acct.dfs.core.windows.net", "@acct.dfs.core.windows.net", "c@evil.example.com",
            "c@a.dfs.core.windows.net.evil.com", "c@dfs.core.windows.net", "c@a/b.dfs.core.windows.net", "",
            "c@x@a.dfs.core.windows.net", "c@.dfs.core.windows.net",
        ] {
            let error = #expect(throws: EngineError.self) { try AzureStore.account(of: authority) }
            #expect(error?.code == "AZURE_ADDRESS_INVALID" && error?.remedy != nil, "\(authority)")
        }
    }

    @Test("what a store says is told without the queries of addresses")
    func queries() {
        #expect(
            ArrowFailure.withoutQueries("GET 'https://a.b/c?sig=x&y' failed: http://d?e, and f?")
                == "GET 'https://a.b/c' failed: http://d, and f?")
        #expect(ArrowFailure.withoutQueries("nothing ? here") == "nothing ? here")
    }
}
