import Columns
import Kernels
import Memory

/// Holds the rows that a tree of nodes is evaluated over: a batch, or some rows of another frame. Columns of
/// selected rows are gathered when first asked for, and values of shared nodes are computed once. Used by one
/// thread.
final class Frame {
    let count: Int
    private let batch: Batch?
    private let parent: Frame?
    private let selection: Selection?
    private var columns: [Int: Vector] = [:]
    private var values: [Vector?]

    /// Makes a frame of a batch, for trees with `slots` shared nodes.
    init(_ batch: Batch, slots: Int) {
        self.batch = batch
        parent = nil
        selection = nil
        count = batch.count
        values = [Vector?](repeating: nil, count: slots)
    }

    /// Makes a frame of some rows of another frame.
    init(_ parent: Frame, _ selection: Selection) {
        batch = nil
        self.parent = parent
        self.selection = selection
        count = selection.count
        values = [Vector?](repeating: nil, count: parent.values.count)
    }

    /// Returns the column at `ordinal` of the batch, only this frame's rows.
    func column(_ ordinal: Int) -> Vector {
        if let batch { return batch.columns[ordinal] }
        if let known = columns[ordinal] { return known }
        guard let parent, let selection else { return .nulls(.null, count: count) }
        let column = parent.column(ordinal).gathered(selection.rows, count: selection.count)
        columns[ordinal] = column
        return column
    }

    /// Returns the value of a shared node if it was computed here or in a frame above.
    func value(_ slot: Int) -> Vector? {
        if let known = values[slot] { return known }
        guard let parent, let selection, let above = parent.value(slot) else { return nil }
        let value = above.gathered(selection.rows, count: selection.count)
        values[slot] = value
        return value
    }

    private var variables: [Int: Vector] = [:]

    /// Gives a lambda's variable its value for every row.
    func bind(_ number: Int, _ value: Vector) { variables[number] = value }

    /// Returns the value of a lambda's variable that was bound here or in a frame above.
    func variable(_ number: Int) -> Vector? {
        if let known = variables[number] { return known }
        guard let parent, let selection, let above = parent.variable(number) else { return nil }
        let value = above.gathered(selection.rows, count: selection.count)
        variables[number] = value
        return value
    }

    func store(_ value: Vector, _ slot: Int) { values[slot] = value }
}
