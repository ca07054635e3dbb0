import Testing
import Transport
import Vocabulary

/// Pins the figures of "Limits of what comes from outside" in docs/reliability.md: whoever changes one
/// changes both.
@Suite("Limits of what comes from outside")
struct SessionLimitsTests {
    @Test("sessions bear what the documentation says, between workers some more")
    func sessions() {
        let (outside, inside) = (SessionLimits.publicPeers, SessionLimits.clusterPeers)
        for limits in [outside, inside] {
            #expect(limits.headerListBytes == 32 << 10 && limits.headerFieldCount == 100)
            #expect(limits.continuationCount == 8)
            for rate in [limits.provokedResets, limits.pings, limits.settings] {
                #expect(rate.burst == 100 && rate.perSecond == 10)
            }
        }
        #expect(outside.resets.burst == 200 && outside.resets.perSecond == 50)
        #expect(inside.resets.burst == 10_000 && inside.resets.perSecond == 1_000)
        #expect(outside.concurrentStreams == 100 && inside.concurrentStreams == 1_000)
    }

    @Test("a server waits as long as the documentation says")
    func timeouts() {
        let timeouts = ServerTimeouts()
        #expect(timeouts.handshakeSeconds == 10 && timeouts.headersSeconds == 10)
        #expect(timeouts.bodyBytesPerSecond == 1024)
        #expect(timeouts.stuckSeconds == 60 && timeouts.idleSeconds == 120)
        #expect(ServerConfiguration(listen: "127.0.0.1:0").requestBodyBytes == Limits.requestBodyBytes)
    }

    @Test("texts are bounded, and longer ones of jobs by bounds of their own")
    func texts() {
        #expect(Limits.requestBodyBytes == 1 << 20 && Limits.nestingDepth == 128)
        #expect(Limits.longSQLBytes == 256 << 10 && Limits.longSQLTotalBytes == 16 << 20)
        #expect(Limits.sqlBytes == 4 << 20 && Limits.sqlTokens == 250_000 && Limits.jobBodyBytes == 9 << 20)
    }
}
