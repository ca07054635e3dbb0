import Columns
import Kernels
import Memory
import Shuffle

/// Keeps the right side of a nested-loop join: one batch while it fits in memory, else blocks in a spill
/// file, which are read again for each stretch of the left side ("block nested loop").
///
///     in memory ──memory is short──▶ on disk
///
/// One task.
final class NestedLoopRight {
    /// Bytes that are held however short memory is.
    static let leastBytes = 1 << 20
    /// Rows, and bytes of them, in a block on disk, about.
    private static let blockRows = 16_384
    private static let blockBytes = 1 << 20

    private let schema: Schema
    private let context: TaskContext
    private let extraBytes: Int
    private let reservation: Reservation
    private var held = HeldRows()
    private var memory: Batch?
    private var disk: NumberedRows?
    /// The block that was read last.
    private var last: (block: Int, rows: Batch)?

    /// `extraBytes`: what each row in memory takes beside itself.
    init(_ schema: Schema, extraBytes: Int, _ context: TaskContext) {
        self.extraBytes = extraBytes
        self.schema = schema
        self.context = context
        reservation = context.reservation(for: "The right side of a nested-loop join")
    }

    var isOnDisk: Bool { disk != nil }
    /// Number of rows, once all are there.
    var count: Int { disk?.count ?? memory?.count ?? 0 }
    /// Number of blocks, once all rows are there; a side without rows has none.
    var blockCount: Int { disk?.blockCount ?? (count > 0 ? 1 : 0) }

    /// Adds rows. Throws `SPILL_FAILED`.
    func append(_ batch: Batch) throws {
        held.append(batch)
        if let disk {
            if held.count >= Self.blockRows || held.bytes >= Self.blockBytes { try write(to: disk) }
            return
        }
        // The rows are put together in one batch beside those that are held.
        let wanted = held.bytes + max(held.rowBytes, held.count * extraBytes)
        if reservation.tryResize(to: wanted) || held.bytes < Self.leastBytes { return }
        let made = try NumberedRows(schema: schema, context: context)
        disk = made
        try write(to: made)
        _ = reservation.tryResize(to: 0)
        _ = reservation.tryResize(to: 2 * Self.blockBytes)
    }

    private func write(to disk: NumberedRows) throws {
        guard held.count > 0 else { return }
        let rows = held.takeAll()
        var from = 0
        while from < rows.count {
            let size = min(Self.blockRows, rows.count - from)
            try disk.append(rows.sliced(from: from, count: size))
            from += size
        }
    }

    /// Ends the adding of rows.
    func finish() throws {
        if let disk { return try write(to: disk) }
        guard held.count > 0 else { return }
        let keptBytes = held.bytes + held.count * extraBytes
        memory = held.takeAll()
        _ = reservation.tryResize(to: min(reservation.bytes, keptBytes))
    }

    /// Returns the number of a block's first row.
    func firstRow(ofBlock block: Int) -> Int { disk?.starts[block] ?? 0 }

    /// Returns the block that holds a row.
    func block(of row: Int) -> Int { disk?.block(of: row) ?? 0 }

    /// Returns a block's rows. Throws `SPILL_FAILED`.
    func rows(ofBlock block: Int) throws -> Batch {
        guard let disk else {
            return memory ?? Batch(columns: schema.types.map { .empty($0) }, count: 0)
        }
        if let last, last.block == block { return last.rows }
        let rows = try disk.read(block)
        last = (block, rows)
        return rows
    }
}
