import Columns
import Memory

extension KeyLayout {
    /// Reads column `column` back out of `count` laid-out rows. `nullRow`: the row of the null key of a
    /// single-column layout, which may lie outside the rows.
    func decode(
        _ column: Int, rows: UnsafePointer<UInt64>, count: Int, heaps: [Buffer], nullRow: Int?
    ) -> Vector {
        let type = types[column]
        let slot = slots[column]
        if slot.physical == .null { return .nulls(type, count: count) }
        let source = UnsafeRawPointer(rows) + slot.byteOffset
        let width = slot.physical.width
        let values = Buffer(byteCount: max(count * width, 16))
        switch width {
        case 1: collect(UInt8.self, source, values, count)
        case 2: collect(UInt16.self, source, values, count)
        case 4: collect(UInt32.self, source, values, count)
        case 8: collect(UInt64.self, source, values, count)
        default: collectPairs(source, values, count)
        }
        return .flat(
            type, count: count, values: values,
            validity: decodeValidity(column, rows: rows, count: count, nullRow: nullRow),
            heaps: slot.physical == .view ? heaps : [])
    }

    private func collect<T: BitwiseCopyable>(
        _ type: T.Type, _ source: UnsafeRawPointer, _ values: Buffer, _ count: Int
    ) {
        let stride = wordCount &* 8
        let out = values.pointer(as: T.self)
        var row = 0
        while row < count {
            out[row] = source.load(fromByteOffset: row &* stride, as: T.self)
            row &+= 1
        }
    }

    private func collectPairs(_ source: UnsafeRawPointer, _ values: Buffer, _ count: Int) {
        let stride = wordCount &* 8
        let out = values.pointer(as: (UInt64, UInt64).self)
        var row = 0
        while row < count {
            let pair = (source + row &* stride).assumingMemoryBound(to: UInt64.self)
            out[row] = (pair[0], pair[1])
            row &+= 1
        }
    }

    private func decodeValidity(_ column: Int, rows: UnsafePointer<UInt64>, count: Int, nullRow: Int?)
        -> Bitmap?
    {
        let bits = Bitmap.makeWords(count)
        let words = bits.pointer(as: UInt64.self)
        if nullBytes == 0 {
            guard let nullRow, nullRow >= 0, nullRow < count else { return nil }
            var row = 0
            while row < count {
                if row != nullRow { words[row >> 6] |= 1 << UInt64(row & 63) }
                row &+= 1
            }
        } else {
            let marks = UnsafeRawPointer(rows).assumingMemoryBound(to: UInt8.self) + (column >> 3)
            let shift = UInt8(column & 7)
            let stride = wordCount &* 8
            var row = 0
            while row < count {
                let valid = UInt64(~(marks[row &* stride] >> shift) & 1)
                words[row >> 6] |= valid << UInt64(row & 63)
                row &+= 1
            }
        }
        return Bitmap(bits, count: count)
    }
}

extension Vector {
    /// Returns one row as a flat vector of length 1 (key types only).
    func singleRow(_ row: Int) -> Vector {
        Vector.of(type, [scalar(at: row)])
    }
}
