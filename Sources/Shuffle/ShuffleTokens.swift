import Synchronization
import Transport
import Vocabulary

/// Keeps the tokens of jobs by which their outputs may be read: a reader sends its job's along, and who
/// serves compares it with the one that the coordinator gave. Thread-safe: one mutex.
package final class ShuffleTokens: Sendable {
    private struct State {
        var tokens: [JobID: [UInt8]] = [:]
        var isRequired = true
        /// Tokens at which those that nobody needs are looked for again.
        var limit = ShuffleTokens.firstLimit
    }

    private let state = Mutex(State())

    /// Name of the field that carries the token, in hexadecimal digits.
    static let header = "millrace-shuffle-token"
    /// Tokens that are kept without a look at which are needed.
    private static let firstLimit = 1024

    package init() {}

    /// Takes in the tokens of jobs, and whether readers must have one: not while a worker takes part that
    /// knows of none.
    package func set(_ tokens: [JobID: [UInt8]], isRequired: Bool) {
        state.withLock { state in
            state.tokens.merge(tokens) { $1 }
            state.isRequired = isRequired
        }
    }

    /// Forgets the tokens of jobs that nobody needs once there are many; `needed` tells which are.
    package func trim(needed: () -> Set<JobID>) {
        if state.withLock({ $0.tokens.count <= $0.limit }) { return }
        let needed = needed()
        state.withLock { state in
            state.tokens = state.tokens.filter { needed.contains($0.key) }
            state.limit = max(ShuffleTokens.firstLimit, 2 * state.tokens.count)
        }
    }

    package func forget(_ job: JobID) { state.withLock { $0.tokens[job] = nil } }

    /// The fields that a request for outputs of a job carries.
    package func fields(for job: JobID) -> [HeaderField] {
        guard let token = state.withLock({ $0.tokens[job] }) else { return [] }
        return [HeaderField(ShuffleTokens.header, ShuffleTokens.text(token), isNeverIndexed: true)]
    }

    /// Whether a request's fields have the token of each of the jobs whose outputs it names.
    func admit(_ fields: [HeaderField], to jobs: Set<JobID>) -> Bool {
        let (expected, isRequired) = state.withLock { state in
            (jobs.map { state.tokens[$0] }, state.isRequired)
        }
        if !isRequired { return true }
        let sent = Array((fields[ShuffleTokens.header] ?? "").utf8)
        return !jobs.isEmpty
            && expected.allSatisfy { token in
                guard let token, !token.isEmpty else { return false }
                return ShuffleTokens.isEqual(sent, Array(ShuffleTokens.text(token).utf8))
            }
    }

    /// Whether none of the jobs has a token here.
    func isStranger(to jobs: Set<JobID>) -> Bool {
        state.withLock { state in jobs.allSatisfy { state.tokens[$0] == nil } }
    }

    private static func text(_ token: [UInt8]) -> String {
        token.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    /// Compares in a time that does not tell how much of them is equal.
    private static func isEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        guard a.count == b.count else { return false }
        return zip(a, b).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
