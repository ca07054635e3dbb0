import Transport
import Vocabulary

/// Asks for blocks of one output.
///
///     job.statement.stage.task@epoch-number/from-to             all blocks of partitions from ..< to
///     job.statement.stage.task@epoch-number/from-to+first       without the first blocks of them
///     job.statement.stage.task@epoch-number/from-to+firstxcount at most so many
package struct BlockRequest: Hashable, Sendable, CustomStringConvertible {
    package var attempt: AttemptID
    package var partitions: Range<Int>
    /// Position of the first block wanted, counted over all blocks of the partitions.
    package var firstBlock = 0
    /// Most blocks wanted; nil: all.
    package var blockCount: Int?

    package init(attempt: AttemptID, partitions: Range<Int>, firstBlock: Int = 0, blockCount: Int? = nil) {
        self.attempt = attempt
        self.partitions = partitions
        self.firstBlock = firstBlock
        self.blockCount = blockCount
    }

    package var description: String {
        var text = "\(attempt)/\(partitions.lowerBound)-\(partitions.upperBound)"
        if firstBlock > 0 || blockCount != nil { text += "+\(firstBlock)" }
        if let blockCount { text += "x\(blockCount)" }
        return text
    }

    /// Reads the text form; nil when it is none.
    init?(_ text: Substring) {
        let halves = text.split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2, let attempt = AttemptID(text: halves[0]) else { return nil }
        let pieces = halves[1].split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false)
        let bounds = pieces[0].split(separator: "-", omittingEmptySubsequences: false)
        guard bounds.count == 2, let from = UInt32(bounds[0]), let to = UInt32(bounds[1]), from <= to else {
            return nil
        }
        self.init(attempt: attempt, partitions: Int(from)..<Int(to))
        guard pieces.count == 2 else { return }
        let counts = pieces[1].split(separator: "x", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = UInt32(counts[0]) else { return nil }
        firstBlock = Int(first)
        guard counts.count == 2 else { return }
        guard let count = UInt32(counts[1]) else { return nil }
        blockCount = Int(count)
    }
}

/// Asks for blocks of several outputs in one request: the path `/shuffle/v1/` and the requests, with commas.
package enum ShufflePath {
    /// What the paths of shuffle requests begin with.
    package static let prefix = "/shuffle/v1/"
    /// Most outputs in one request.
    static let outputLimit = 256
    /// Name of the field that carries a path's check. A bit that turns in a path asks for other partitions,
    /// whose blocks are whole: nothing in the answer would tell.
    static let checkHeader = "millrace-shuffle-check"

    /// Returns the field that goes along with a path. Not indexed: no two are alike.
    static func checkField(_ path: String) -> HeaderField {
        HeaderField(checkHeader, check(path), isNeverIndexed: true)
    }

    /// Whether a request's path came as it was sent. A reader of an earlier release sends no check.
    static func isWhole(_ path: String, _ fields: [HeaderField]) -> Bool {
        guard let sent = fields[checkHeader] else { return true }
        return sent == check(path)
    }

    /// FNV-1a over the path's bytes, in hexadecimal digits.
    private static func check(_ path: String) -> String {
        let hash = path.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        return String(hash, radix: 16)
    }

    static func make(_ requests: some Sequence<BlockRequest>) -> String {
        prefix + requests.map(\.description).joined(separator: ",")
    }

    /// Reads a path; nil when it is none.
    static func parse(_ path: String) -> [BlockRequest]? {
        guard path.hasPrefix(prefix) else { return nil }
        var requests: [BlockRequest] = []
        for item in path.dropFirst(prefix.count).split(separator: ",", omittingEmptySubsequences: false) {
            guard requests.count < outputLimit, let request = BlockRequest(item) else { return nil }
            requests.append(request)
        }
        return requests
    }
}

extension AttemptID {
    /// Reads `job.statement.stage.task@epoch-number`; nil when the text is none.
    init?(text: Substring) {
        let halves = text.split(separator: "@", omittingEmptySubsequences: false)
        guard halves.count == 2 else { return nil }
        let task = halves[0].split(separator: ".", omittingEmptySubsequences: false).compactMap { UInt32($0) }
        let launch = halves[1].split(separator: "-", omittingEmptySubsequences: false).compactMap {
            UInt32($0)
        }
        guard task.count == 4, launch.count == 2 else { return nil }
        let stage = StageKey(
            job: JobID(rawValue: task[0]), statement: task[1], stage: StageID(rawValue: task[2]))
        self.init(task: TaskID(stage: stage, index: task[3]), epoch: launch[0], number: launch[1])
        guard description == text else { return nil }
    }
}
