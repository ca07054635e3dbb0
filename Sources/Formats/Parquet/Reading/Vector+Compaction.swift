import CKernels
import Columns
import Memory

extension Vector {
    /// Returns the vector's selected rows. Dictionaries, children of structures and bytes of strings are
    /// shared.
    func compacted(by selection: Selection) -> Vector {
        gathered(UnsafePointer(selection.rows), count: selection.count)
    }

    /// Returns `count` rows of the vector by number.
    private func gathered(_ rows: UnsafePointer<UInt32>, count: Int) -> Vector {
        if form == .constant {
            return Vector(
                type: type, form: .constant, count: count, values: values, validity: validity, heaps: heaps,
                children: children)
        }
        let bits = validity.map { Vector.gatheredBits($0, rows, count) }
        switch type.physical {
        case .list where form == .flat: return gatheredList(rows, count, bits)
        case .structure:
            return .flat(
                type, count: count, values: nil, validity: bits,
                children: children.map { $0.gathered(rows, count: count) })
        default: break
        }
        let width = form == .dictionary ? 4 : type.physical.width
        let out = Buffer(byteCount: max(count, 1) * width)
        if let values { parquet_gather(values.base, rows, Int64(count), out.base, Int32(width)) }
        return Vector(
            type: type, form: form, count: count, values: out, validity: bits, heaps: heaps,
            dictionary: dictionary)
    }

    private static func gatheredBits(_ bitmap: Bitmap, _ rows: UnsafePointer<UInt32>, _ count: Int) -> Bitmap
    {
        let buffer = Bitmap.makeWords(count)
        let (from, to) = (bitmap.words, buffer.pointer(as: UInt64.self))
        var i = 0
        while i < count {
            let row = rows[i]
            to[i >> 6] |= ((from[Int(row >> 6)] >> UInt64(row & 63)) & 1) << UInt64(i & 63)
            i &+= 1
        }
        return Bitmap(buffer, count: count)
    }

    private func gatheredList(_ rows: UnsafePointer<UInt32>, _ count: Int, _ bits: Bitmap?) -> Vector {
        let newOffsets = Buffer(byteCount: (count + 1) * 4)
        let (from, to) = (offsets, newOffsets.pointer(as: Int32.self))
        var total: Int32 = 0
        var i = 0
        while i < count {
            to[i] = total
            let row = Int(rows[i])
            total &+= from[row + 1] &- from[row]
            i &+= 1
        }
        to[count] = total
        let elements = Buffer(byteCount: max(Int(total), 1) * 4)
        let numbers = elements.pointer(as: UInt32.self)
        var next = 0
        for i in 0..<count {
            let row = Int(rows[i])
            for element in from[row]..<from[row + 1] {
                numbers[next] = UInt32(bitPattern: element)
                next += 1
            }
        }
        return .flat(
            type, count: count, values: newOffsets, validity: bits,
            children: children.map { $0.gathered(numbers, count: Int(total)) })
    }
}
