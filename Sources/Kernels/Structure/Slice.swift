import Columns
import Memory

#if canImport(Glibc)
    import Glibc
#endif

extension Bitmap {
    /// Returns `count` bits beginning at bit `from`.
    package func sliced(from: Int, count: Int) -> Bitmap {
        let buffer = Bitmap.makeWords(count)
        let (input, output) = (words, buffer.pointer(as: UInt64.self))
        let shift = UInt64(from & 63)
        let first = from >> 6
        let last = Bitmap.wordCount(self.count)
        let n = Bitmap.wordCount(count)
        var i = 0
        while i < n {
            var word = input[first &+ i] &>> shift
            if shift != 0, first &+ i &+ 1 < last { word |= input[first &+ i &+ 1] &<< (64 &- shift) }
            output[i] = word
            i &+= 1
        }
        return Bitmap(buffer, count: count)
    }
}

extension Vector {
    /// Slices of more than this many bytes share the memory of the vector instead of copying it.
    private static var copyLimitBytes: Int { 4096 }

    /// Returns `count` rows beginning at row `from`. String bytes, dictionaries and long stretches of values
    /// are shared.
    package func sliced(from: Int, count: Int) -> Vector {
        if form == .constant {
            return Vector(
                type: type, form: .constant, count: count, values: values, validity: validity, heaps: heaps,
                children: children)
        }
        if from == 0, count == self.count { return self }
        let bits = validity.map { $0.sliced(from: from, count: count) }
        if form == .flat {
            if type.physical == .list { return slicedList(from: from, count: count, validity: bits) }
            if type.physical == .structure {
                return .flat(
                    type, count: count, values: nil, validity: bits,
                    children: children.map { $0.sliced(from: from, count: count) })
            }
        }
        guard let values else { return .nulls(type, count: count) }
        let width = form == .dictionary ? 4 : type.physical.width
        return Vector(
            type: type, form: form, count: count,
            values: Vector.slice(values, fromByte: from * width, byteCount: count * width), validity: bits,
            heaps: heaps, dictionary: dictionary)
    }

    private static func slice(_ buffer: Buffer, fromByte: Int, byteCount: Int) -> Buffer {
        let start = buffer.base + fromByte
        if byteCount > copyLimitBytes { return Buffer(borrowing: start, byteCount: byteCount, owner: buffer) }
        let copy = Buffer(byteCount: max(byteCount, 16))
        memcpy(copy.base, start, byteCount)
        return copy
    }

    private func slicedList(from: Int, count: Int, validity bits: Bitmap?) -> Vector {
        let old = offsets
        let buffer = Buffer(byteCount: (count + 1) * 4)
        let new = buffer.pointer(as: Int32.self)
        let base = old[from]
        var i = 0
        while i <= count {
            new[i] = old[from &+ i] &- base
            i &+= 1
        }
        let total = Int(new[count])
        return .flat(
            type, count: count, values: buffer, validity: bits,
            children: children.map { $0.sliced(from: Int(base), count: total) })
    }

    /// Returns the same values in flat form: constants repeated, dictionary codes resolved. A vector of type
    /// `null` has no flat form and is returned as it is.
    package func flattened() -> Vector {
        switch form {
        case .flat:
            return self
        case .constant:
            if type == .null { return self }
            let zeros = Buffer.zeroed(byteCount: max(count * 4, 4))
            return flattenedOnce(count: 1).gathered(zeros.pointer(as: UInt32.self), count: count)
        case .dictionary:
            guard let dictionary, let values else { return self }
            let flat = dictionary.gathered(values.pointer(as: UInt32.self), count: count)
            return .flat(
                type, count: count, values: flat.values, validity: validity, heaps: flat.heaps,
                children: flat.children)
        }
    }
}
