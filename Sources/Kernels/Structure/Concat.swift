import Columns
import Memory

#if canImport(Glibc)
    import Glibc
#endif

/// Puts vectors and batches one after the other.
package enum Concat {
    /// Returns the rows of all vectors in order. The vectors have one type and there is at least one. Vectors
    /// over the same dictionary stay codes, equal constants stay a constant; string bytes are shared.
    package static func vectors(_ parts: [Vector]) -> Vector {
        let vectors = parts.count > 1 ? parts.filter { $0.count > 0 } : parts
        guard let first = vectors.first else { return parts[0] }
        if vectors.count == 1 { return first }
        let total = vectors.reduce(0) { $0 + $1.count }
        if vectors.allSatisfy({ $0.form == .constant }), let constant = equalConstant(vectors, count: total) {
            return constant
        }
        if first.type == .null { return .nulls(.null, count: total) }
        if first.form == .dictionary, let dictionary = first.dictionary,
            vectors.allSatisfy({ $0.dictionary === dictionary })
        {
            return .dictionary(
                dictionary, codes: values(vectors, width: 4, count: total), count: total,
                validity: validity(vectors, count: total))
        }
        return flat(vectors.map { $0.flattened() }, count: total)
    }

    /// Returns the rows of all batches in order; they have the same columns and there is at least one.
    package static func batches(_ batches: [Batch]) -> Batch {
        if batches.count == 1 { return batches[0] }
        let columns = batches[0].columns.indices.map { column in vectors(batches.map { $0.columns[column] }) }
        return Batch(columns: columns, count: batches.reduce(0) { $0 + $1.count })
    }

    private static func equalConstant(_ vectors: [Vector], count: Int) -> Vector? {
        let first = vectors[0]
        for other in vectors.dropFirst() where other !== first {
            if Comparing.compareRows(first, 0, other, 0) != 0 { return nil }
        }
        return Vector(
            type: first.type, form: .constant, count: count, values: first.values, validity: first.validity,
            heaps: first.heaps, children: first.children)
    }

    private static func flat(_ vectors: [Vector], count: Int) -> Vector {
        let type = vectors[0].type
        let bits = validity(vectors, count: count)
        switch type.physical {
        case .structure:
            let children = vectors[0].children.indices.map { i in
                Concat.vectors(vectors.map { $0.children[i] })
            }
            return .flat(type, count: count, values: nil, validity: bits, children: children)
        case .list:
            return list(vectors, count: count, validity: bits)
        default:
            return .flat(
                type, count: count, values: values(vectors, width: type.physical.width, count: count),
                validity: bits, heaps: heaps(vectors))
        }
    }

    private static func list(_ vectors: [Vector], count: Int, validity: Bitmap?) -> Vector {
        let buffer = Buffer(byteCount: (count + 1) * 4)
        let out = buffer.pointer(as: Int32.self)
        out[0] = 0
        var n = 0
        var parts: [[Vector]] = vectors[0].children.map { _ in [] }
        for vector in vectors {
            let old = vector.offsets
            let base = out[n] &- old[0]
            var i = 0
            while i < vector.count {
                out[n &+ i &+ 1] = old[i &+ 1] &+ base
                i &+= 1
            }
            n += vector.count
            let (from, to) = (Int(old[0]), Int(old[vector.count]))
            for (c, child) in vector.children.enumerated() {
                parts[c].append(child.sliced(from: from, count: to - from))
            }
        }
        return .flat(
            vectors[0].type, count: count, values: buffer, validity: validity,
            children: parts.map(Concat.vectors))
    }

    private static func values(_ vectors: [Vector], width: Int, count: Int) -> Buffer {
        let buffer = Buffer(byteCount: max(count * width, 16))
        var position = buffer.base
        for vector in vectors {
            if let source = vector.values { memcpy(position, source.base, vector.count * width) }
            position += vector.count * width
        }
        return buffer
    }

    private static func heaps(_ vectors: [Vector]) -> [Buffer] {
        var seen = Set<ObjectIdentifier>()
        var result: [Buffer] = []
        for vector in vectors {
            for heap in vector.heaps where seen.insert(ObjectIdentifier(heap)).inserted {
                result.append(heap)
            }
        }
        return result
    }

    private static func validity(_ vectors: [Vector], count: Int) -> Bitmap? {
        if vectors.allSatisfy({ $0.validity == nil }) { return nil }
        let buffer = Bitmap.makeWords(count)
        let out = buffer.pointer(as: UInt64.self)
        var position = 0
        for vector in vectors {
            let words = Bitmap.wordCount(vector.count)
            var i = 0
            while i < words {
                let rest = vector.count &- i &* 64
                let mask: UInt64 = rest >= 64 ? ~0 : (1 &<< UInt64(rest)) &- 1
                let word = (vector.validity?.words[i] ?? ~0) & mask
                let at = position &+ i &* 64
                let shift = UInt64(at & 63)
                out[at &>> 6] |= word &<< shift
                if shift != 0, rest > 64 &- Int(shift) { out[(at &>> 6) &+ 1] |= word &>> (64 &- shift) }
                i &+= 1
            }
            position += vector.count
        }
        return Bitmap(buffer, count: count)
    }
}
