import Columns
import Shuffle

/// Computes batches on demand. Operators form a tree; a task pulls from its root. Used by one thread at a
/// time.
///
/// An operator never blocks: when its input is blocked it passes that on and keeps what it has, so that the
/// next call goes on from there.
package protocol Operator: AnyObject {
    /// Returns the next batch, never an empty one, or that there is none yet, or the end.
    func next() throws -> Pull
    /// Hears, before the first `next`, that whoever pulls drops the rows that the filter drops; an operator
    /// may drop them early, or pass the filter on to its input. `columns` are the filter's keys in the
    /// output.
    func offer(_ filter: JoinKeyFilter, columns: [Int])
}

extension Operator {
    func offer(_ filter: JoinKeyFilter, columns: [Int]) {}
}
