import Columns
import Functions
import Kernels
import Memory
import Plans
import Vocabulary

/// Tells for each row of a batch to which partition it goes.
protocol Partitioner: AnyObject {
    /// Writes the partition of each row.
    func assign(_ batch: Batch, into partitions: UnsafeMutablePointer<UInt32>) throws
}

/// Deals rows with equal keys to one partition: their hash, scaled to the number of partitions (high bits, so
/// that tables below may use the low).
final class HashPartitioner: Partitioner {
    private let evaluator: Evaluator
    private let count: UInt64

    init(_ keys: [Expression], partitions: Int, settings: SessionSettings) throws {
        evaluator = try Evaluator(keys, settings: settings)
        count = UInt64(partitions)
    }

    func assign(_ batch: Batch, into partitions: UnsafeMutablePointer<UInt32>) throws {
        let hashes = Hashing.hash(try evaluator.evaluate(batch), count: batch.count)
        let hash = hashes.pointer(as: UInt64.self)
        let scale = count
        var row = 0
        while row < batch.count {
            partitions[row] = UInt32(truncatingIfNeeded: ((hash[row] >> 32) &* scale) >> 32)
            row &+= 1
        }
        withExtendedLifetime(hashes) {}
    }
}

/// Deals rows out in turn, a batch's rows one after the other.
final class RoundRobinPartitioner: Partitioner {
    private let count: Int
    private var next: Int

    init(partitions: Int, first: Int) {
        count = partitions
        next = first % partitions
    }

    func assign(_ batch: Batch, into partitions: UnsafeMutablePointer<UInt32>) {
        var row = 0
        while row < batch.count {
            partitions[row] = UInt32(truncatingIfNeeded: next)
            next = next &+ 1 == count ? 0 : next &+ 1
            row &+= 1
        }
    }
}

/// Deals rows out by ascending ranges of the sort keys: partition p holds the rows from bound p-1 (inclusive)
/// to bound p (exclusive).
final class RangePartitioner: Partitioner {
    private let evaluator: Evaluator
    private let encoder: SortKeyEncoder
    private let bounds: SortKeyBlock?

    /// `bounds`: rows of the keys' values in order, or nil for a single range.
    init(_ keys: [SortKey], bounds: Batch?, settings: SessionSettings) throws {
        evaluator = try Evaluator(keys.map(\.expression), settings: settings)
        encoder = SortKeyEncoder(
            types: keys.map(\.expression.type), ascending: keys.map(\.ascending),
            nullsFirst: keys.map(\.nullsFirst))
        self.bounds = bounds.map { [encoder] in encoder.encode($0.columns, count: $0.count) }
    }

    func assign(_ batch: Batch, into partitions: UnsafeMutablePointer<UInt32>) throws {
        guard let bounds, bounds.count > 0 else {
            partitions.update(repeating: 0, count: batch.count)
            return
        }
        let keys = encoder.encode(try evaluator.evaluate(batch), count: batch.count)
        var row = 0
        while row < batch.count {
            var low = 0
            var high = bounds.count
            while low < high {
                let middle = (low + high) / 2
                if keys.compare(row, bounds, middle) < 0 { high = middle } else { low = middle + 1 }
            }
            partitions[row] = UInt32(truncatingIfNeeded: low)
            row &+= 1
        }
    }
}
