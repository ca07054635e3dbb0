import Columns
import Memory
import Plans

/// Holds the rows that one level of a recursion gave, in memory while they fit, else in a spill file. They
/// may be read several times, by several readers. One task.
final class WorkingRows {
    private let spiller: RowSpiller
    private let reservation: Reservation
    private var held = HeldRows()
    private var spilled: SpilledRows?
    private(set) var count = 0

    init(schema: Schema, context: TaskContext) {
        spiller = RowSpiller(schema: schema, context: context)
        reservation = context.reservation(for: "The working table of a recursion")
    }

    /// Adds rows. Throws `SPILL_FAILED`.
    func append(_ batch: Batch) throws {
        count += batch.count
        if spilled == nil {
            held.append(batch)
            if reservation.tryResize(to: held.bytes) { return }
            var file = SpilledRows(file: try spiller.makeFile())
            for rows in held.batches { try spiller.append(rows, to: &file) }
            spilled = file
            held = HeldRows()
            _ = reservation.tryResize(to: 0)
        } else {
            // The rows are taken out while they grow, so that they are not copied.
            guard var file = spilled.take() else { return }
            defer { spilled = file }
            try spiller.append(batch, to: &file)
        }
    }

    /// Returns the batch at a place from 0, or nil behind the last one.
    func batch(at place: Int) throws -> Batch? {
        if let spilled {
            return place < spilled.ranges.count ? try spiller.read(spilled, block: place) : nil
        }
        return place < held.batches.count ? held.batches[place] : nil
    }
}
