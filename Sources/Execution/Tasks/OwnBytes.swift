import Columns
import Kernels

extension Vector {
    /// Bytes of this vector's own rows, without dictionaries and string bytes that it shares with others.
    var ownBytes: Int { (values?.byteCount ?? 0) + children.reduce(0) { $0 + $1.ownBytes } }

    /// Bytes of text that the rows refer to, wherever it lies; a dictionary's is not counted.
    var textBytes: Int {
        var total = children.reduce(0) { $0 + $1.textBytes }
        guard form != .dictionary, type.physical == .view, !heaps.isEmpty, let values else { return total }
        let views = values.pointer(as: StringView.self)
        let rows = form == .constant ? 1 : count
        var row = 0
        while row < rows {
            total &+= views[row].count
            row &+= 1
        }
        return total
    }
}

extension Batch {
    /// Bytes of the batch's own rows: what an operator reserves that holds it.
    var ownBytes: Int { columns.reduce(0) { $0 + $1.ownBytes } }

    /// Bytes of text that the rows refer to, wherever it lies; that of dictionaries is not counted.
    var textBytes: Int { columns.reduce(0) { $0 + $1.textBytes } }

    /// Returns the batch with the text that its rows do not use left out, where that is most of it.
    func compacted() -> Batch { Batch(columns: columns.map { $0.compacted() }, count: count) }
}
