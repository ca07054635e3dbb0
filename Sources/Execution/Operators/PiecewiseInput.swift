import Columns
import Plans
import Shuffle

/// Gives an operator that computes texts or lists its input in pieces, so that what it makes of one piece
/// does not take much more than `targetBytes`: a batch is bounded by its rows, but `repeat` or `sequence`
/// makes of each as many bytes as it likes. Operators without such expressions get whole batches.
final class PiecewiseInput: Operator {
    /// Bytes that are made at once, about.
    static let targetBytes = 4 << 20
    /// Rows of the first piece, and by how much a piece may have more rows than the one before.
    static let firstRows = 256
    static let growth = 16

    private let input: any Operator
    /// Which of the expressions make texts or lists.
    private let wide: [Int]
    /// Rows of the next piece at most.
    private var pieceRows: Int
    /// The batch that pieces are cut from, and how many of its rows were given.
    private var rest: (batch: Batch, given: Int)?

    /// `expressions`: those that are computed over the input's rows.
    init(_ input: any Operator, computing expressions: [Expression]) {
        self.input = input
        wide = expressions.indices.filter {
            expressions[$0].inputPosition == nil && expressions[$0].type.isUnbounded
        }
        pieceRows = wide.isEmpty ? .max : PiecewiseInput.firstRows
    }

    func offer(_ filter: JoinKeyFilter, columns: [Int]) { input.offer(filter, columns: columns) }

    func next() throws -> Pull {
        if rest == nil {
            let pull = try input.next()
            guard case .batch(let batch) = pull, batch.count > pieceRows else { return pull }
            rest = (batch, 0)
        }
        guard let (batch, given) = rest else { return .finished }
        let count = min(pieceRows, batch.count - given)
        rest = given + count < batch.count ? (batch, given + count) : nil
        return .batch(batch.sliced(from: given, count: count))
    }

    /// Takes note of what the expressions came to over the last piece.
    func computed(_ columns: [Vector], rows: Int) {
        if wide.isEmpty || rows == 0 { return }
        // A constant is held once, however many rows there are.
        let bytes = wide.reduce(0) { sum, place in
            let column = columns[place]
            return column.form == .constant ? sum : sum + column.ownBytes + column.textBytes
        }
        let fitting = PiecewiseInput.targetBytes / max(1, bytes / rows)
        pieceRows = max(1, min(fitting, rows * PiecewiseInput.growth))
    }
}

extension DataType {
    /// Whether a value of the type may be of any length.
    fileprivate var isUnbounded: Bool { isNested || physical == .view }
}
