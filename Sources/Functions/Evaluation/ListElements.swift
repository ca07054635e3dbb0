import Columns
import Kernels
import Memory

/// Numbers the elements of all rows' lists one after the other, without those of null lists.
final class ListElements {
    let rowCount: Int
    /// Number of elements in all.
    let count: Int
    /// Row that each element belongs to.
    private let rows: UnsafeMutablePointer<UInt32>
    /// Place of each element in its list's child; of the longest list where there are several.
    let places: UnsafeMutablePointer<UInt32>
    /// Elements before each row, and one more entry.
    private let offsets: UnsafeMutablePointer<Int32>
    private let owners: (rows: Buffer, places: Buffer, offsets: Buffer)

    convenience init(_ list: Vector, count rowCount: Int) {
        self.init([list], list.validity, count: rowCount)
    }

    /// Takes the longest of each row's lists. Rows that `validity` names null have no elements.
    init(_ lists: [Vector], _ validity: Bitmap?, count rowCount: Int) {
        self.rowCount = rowCount
        let starts = Buffer(byteCount: (rowCount + 1) * 4)
        offsets = starts.pointer(as: Int32.self)
        let bounds = lists.map(\.offsets)
        var total = 0
        for row in 0..<rowCount {
            offsets[row] = Int32(truncatingIfNeeded: total)
            if let validity, (validity.words[row >> 6] >> UInt64(row & 63)) & 1 == 0 { continue }
            var longest = 0
            for bound in bounds { longest = max(longest, Int(bound[row + 1] - bound[row])) }
            total += longest
        }
        offsets[rowCount] = Int32(truncatingIfNeeded: total)
        count = total
        let (owner, place) = (Buffer(byteCount: max(total * 4, 4)), Buffer(byteCount: max(total * 4, 4)))
        rows = owner.pointer(as: UInt32.self)
        places = place.pointer(as: UInt32.self)
        for row in 0..<rowCount {
            var at = Int(offsets[row])
            var source = UInt32(truncatingIfNeeded: Int(bounds[0][row]))
            while at < Int(offsets[row + 1]) {
                rows[at] = UInt32(truncatingIfNeeded: row)
                places[at] = source
                source &+= 1
                at &+= 1
            }
        }
        owners = (owner, place, starts)
    }

    func range(_ row: Int) -> Range<Int> { Int(offsets[row])..<Int(offsets[row + 1]) }

    /// Returns the frame of the elements, in which each sees the columns of its row.
    func frame(_ parent: Frame) -> Frame {
        Frame(parent, Selection(rows: rows, count: count, owner: owners.rows))
    }

    /// The elements' 0-based places in their lists.
    var positions: Vector {
        let buffer = Buffer(byteCount: max(count * 4, 16))
        let out = buffer.pointer(as: Int32.self)
        for row in 0..<rowCount {
            let range = range(row)
            for at in range { out[at] = Int32(truncatingIfNeeded: at - range.lowerBound) }
        }
        return .flat(.int32, count: count, values: buffer)
    }

    /// Returns the places of the elements in the child of one list, −1 behind its end.
    func places(of list: Vector) -> Buffer {
        let buffer = Buffer(byteCount: max(count * 4, 4))
        let out = buffer.pointer(as: Int32.self)
        let bounds = list.offsets
        for row in 0..<rowCount {
            let range = range(row)
            let size = Int(bounds[row + 1] - bounds[row])
            for at in range {
                let place = at - range.lowerBound
                out[at] = place < size ? bounds[row] + Int32(truncatingIfNeeded: place) : -1
            }
        }
        return buffer
    }

    /// Makes lists of other elements, as many as these.
    func list(_ type: DataType, _ children: [Vector], _ validity: Bitmap?) -> Vector {
        .flat(type, count: rowCount, values: owners.offsets, validity: validity, children: children)
    }
}
