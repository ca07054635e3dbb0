import Columns
import Memory
import Plans
import Vocabulary

/// Evaluates expressions over a batch at once, and over ever smaller pieces of it where what they make on the
/// way has no room: `length(repeat(s, 100000))` needs little for its result.
struct EvaluationPieces {
    /// By how much fewer rows are tried next; the batch after is tried with twice as many.
    private static let division = 4

    /// Whether a row gives the same value when it is evaluated once more.
    private let areRepeatable: Bool
    /// Rows that had room at once.
    private var rowsAtOnce = Int.max

    init(_ expressions: [Expression]) { areRepeatable = expressions.allSatisfy(Compiler.isDeterministic) }

    /// Calls `body` with pieces of the batch, in order, and each one's first row; returns what it gave.
    /// Throws its errors, but `OUT_OF_MEMORY` only for a single row.
    mutating func over<Part>(_ batch: Batch, _ body: (Batch, Int) throws -> Part) throws -> [Part] {
        var parts: [Part] = []
        if let whole = try attempt(batch, body, from: 0) { return [whole] }
        // As one evaluation: what its pieces give is held together.
        try MadeMemory.evaluating {
            var from = 0
            while from < batch.count {
                let piece = batch.sliced(from: from, count: min(rowsAtOnce, batch.count - from))
                guard let part = try attempt(piece, body, from: from) else { continue }
                parts.append(part)
                from += piece.count
            }
        }
        // Others may have held the memory just then.
        if rowsAtOnce < batch.count { rowsAtOnce *= 2 }
        return parts
    }

    /// Returns what `body` gives; nil where it is to be tried with fewer rows.
    private mutating func attempt<Part>(
        _ piece: Batch, _ body: (Batch, Int) throws -> Part, from: Int
    ) throws -> Part? {
        if piece.count > rowsAtOnce { return nil }
        do {
            return try MadeMemory.evaluating { try body(piece, from) }
        } catch let error as EngineError where error.code == "OUT_OF_MEMORY" {
            if piece.count < 2 || !areRepeatable { throw error }
            rowsAtOnce = max(1, piece.count / Self.division)
            return nil
        }
    }
}
