import Columns
import Functions
import Kernels
import Memory
import Vocabulary

/// Takes down the rows of one batch that a generator makes: which input row each repeats, which place in that
/// row's list it shows, and where the element lies, or what it is. A row without element has the place −1.
struct GeneratedRows {
    private(set) var count = 0
    private let sources = Buffer(byteCount: Limits.batchRows * 4)
    private let places = Buffer(byteCount: Limits.batchRows * 4)
    private let elements = Buffer(byteCount: Limits.batchRows * 4)
    /// Numbers of sequences, which lie nowhere.
    private let written = Buffer(byteCount: Limits.batchRows * 8)
    private var hasMissing = false

    private var source: UnsafeMutablePointer<UInt32> { sources.pointer(as: UInt32.self) }
    private var position: UnsafeMutablePointer<Int32> { places.pointer(as: Int32.self) }
    /// Where each row's element lies, as long as these rows live.
    var element: UnsafeMutablePointer<Int32> { elements.pointer(as: Int32.self) }

    /// Adds a row without element.
    mutating func addMissing(_ row: Int) {
        source[count] = UInt32(truncatingIfNeeded: row)
        position[count] = -1
        element[count] = -1
        written.pointer(as: Int64.self)[count] = 0
        hasMissing = true
        count += 1
    }

    /// Adds elements that follow each other, from a place of a row's list on.
    mutating func add(_ added: Int, row: Int, from place: Int, element first: Int) {
        let (source, position, element) = (source + count, position + count, element + count)
        let number = UInt32(truncatingIfNeeded: row)
        var (at, from) = (Int32(truncatingIfNeeded: place), Int32(truncatingIfNeeded: first))
        var i = 0
        while i < added {
            source[i] = number
            position[i] = at
            element[i] = from
            at &+= 1
            from &+= 1
            i &+= 1
        }
        count += added
    }

    /// Adds numbers of a row's sequence, from a place on.
    mutating func add(_ added: Int, of sequences: NumberSequences, row: Int, from place: Int) {
        sequences.write(row, from: place, count: added, to: written, at: count)
        add(added, row: row, from: place, element: 0)
    }

    /// Returns a column of the input with each value as often as its row has elements; a constant where all
    /// of them are of one row.
    func repeated(_ column: Vector) -> Vector {
        if count > 0, source[0] == source[count - 1], column.type != .null {
            let one = column.sliced(from: Int(source[0]), count: 1).flattened()
            return .constant(one, count: count)
        }
        return column.gathered(source, count: count)
    }

    /// The place of each element in its list, null without element.
    var positions: Vector {
        let values = Buffer(byteCount: count * 4)
        let out = values.pointer(as: Int32.self)
        var i = 0
        while i < count {
            out[i] = max(position[i], 0)
            i &+= 1
        }
        return .flat(.int32, count: count, values: values, validity: validity)
    }

    /// The numbers that were written, null without element.
    func numbers(_ type: DataType) -> Vector {
        .flat(type, count: count, values: written, validity: validity)
    }

    private var validity: Bitmap? {
        if !hasMissing { return nil }
        return Bitmap((0..<count).map { position[$0] >= 0 })
    }
}
