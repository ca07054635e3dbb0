import Columns
import Kernels
import Shuffle

/// Skips `offset` rows and gives at most `count` further ones.
final class LimitOperator: Operator {
    private let input: any Operator
    private var toSkip: Int
    private var toGive: Int

    init(count: Int?, offset: Int, input: any Operator) {
        self.input = input
        toSkip = offset
        toGive = count ?? Int.max
    }

    func next() throws -> Pull {
        while toGive > 0 {
            let pull = try input.next()
            guard case .batch(let batch) = pull else { return pull }
            if toSkip >= batch.count {
                toSkip -= batch.count
                continue
            }
            let start = toSkip
            toSkip = 0
            let count = min(batch.count - start, toGive)
            toGive -= count
            return .batch(count == batch.count ? batch : batch.sliced(from: start, count: count))
        }
        return .finished
    }
}
