import Columns
import Memory

/// Numbers the rows that it sees: the task's place in the upper bits, as Spark's
/// `monotonically_increasing_id`.
final class RowNumberNode: Node {
    static let function = "monotonically_increasing_id"
    /// Bits of a number that tell rows of one task apart.
    private static let rowBits: Int64 = 33

    private var next: Int64

    init(task: Int) {
        next = Int64(task) << Self.rowBits
        super.init(.int64)
    }

    override func compute(_ frame: Frame) -> Vector {
        let buffer = Buffer(byteCount: max(frame.count * 8, 16))
        let out = buffer.pointer(as: Int64.self)
        var row = 0
        while row < frame.count {
            out[row] = next &+ Int64(row)
            row &+= 1
        }
        next &+= Int64(frame.count)
        return .flat(.int64, count: frame.count, values: buffer)
    }
}
