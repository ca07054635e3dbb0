import Columns
import Foundation
import SeededRandom
import Testing
import Vocabulary

@testable import Plans

@Suite("Plans from damaged or hostile bytes")
struct PlanDamageTests {
    private static func code(_ bytes: [UInt8]) -> String? {
        do {
            _ = try PlanCodec.decode(bytes)
            return nil
        } catch { return error.code }
    }

    private static let refusals: Set<String?> = ["CORRUPT_MESSAGE", "INCOMPATIBLE_VERSION"]

    @Test("a plan cut short anywhere is an error, never a trap")
    func truncated() throws {
        let join = PlanCorpus.hashJoin(.full, build: .left, residual: .input(0, .boolean))
        let bytes = try PlanCodec.encode(PlanCorpus.fragment(join))
        for count in bytes.indices { #expect(Self.refusals.contains(Self.code(Array(bytes[..<count])))) }
    }

    @Test("damaged bytes are an error or another plan, never a trap")
    func damaged() throws {
        var (read, refused) = (0, 0)
        for fragment in PlanCorpus.fragments {
            let bytes = try PlanCodec.encode(fragment)
            for position in bytes.indices {
                for flip in [UInt8(0xFF), 0x01, 0x80] {
                    var copy = bytes
                    copy[position] ^= flip
                    if let code = Self.code(copy) {
                        refused += 1
                        #expect(Self.refusals.contains(code))
                    } else {
                        read += 1
                    }
                }
            }
        }
        #expect(read > 1_000)
        #expect(refused > 1_000)
    }

    @Test("random bytes behind a right version are an error or a plan, never a trap")
    func random() {
        var generator = SplitMix(state: 7)
        for _ in 0..<20_000 {
            let count = Int.random(in: 0..<64, using: &generator)
            let bytes =
                [0x08, 1] + (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            #expect(Self.refusals.contains(Self.code(bytes)))
            _ = try? PlanCodec.decodeGraph(bytes)
        }
    }

    @Test("numbers of enumerations that this release does not know are refused and told")
    func unknownCases() throws {
        func refusal(_ plan: WirePhysicalPlan) throws -> String {
            var message = try PlanCorpus.fragment(PlanCorpus.scan).message()
            message.plan = plan
            let bytes = try PlanCodec.bytes(of: message)
            do {
                _ = try PlanCodec.decode(bytes)
                return "read"
            } catch { return error.code == "CORRUPT_MESSAGE" ? error.message : error.code }
        }
        var join = try PlanCorpus.hashJoin(.inner, build: .left, residual: nil).message()
        join.hashJoin.kind = .UNRECOGNIZED(99)
        let text = "of a kind that this release does not know"
        #expect(try refusal(join) == "A plan cannot be read: a join \(text): 99")
        var aggregate = try PlanCorpus.aggregate(.final).message()
        aggregate.aggregate.mode = .UNRECOGNIZED(7)
        #expect(try refusal(aggregate) == "A plan cannot be read: an aggregation \(text): 7")
        var read = try PlanCorpus.read(.partition).message()
        for number in [0, 6] {
            read.shuffleRead.mode = WireShuffleRead.Mode(rawValue: number) ?? .UNRECOGNIZED(number)
            #expect(try refusal(read) == "A plan cannot be read: a shuffle read \(text): \(number)")
        }
        var scan = WireFileRelation()
        scan.format = "xml"
        var relation = try PlanCorpus.scan.message()
        relation.scan.relation = try Data(PlanCodec.bytes(of: scan))
        #expect(try refusal(relation) == "A plan cannot be read: a file format \(text): xml")
        #expect(try refusal(WirePhysicalPlan()).contains("an operator is missing"))
    }

    @Test("what would trap later is refused: columns out of range, keys without partner, empty exchanges")
    func impossible() throws {
        func code(_ change: (inout WireTaskFragment) -> Void) throws -> String? {
            let join = PlanCorpus.hashJoin(.inner, build: .left, residual: nil)
            var message = try PlanCorpus.fragment(join).message()
            change(&message)
            return Self.code(try PlanCodec.bytes(of: message))
        }
        #expect(try code { _ in } == nil)
        #expect(try code { $0.plan.hashJoin.left.scan.columns = [4] } == "CORRUPT_MESSAGE")
        #expect(try code { $0.plan.hashJoin.left.scan.output = [3] } == "CORRUPT_MESSAGE")
        #expect(try code { $0.plan.hashJoin.left.scan.index = .max } == "CORRUPT_MESSAGE")
        #expect(try code { $0.plan.hashJoin.leftKeys = [] } == "CORRUPT_MESSAGE")
        #expect(try code { $0.output.shuffle.kind = .roundRobin } == "CORRUPT_MESSAGE")
        #expect(
            try code {
                $0.plan.hashJoin.right.shuffleRead.mode = .partitionRanges
                $0.plan.hashJoin.right.shuffleRead.ranges = [5, 4]
            } == "CORRUPT_MESSAGE")
        #expect(
            try code {
                $0.plan.hashJoin.right.shuffleRead.mode = .slices
                $0.plan.hashJoin.right.shuffleRead.ranges = [4, 5]
            } == "CORRUPT_MESSAGE")
        #expect(try code { $0.plan.hashJoin.schema.fields[1].type.precision = 39 } == "CORRUPT_MESSAGE")
    }

    /// Most memory that the process has held so far, bytes.
    private static func peakMemory() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
        return try #require(line.split(separator: " ").dropFirst().first.flatMap { Int($0) }) << 10
    }

    @Test("bytes that pretend to hold as many parts as they can take bounded memory, and are refused")
    func bombs() throws {
        var expressions = WireTaskFragment()
        expressions.version = PlanCodec.version
        expressions.plan.scan.filters = Array(repeating: WireExpression(), count: 1 << 20)
        var splits = expressions
        splits.plan = WirePhysicalPlan()
        splits.splits = Array(repeating: WireSplitList(), count: 1 << 20)
        for message in [expressions, splits] {
            let bytes = try PlanCodec.bytes(of: message)
            let before = try Self.peakMemory()
            #expect(Self.code(bytes) == "CORRUPT_MESSAGE")
            let growth = try Self.peakMemory() - before
            print("\(bytes.count) bytes of empty parts: \(growth) more bytes of memory at most")
            #expect(growth < 200 * bytes.count)
        }
    }

    @Test("a fragment longer than a frame is refused unread")
    func tooLong() {
        let bytes = [UInt8](repeating: 0, count: PlanCodec.fragmentBytes + 1)
        #expect(Self.code(bytes) == "CORRUPT_MESSAGE")
    }
}
