import Columns
import Memory

/// Copies `source[rows[i]]` for every i; the loops that every gather of a fixed width ends in.
enum GatherLoops {
    @inline(__always)
    static func rows<T: BitwiseCopyable>(
        _ type: T.Type, _ source: Buffer, _ rows: UnsafePointer<UInt32>, _ count: Int, _ target: Buffer
    ) {
        let input = UnsafePointer(source.pointer(as: T.self))
        let output = target.pointer(as: T.self)
        var i = 0
        while i < count {
            output[i] = input[Int(rows[i])]
            i &+= 1
        }
    }

    @inline(__always)
    static func nullableRows<T: BitwiseCopyable>(
        _ zero: T, _ source: Buffer, _ rows: UnsafePointer<Int32>, _ count: Int, _ target: Buffer
    ) {
        let input = UnsafePointer(source.pointer(as: T.self))
        let output = target.pointer(as: T.self)
        var i = 0
        while i < count {
            let row = Int(rows[i])
            output[i] = row < 0 ? zero : input[row]
            i &+= 1
        }
    }

    /// Gathers values of `width` bytes (1, 2, 4, 8 or 16).
    static func gather(width: Int, _ source: Buffer, _ list: UnsafePointer<UInt32>, _ count: Int) -> Buffer {
        let target = Buffer(byteCount: max(count * width, 16))
        switch width {
        case 1: rows(UInt8.self, source, list, count, target)
        case 2: rows(UInt16.self, source, list, count, target)
        case 4: rows(UInt32.self, source, list, count, target)
        case 8: rows(UInt64.self, source, list, count, target)
        default: rows(SIMD2<UInt64>.self, source, list, count, target)
        }
        return target
    }

    /// Gathers values of `width` bytes; a negative row gives zero.
    static func gatherNullable(width: Int, _ source: Buffer, _ list: UnsafePointer<Int32>, _ count: Int)
        -> Buffer
    {
        let target = Buffer(byteCount: max(count * width, 16))
        switch width {
        case 1: nullableRows(UInt8(0), source, list, count, target)
        case 2: nullableRows(UInt16(0), source, list, count, target)
        case 4: nullableRows(UInt32(0), source, list, count, target)
        case 8: nullableRows(UInt64(0), source, list, count, target)
        default: nullableRows(SIMD2<UInt64>(0, 0), source, list, count, target)
        }
        return target
    }

    /// Gathers bits.
    static func bits(_ source: Bitmap, _ rows: UnsafePointer<UInt32>, _ count: Int) -> Bitmap {
        let buffer = Bitmap.makeWords(count)
        let (input, output) = (source.words, buffer.pointer(as: UInt64.self))
        var i = 0
        while i < count {
            let end = min(i &+ 64, count)
            var word: UInt64 = 0
            var j = i
            while j < end {
                let row = Int(rows[j])
                word |= ((input[row &>> 6] &>> UInt64(row & 63)) & 1) &<< UInt64(j &- i)
                j &+= 1
            }
            output[i &>> 6] = word
            i = end
        }
        return Bitmap(buffer, count: count)
    }

    /// Gathers bits; a negative row gives zero. A missing source is all ones.
    static func nullableBits(_ source: Bitmap?, _ rows: UnsafePointer<Int32>, _ count: Int) -> Bitmap {
        let buffer = Bitmap.makeWords(count)
        let output = buffer.pointer(as: UInt64.self)
        let input = source?.words
        var i = 0
        while i < count {
            let end = min(i &+ 64, count)
            var word: UInt64 = 0
            var j = i
            while j < end {
                let row = Int(rows[j])
                if row >= 0 {
                    let bit = input.map { ($0[row &>> 6] &>> UInt64(row & 63)) & 1 } ?? 1
                    word |= bit &<< UInt64(j &- i)
                }
                j &+= 1
            }
            output[i &>> 6] = word
            i = end
        }
        return Bitmap(buffer, count: count)
    }
}

extension Vector {
    /// Returns the selected rows.
    package func gathered(_ selection: Selection) -> Vector {
        gathered(UnsafePointer(selection.rows), count: selection.count)
    }

    /// Returns the values at `rows`, in that order. A dictionary vector keeps its dictionary, a constant
    /// stays one; string bytes are shared.
    package func gathered(_ rows: UnsafePointer<UInt32>, count: Int) -> Vector {
        switch form {
        case .constant:
            return Vector(
                type: type, form: .constant, count: count, values: values, validity: validity, heaps: heaps,
                children: children)
        case .dictionary, .flat:
            break
        }
        let bits = validity.map { GatherLoops.bits($0, rows, count) }
        if form == .flat {
            if type.physical == .list { return gatheredList(rows, count: count, validity: bits) }
            if type.physical == .structure {
                return .flat(
                    type, count: count, values: nil, validity: bits,
                    children: children.map { $0.gathered(rows, count: count) })
            }
        }
        guard let values else { return .nulls(type, count: count) }
        let width = form == .dictionary ? 4 : type.physical.width
        return Vector(
            type: type, form: form, count: count,
            values: GatherLoops.gather(width: width, values, rows, count),
            validity: bits, heaps: heaps, dictionary: dictionary)
    }

    private func gatheredList(_ rows: UnsafePointer<UInt32>, count: Int, validity bits: Bitmap?) -> Vector {
        let old = offsets
        let newOffsets = Buffer(byteCount: (count + 1) * 4)
        let new = newOffsets.pointer(as: Int32.self)
        new[0] = 0
        var i = 0
        while i < count {
            let row = Int(rows[i])
            new[i &+ 1] = new[i] &+ (old[row &+ 1] &- old[row])
            i &+= 1
        }
        let total = Int(new[count])
        let elements = Buffer(byteCount: max(total * 4, 4))
        let out = elements.pointer(as: UInt32.self)
        i = 0
        var n = 0
        while i < count {
            let row = Int(rows[i])
            var at = old[row]
            let end = old[row &+ 1]
            while at < end {
                out[n] = UInt32(bitPattern: at)
                n &+= 1
                at &+= 1
            }
            i &+= 1
        }
        return .flat(
            type, count: count, values: newOffsets, validity: bits,
            children: children.map { $0.gathered(out, count: total) })
    }

    /// Returns the values at `rows`, in that order; row −1 gives null (the missing side of an outer join).
    package func gatheredNullable(_ rows: UnsafePointer<Int32>, count: Int) -> Vector {
        if isNullConstant || type == .null || self.count == 0 { return .nulls(type, count: count) }
        if form == .constant {
            if type.isNested { return flattenedOnce(count: 1).gatheredNullableZero(rows, count: count) }
            let entry = Vector.flat(type, count: 1, values: values, heaps: heaps)
            let codes = Buffer.zeroed(byteCount: max(count * 4, 16))
            let bits = GatherLoops.nullableBits(nil, rows, count)
            return .dictionary(entry, codes: codes, count: count, validity: bits)
        }
        let bits = GatherLoops.nullableBits(validity, rows, count)
        if form == .flat, type.isNested { return gatheredNestedNullable(rows, count: count, validity: bits) }
        guard let values else { return .nulls(type, count: count) }
        let width = form == .dictionary ? 4 : type.physical.width
        return Vector(
            type: type, form: form, count: count,
            values: GatherLoops.gatherNullable(width: width, values, rows, count), validity: bits,
            heaps: heaps,
            dictionary: dictionary)
    }

    /// Gathers from the single row of a flat nested vector: every row that is not negative means row 0.
    private func gatheredNullableZero(_ rows: UnsafePointer<Int32>, count: Int) -> Vector {
        let zeros = Buffer(byteCount: max(count * 4, 4))
        let list = zeros.pointer(as: Int32.self)
        var i = 0
        while i < count {
            list[i] = rows[i] < 0 ? -1 : 0
            i &+= 1
        }
        return gatheredNestedNullable(
            list, count: count, validity: GatherLoops.nullableBits(validity, list, count))
    }

    private func gatheredNestedNullable(_ rows: UnsafePointer<Int32>, count: Int, validity bits: Bitmap)
        -> Vector
    {
        if type.physical == .structure {
            return .flat(
                type, count: count, values: nil, validity: bits,
                children: children.map { $0.gatheredNullable(rows, count: count) })
        }
        // A list: missing rows take row 0's place, then validity hides them.
        let plain = Buffer(byteCount: max(count * 4, 4))
        let list = plain.pointer(as: UInt32.self)
        var i = 0
        while i < count {
            list[i] = rows[i] < 0 ? 0 : UInt32(bitPattern: rows[i])
            i &+= 1
        }
        return gatheredList(list, count: count, validity: bits)
    }

    /// Returns a constant vector's row as a flat vector of `count` (0 or 1) rows.
    func flattenedOnce(count: Int) -> Vector {
        .flat(type, count: count, values: values, validity: validity, heaps: heaps, children: children)
    }
}

extension Batch {
    /// Returns the selected rows of every column; the batch itself when all rows are selected.
    package func gathered(_ selection: Selection) -> Batch {
        if selection.count == count { return self }
        return gathered(UnsafePointer(selection.rows), count: selection.count)
    }

    /// Returns the rows numbered by `rows`, in that order, of every column.
    package func gathered(_ rows: UnsafePointer<UInt32>, count: Int) -> Batch {
        Batch(columns: columns.map { $0.gathered(rows, count: count) }, count: count)
    }

    /// Returns `count` rows beginning at row `from` of every column.
    package func sliced(from: Int, count: Int) -> Batch {
        if from == 0, count == self.count { return self }
        return Batch(columns: columns.map { $0.sliced(from: from, count: count) }, count: count)
    }
}
