import Columns
import Memory
import Vocabulary

/// Puts a column with the number of each row behind the others: a stream that gives all rows of a part of a
/// file, in their order.
final class NumberedStream: BatchStream {
    private let input: any BatchStream
    private var passed: Int

    /// `first` is the number of the first row.
    init(_ input: any BatchStream, from first: Int) {
        self.input = input
        passed = first
    }

    func next() throws -> Batch? {
        guard let batch = try input.next() else { return nil }
        let buffer = Buffer(byteCount: max(1, batch.count) * 8)
        let numbers = buffer.pointer(as: Int64.self)
        for row in 0..<batch.count { numbers[row] = Int64(passed + row) }
        passed += batch.count
        let column = Vector.flat(.int64, count: batch.count, values: buffer, validity: nil)
        return Batch(columns: batch.columns + [column], count: batch.count)
    }
}
