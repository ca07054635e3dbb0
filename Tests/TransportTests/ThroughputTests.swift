import Foundation
import Memory
import Testing
import Vocabulary

@testable import Transport

/// Prints what one loopback connection carries; the bounds below only catch a collapse, since machines differ.
@Suite(.serialized, .timeLimit(.minutes(2))) struct ThroughputTests {
    /// Fetches `byteCount` and returns gigabytes a second.
    private func rate(_ server: ServerConfiguration, _ client: ClientConfiguration, _ byteCount: Int) async throws -> Double {
        var rate = 0.0
        try await withServer(server, client: client) { _, client, origin in
            try await expectHello(client, origin)
            for _ in 0..<3 {
                let ended = Latch()
                let received = Counter()
                let granter = Granter()
                let start = MonotonicTime.now
                let stream = client.fetch(
                    origin, path: "/bytes/\(byteCount)", windowBytes: 16 << 20, onHead: { _ in },
                    onData: { bytes in
                        received.add(bytes.count)
                        granter.body?.grant(bytes.count)
                    }, onEnd: { _ in ended.open() })
                granter.body = stream.body
                stream.body.grant(0)
                try await expectEventually(60) { ended.wait(seconds: 0) }
                #expect(received.current == byteCount)
                rate = max(rate, Double(byteCount) / MonotonicTime.now.seconds(since: start) / 1e9)
            }
        }
        return rate
    }

    /// Leads from the callback to the body it grants to; set before the first byte can arrive.
    private final class Granter: @unchecked Sendable {
        var body: BodyStream?
    }

    @Test("one cleartext connection carries bulk data")
    func cleartext() async throws {
        let rate = try await rate(.init(listen: "127.0.0.1:0"), .init(), 2 << 30)
        print(String(format: "throughput cleartext %.2f GB/s", rate))
        #expect(rate > 0.3)
    }

    @Test("one TLS connection carries bulk data")
    func tls() async throws {
        let certificates = try Certificates.shared.get()
        let rate = try await rate(
            .init(listen: "127.0.0.1:0", tls: certificates.files("server")),
            .init(tls: certificates.files("client")), 1 << 30)
        print(String(format: "throughput TLS %.2f GB/s", rate))
        #expect(rate > 0.1)
    }
}
