import Testing
import Vocabulary

@Suite("A monitor")
struct MonitorTests {
    @Test("waits until its deadline, neither shorter nor much longer")
    func deadline() {
        let monitor = Monitor()
        let began = ContinuousClock.now
        let end = Monitor.Deadline(milliseconds: 120)
        monitor.locked { while monitor.wait(until: end) {} }
        let waited = ContinuousClock.now - began
        #expect(waited >= .milliseconds(110))
        #expect(waited < .seconds(20))
    }
}
