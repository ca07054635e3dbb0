import Foundation
import Glibc
import Memory
import Testing
import Vocabulary

@testable import Transport

/// Prints what one loopback connection carries; the bounds below only catch a collapse, since machines
/// differ.
@Suite(.serialized, .timeLimit(.minutes(2))) struct ThroughputTests {
    /// Gigabytes by second of the clock, and by second of processor time of both ends together: on a busy
    /// machine twice the second figure says what two free cores would carry.
    private struct Rate: CustomStringConvertible {
        var wall = 0.0
        var processor = 0.0
        var description: String { String(format: "%.2f GB/s, %.2f GB per processor second", wall, processor) }
    }

    private func processorSeconds() -> Double { Double(clock()) / Double(CLOCKS_PER_SEC) }

    /// Fetches `byteCount` a few times and returns the best rates.
    private func rate(
        _ server: ServerConfiguration, _ client: ClientConfiguration, _ byteCount: Int
    ) async throws -> Rate {
        var rate = Rate()
        try await withServer(server, client: client) { _, client, origin in
            try await expectHello(client, origin)
            for _ in 0..<3 {
                let ended = Latch()
                let received = Counter()
                let granter = Granter()
                let start = MonotonicTime.now
                let processorStart = processorSeconds()
                let stream = client.fetch(
                    origin, path: "/bytes/\(byteCount)", windowBytes: 16 << 20,
                    onData: { bytes in
                        received.add(bytes.count)
                        granter.body?.grant(bytes.count)
                    }, onEnd: { _ in ended.open() })
                granter.body = stream.body
                stream.body.grant(0)
                try await expectEventually(60) { ended.wait(seconds: 0) }
                #expect(received.current == byteCount)
                let gigabytes = Double(byteCount) / 1e9
                rate.wall = max(rate.wall, gigabytes / MonotonicTime.now.seconds(since: start))
                rate.processor = max(rate.processor, gigabytes / (processorSeconds() - processorStart))
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
        print("throughput cleartext \(rate)")
        #expect(rate.wall > 0.2)
    }

    @Test("one TLS connection carries bulk data")
    func tls() async throws {
        let certificates = try Certificates.shared.get()
        let rate = try await rate(
            .init(listen: "127.0.0.1:0", tls: certificates.files("server")),
            .init(tls: certificates.files("client")), 1 << 30)
        print("throughput TLS \(rate)")
        #expect(rate.wall > 0.05)
    }
}
