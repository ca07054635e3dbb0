import Columns
import Functions
import Kernels
import Plans
import Shuffle
import Vocabulary

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
    /// Whether a row gives the same values when it is evaluated once more.
    private let isRepeatable: Bool
    /// Rows of the next piece at most.
    private var pieceRows: Int
    /// The batch that pieces are cut from, and how many of its rows were given.
    private var rest: (batch: Batch, given: Int)?
    /// A piece that comes again.
    private var again: Batch?

    /// `expressions`: those that are computed over the input's rows.
    init(_ input: any Operator, computing expressions: [Expression]) {
        self.input = input
        wide = expressions.indices.filter {
            expressions[$0].inputPosition == nil && expressions[$0].type.isUnbounded
        }
        isRepeatable = expressions.allSatisfy(\.dependsOnRowOnly)
        pieceRows = wide.isEmpty ? .max : PiecewiseInput.firstRows
    }

    func offer(_ filter: JoinKeyFilter, columns: [Int]) { input.offer(filter, columns: columns) }

    func next() throws -> Pull {
        if let piece = again {
            let count = min(pieceRows, piece.count)
            again = count < piece.count ? piece.sliced(from: count, count: piece.count - count) : nil
            return .batch(piece.sliced(from: 0, count: count))
        }
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

    /// Returns the expressions' values over the last piece; nil where they have no room: the piece comes
    /// again, in smaller ones. Throws `OUT_OF_MEMORY` where those of one row have none.
    func values(of piece: Batch, by evaluator: Evaluator) throws -> [Vector]? {
        do {
            let columns = try evaluator.evaluate(piece)
            computed(columns, rows: piece.count)
            return columns
        } catch let error as EngineError where error.code == "OUT_OF_MEMORY" {
            if piece.count < 2 || wide.isEmpty || !isRepeatable { throw error }
            let left = again.map { Concat.batches([piece, $0]) }
            again = left ?? piece
            pieceRows = max(1, piece.count / PiecewiseInput.growth)
            return nil
        }
    }

    /// Takes note of what the expressions came to over the last piece.
    private func computed(_ columns: [Vector], rows: Int) {
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
