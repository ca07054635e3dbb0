import Columns
import Testing
import Vocabulary

@testable import Plans

@Suite("Plan codec's speed", .serialized)
struct PlanSpeedTests {
    @Test("a fragment with 1,000 files below eight operators is written and read in a few milliseconds")
    func manyFiles() throws {
        var relation = PlanCorpus.relation
        relation.files = (0..<1000).map { number in
            FileEntry(
                path: "s3://bucket/warehouse/events/day=2024-01-\(number % 31)/part-\(number)-abcdef.parquet",
                byteCount: 123_456_789 + number,
                partitionValues: [Literal(.integer(Int64(number % 31)), .date)], rowCount: 1_000_000)
        }
        var plan = PhysicalPlan.scan(
            PhysicalScan(index: 0, relation: relation, columns: [0], filters: [], output: [0]))
        for _ in 0..<8 { plan = .filter([.input(0, .boolean)], input: plan) }
        let fragment = PlanCorpus.fragment(plan)
        let clock = ContinuousClock()
        var best = Duration.seconds(1)
        for _ in 0..<10 {
            var bytes: [UInt8] = []
            let encoding = try clock.measure { bytes = try PlanCodec.encode(fragment) }
            var stage = StageID(0)
            let decoding = try clock.measure { stage = try PlanCodec.decode(bytes).stage }
            #expect(stage == fragment.stage)
            print("1,000 files, \(bytes.count) bytes: written in \(encoding), read in \(decoding)")
            best = min(best, encoding + decoding)
        }
        // Some 2 ms; the bound only catches what grows with the square of something.
        #expect(best < .milliseconds(30))
    }
}
