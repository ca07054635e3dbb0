import Columns
import Memory
import Testing
import Transport
import Vocabulary

@testable import Shuffle

@Suite("Tokens of jobs at the shuffle port")
struct TokenTests {
    private static let token = (0..<32).map { UInt8($0 * 7) }

    /// Names an attempt of another job than `attempt` does.
    private static func other(_ index: UInt32) -> AttemptID {
        let stage = StageKey(job: JobID(77), statement: 0, stage: StageID(0))
        return AttemptID(task: TaskID(stage: stage, index: index), epoch: 1, number: index)
    }

    private static func output(_ attempt: AttemptID) throws -> ShuffleOutput {
        let blocks = try encode(mixedBatch(10, seed: 1), mixedSchema)
        return ShuffleOutput(
            attempt: attempt, schema: mixedSchema, partitions: [.blocks(blocks)], partitionRows: [10],
            partitionBytes: [blocks.reduce(0) { $0 + $1.byteCount }])
    }

    /// Reads outputs with the tokens that a reader has; returns their batches.
    private static func read(_ outputs: [OutputAddress], with tokens: ShuffleTokens) throws -> Int {
        var settings = FetchSettings()
        settings.pauseSeconds = 0.01
        settings.headers = { tokens.fields(for: $0) }
        let stream = try source(settings: settings).read(
            outputs.map { ($0, 0..<1) }, schema: mixedSchema, ordered: false)
        return try drain(stream).count
    }

    private static func tokens(_ of: [JobID: [UInt8]], isRequired: Bool = true) -> ShuffleTokens {
        let tokens = ShuffleTokens()
        tokens.set(of, isRequired: isRequired)
        return tokens
    }

    @Test("an output is given to who has its job's token, and to nobody else")
    func required() async throws {
        try await aside {
            let job = attempt(0).task.stage.job
            let own = Self.tokens([job: Self.token, JobID(77): [1, 2, 3]])
            let peer = try Peer(tokens: own)
            defer { withExtendedLifetime(peer) {} }
            let address = peer.put(try Self.output(attempt(0)))
            #expect(try Self.read([address], with: Self.tokens([job: Self.token])) == 1)
            var near = Self.token
            near[31] ^= 1
            let wrong: [[JobID: [UInt8]]] = [
                [:], [job: near], [job: Array(Self.token.dropLast())], [job: Self.token + [0]],
                [job: [1, 2, 3]], [job: []],
            ]
            for tokens in wrong {
                let error = #expect(throws: EngineError.self) {
                    try Self.read([address], with: Self.tokens(tokens))
                }
                #expect(error?.code == "SHUFFLE_TOKEN_REFUSED", "\(tokens)")
            }
            // A job of which the coordinator said nothing is nobody's.
            own.forget(job)
            let error = #expect(throws: EngineError.self) {
                try Self.read([address], with: Self.tokens([job: Self.token]))
            }
            #expect(error?.code == "SHUFFLE_TOKEN_REFUSED")
            // While a worker takes part that knows of none.
            own.set([:], isRequired: false)
            #expect(try Self.read([address], with: Self.tokens([:])) == 1)
        }
    }

    @Test("a worker started in the place of one that died says that its outputs are gone, and refuses nobody")
    func successor() async throws {
        try await aside {
            let job = attempt(0).task.stage.job
            let peer = try Peer(tokens: Self.tokens([JobID(77): [1, 2, 3]]))
            defer { withExtendedLifetime(peer) {} }
            let gone = OutputAddress(attempt: attempt(0), address: peer.address)
            let failure = #expect(throws: FetchFailure.self) {
                try Self.read([gone], with: Self.tokens([job: Self.token]))
            }
            #expect(failure?.producer == attempt(0) && failure?.error.code == "SHUFFLE_OUTPUT_MISSING")
            // An output of a job without a token is still nobody's, and so is one of a job that has one.
            let other = OutputAddress(attempt: Self.other(1), address: peer.address)
            for address in [peer.put(try Self.output(attempt(0))), other] {
                let error = #expect(throws: EngineError.self) {
                    try Self.read([address], with: Self.tokens([job: Self.token]))
                }
                #expect(error?.code == "SHUFFLE_TOKEN_REFUSED")
            }
        }
    }

    @Test("outputs of several jobs are read with the token of each, and one does not open the other")
    func severalJobs() async throws {
        try await aside {
            let job = attempt(0).task.stage.job
            let all = [job: Self.token, JobID(77): [9, 9]]
            let peer = try Peer(tokens: Self.tokens(all))
            defer { withExtendedLifetime(peer) {} }
            let outputs = try [attempt(0), Self.other(1), attempt(2), attempt(3), Self.other(4)].map {
                peer.put(try Self.output($0))
            }
            #expect(try Self.read(outputs, with: Self.tokens(all)) == 5)
            let error = #expect(throws: EngineError.self) {
                try Self.read(outputs, with: Self.tokens([job: Self.token]))
            }
            #expect(error?.code == "SHUFFLE_TOKEN_REFUSED")
            let fields = Self.tokens(all).fields(for: job)
            #expect(
                !Self.tokens(all).admit(fields, to: [job, JobID(77)])
                    && Self.tokens(all).admit(fields, to: [job]))
        }
    }

    @Test("tokens that nobody needs go once there are many")
    func trimming() {
        let tokens = ShuffleTokens()
        for job in 0..<5000 {
            tokens.set([JobID(job): [1]], isRequired: true)
            tokens.trim { [JobID(3), JobID(job)] }
        }
        let kept = (0..<5000).filter { !tokens.fields(for: JobID($0)).isEmpty }
        #expect(kept.contains(3) && kept.contains(4999) && kept.count <= 1025, "\(kept.count)")
    }
}
