import Columns
import Kernels
import Memory
import Plans
import Vocabulary

/// Knows the sequences of whole numbers that a batch's rows stand for, without their elements: `sequence`
/// makes arrays of them, and a generator over it gives them out piece by piece.
package struct NumberSequences {
    /// The sequence of one row; no element at all for a null.
    private struct Line {
        var start: Int64
        var step: Int64
        var count: Int
    }

    /// Type of the elements.
    package let type: DataType
    /// Most elements of one row, as many as Spark's longest array has.
    package static let longest = Int(Int32.max) - 15
    private var lines: [Line] = []

    /// Takes starts, ends and perhaps steps of one whole type, flat or constant, for so many rows. Throws
    /// `INVALID_PARAMETER_VALUE` for steps that do not lead to the end, and
    /// `COLLECTION_SIZE_LIMIT_EXCEEDED` for rows of more than `longest` elements.
    init(_ arguments: [Vector], count: Int, longest: Int) throws {
        type = arguments[0].type
        let columns = arguments.map(Column.init)
        lines.reserveCapacity(count)
        for row in 0..<count {
            if columns.contains(where: { $0.isNull(row) }) {
                lines.append(Line(start: 0, step: 0, count: 0))
                continue
            }
            let (start, end) = (columns[0].integer(row), columns[1].integer(row))
            let step = columns.count > 2 ? columns[2].integer(row) : (start <= end ? 1 : -1)
            guard let size = Self.size(from: start, to: end, step: step) else {
                throw SequenceFunction.misled(from: start, to: end, step: "\(step)")
            }
            if size > longest { throw SequenceFunction.tooLong(limit: longest) }
            lines.append(Line(start: Int64(start), step: Int64(step), count: Int(size)))
        }
    }

    /// Number of elements from a start to an end, nil where the step does not lead there.
    static func size(from start: Int, to end: Int, step: Int) -> Int128? {
        if start == end { return 1 }
        if step == 0 || (step > 0) != (start < end) { return nil }
        return (Int128(end) - Int128(start)) / Int128(step) + 1
    }

    /// Number of elements of a row; 0 for a null.
    package func count(_ row: Int) -> Int { lines[row].count }

    /// Number of elements of all rows.
    var total: Int { lines.reduce(0) { $0 + $1.count } }

    /// Writes elements of a row, from a place within it on, as values of `type` behind `offset` others.
    package func write(_ row: Int, from place: Int, count: Int, to values: Buffer, at offset: Int) {
        let (step, start) = (lines[row].step, lines[row].start &+ Int64(place) &* lines[row].step)
        switch type.physical {
        case .int8: Self.write(values.pointer(as: Int8.self) + offset, count, start, step)
        case .int16: Self.write(values.pointer(as: Int16.self) + offset, count, start, step)
        case .int32: Self.write(values.pointer(as: Int32.self) + offset, count, start, step)
        default: Self.write(values.pointer(as: Int64.self) + offset, count, start, step)
        }
    }

    @inline(__always)
    private static func write<Number: FixedWidthInteger>(
        _ out: UnsafeMutablePointer<Number>, _ count: Int, _ start: Int64, _ step: Int64
    ) {
        // Every element is a number of the type, so that cutting off leaves it whole.
        var next = Number(truncatingIfNeeded: start)
        let by = Number(truncatingIfNeeded: step)
        var i = 0
        while i < count {
            out[i] = next
            next = next &+ by
            i &+= 1
        }
    }

    /// Makes the arrays.
    func arrays(_ type: DataType, validity: Bitmap?) throws -> Vector {
        let total = total
        guard let end = Int32(exactly: total) else {
            throw SequenceFunction.tooLong(limit: Int(Int32.max))
        }
        let offsets = Buffer(byteCount: (lines.count + 1) * 4)
        let ends = offsets.pointer(as: Int32.self)
        guard let values = MadeMemory.buffer(byteCount: max(total * self.type.physical.width, 16)) else {
            return .nulls(type, count: lines.count)
        }
        ends[0] = 0
        for row in lines.indices {
            let start = Int(ends[row])
            write(row, from: 0, count: lines[row].count, to: values, at: start)
            ends[row + 1] = Int32(truncatingIfNeeded: start + lines[row].count)
        }
        return .flat(
            type, count: lines.count, values: offsets, validity: validity,
            children: [.flat(self.type, count: Int(end), values: values)])
    }
}

/// Computes the sequences of whole numbers that a call of `sequence` stands for in each batch, for those who
/// need no arrays. Used by one thread.
package final class NumberSequenceSource {
    private let evaluator: Evaluator
    private let origin: Origin

    /// Compiles the call's arguments; nil for any other expression, or a sequence of dates or times.
    package init?(_ list: Expression, settings: SessionSettings) throws {
        guard case .call(let call) = list, call.name == SequenceFunction.name,
            call.arguments.allSatisfy({ $0.type.isIntegral && $0.type == call.arguments[0].type }),
            CollectionFunctions.element(call.type) == call.arguments[0].type
        else { return nil }
        evaluator = try Evaluator(call.arguments, settings: settings)
        origin = call.origin
    }

    /// Returns the sequences of the batch's rows. Throws the error of the first row that fails.
    package func evaluate(_ batch: Batch) throws -> NumberSequences {
        let vectors = try evaluator.evaluate(batch).map { $0.form == .dictionary ? $0.flattened() : $0 }
        return try origin.placing {
            try NumberSequences(vectors, count: batch.count, longest: NumberSequences.longest)
        }
    }
}
