import Testing
import Transport
import Vocabulary

@testable import Settings

@Suite("Addresses that flags give")
struct FlagAddressTests {
    @Test("what can be listened on, reached and asked is taken, all else refused by the flag's name")
    func addresses() throws {
        #expect(try FlagAddress.listening("listen", ":7077") == Origin(host: "0.0.0.0", port: 7077))
        #expect(try FlagAddress.listening("listen", "[::1]:0") == Origin(host: "::1", port: 0))
        #expect(
            try FlagAddress.reachable("advertise", "etl-1.example.com:7")
                == Origin(host: "etl-1.example.com", port: 7))
        for text in [
            "", "bad", "h:", "h:x", "h:-1", "h:65536", "a b:1", "http://h:1", "u@h:1", "x:y:1", "h/p:1",
        ] {
            let error = #expect(throws: EngineError.self) { try FlagAddress.listening("listen", text) }
            #expect(error?.code == "USAGE" && error?.message == "--listen is no address: \(text)", "\(text)")
        }
        for text in [":7077", "h:0"] {
            #expect(throws: EngineError.self) { try FlagAddress.reachable("advertise", text) }
        }
    }

    @Test("a coordinator's URL has a scheme or none, and a port or 7077")
    func coordinators() throws {
        for (url, host, port, isSecure) in [
            ("https://etl.example.com", "etl.example.com", 7077, true), ("http://[::1]/", "::1", 7077, false),
            ("10.0.0.1:80", "10.0.0.1", 80, nil),
        ] as [(String, String, Int, Bool?)] {
            let found = try FlagAddress.coordinator("coordinator", url)
            #expect(found.origin == Origin(host: host, port: port) && found.isSecure == isSecure, "\(url)")
        }
        for url in ["ftp://x", "https://", "https://h/path", "", "https://u@h:1", "http://http://h:1"] {
            #expect(throws: EngineError.self, "\(url)") { try FlagAddress.coordinator("coordinator", url) }
        }
    }

    @Test("beyond loopback protection is asked for, also of hosts whose names look like loopback")
    func loopback() throws {
        func check(_ address: String) throws {
            try ListenRules.check("listen", address, isProtected: false, isInsecure: false, needs: "tokens")
        }
        for address in ["127.0.0.1:0", "localhost:80", "[::1]:80", "127.9.8.7:1"] { try check(address) }
        for address in ["0.0.0.0:0", ":80", "[::]:80", "127.example.com:80", "10.0.0.1:1"] {
            let error = #expect(throws: EngineError.self) { try check(address) }
            #expect(error?.message.contains("tokens are not given") == true, "\(address)")
        }
    }
}
