import Kernels
import ProcessorTime
import Testing

@testable import Formats

@Suite("The dictionary of a column chunk")
struct DictionaryTableTests {
    private func codes(_ keys: [UInt64]) -> (codes: [UInt32], time: Duration) {
        var codes = [UInt32](repeating: 0, count: keys.count)
        let table = DictionaryTable(numberWidth: 8)
        let time = ProcessorTime.of {
            let done = table.encode(keys, keys.count, limitBytes: 1 << 20, to: &codes)
            #expect(done == keys.count)
        }
        #expect(Array(table.numbers) == Array(keys[0..<table.count]))
        return (codes, time)
    }

    @Test("keys that a shuffle has dealt to one task of many spread over the slots as all keys do")
    func dealtKeys() {
        let all = (0..<40_000).map { UInt64($0) }
        var dealt: [UInt64] = []
        var key: UInt64 = 0
        while dealt.count < all.count {
            // The least sixteenth of the hashes, as the first of 16 partitions gets them.
            if Hashing.hash(key) >> 60 == 0 { dealt.append(key) }
            key += 1
        }
        let (plain, usual) = codes(all)
        let (found, time) = codes(dealt)
        #expect(plain == found && plain == (0..<UInt32(all.count)).map { $0 })
        // Keys that crowd into one part are searched for thousands of times as long.
        #expect(time < usual * 50 + .milliseconds(20), "\(time) for dealt keys, \(usual) for others")
    }

    @Test("a value again has its code again, over all sizes of the table")
    func repeated() {
        let keys = (0..<5000).map { UInt64($0) &* 0x1_0000_0001 }
        let table = DictionaryTable(numberWidth: 8)
        var codes = [UInt32](repeating: 0, count: keys.count)
        for _ in 0..<2 {
            #expect(table.encode(keys, keys.count, limitBytes: 1 << 20, to: &codes) == keys.count)
            #expect(codes == (0..<UInt32(keys.count)).map { $0 })
        }
        #expect(
            table.encode([7 &* 0x1_0000_0001, 1 << 60, 3 as UInt64], 3, limitBytes: 40_000, to: &codes) == 1)
        #expect(codes[0] == 7)
    }
}
