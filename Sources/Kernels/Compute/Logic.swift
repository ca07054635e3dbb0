import Columns
import Memory

#if canImport(Glibc)
    import Glibc
#endif

/// Combines booleans by three-valued logic; a vector may have any form.
package enum Logic {
    /// Returns `a AND b`: false wins over null, null over true.
    package static func and(_ a: Vector, _ b: Vector, count: Int) -> Vector {
        combine(a, b, count, deciding: 0)
    }

    /// Returns `a OR b`: true wins over null, null over false.
    package static func or(_ a: Vector, _ b: Vector, count: Int) -> Vector {
        combine(a, b, count, deciding: 1)
    }

    private static func combine(_ first: Vector, _ second: Vector, _ count: Int, deciding: UInt8) -> Vector {
        if first.form == .constant, !first.hasNulls {
            return first.pointer(as: UInt8.self)[0] == deciding
                ? .constant(.boolean(deciding == 1), count: count) : second
        }
        if second.form == .constant, !second.hasNulls {
            return second.pointer(as: UInt8.self)[0] == deciding
                ? .constant(.boolean(deciding == 1), count: count) : first
        }
        let (a, b) = (first.flattened(), second.flattened())
        let (x, y) = (a.pointer(as: UInt8.self), b.pointer(as: UInt8.self))
        let buffer = Buffer(byteCount: max(count, 16))
        let out = buffer.pointer(as: UInt8.self)
        var i = 0
        if deciding == 0 {
            while i < count {
                out[i] = x[i] & y[i]
                i &+= 1
            }
        } else {
            while i < count {
                out[i] = x[i] | y[i]
                i &+= 1
            }
        }
        if a.validity == nil && b.validity == nil { return .flat(.boolean, count: count, values: buffer) }
        // Where either side is not null and decides, the result is that; where both are not null it is known
        // as well.
        let words = Bitmap.makeWords(count)
        let bits = words.pointer(as: UInt64.self)
        i = 0
        while i < count {
            let p = a.validity.map { ($0.words[i &>> 6] &>> UInt64(i & 63)) & 1 == 1 } ?? true
            let q = b.validity.map { ($0.words[i &>> 6] &>> UInt64(i & 63)) & 1 == 1 } ?? true
            let decided = (p && x[i] == deciding) || (q && y[i] == deciding)
            if decided { out[i] = deciding }
            if decided || (p && q) { bits[i &>> 6] |= 1 &<< UInt64(i & 63) }
            i &+= 1
        }
        return .flat(.boolean, count: count, values: buffer, validity: Bitmap(words, count: count))
    }

    /// Returns `NOT a`; null stays null. `a` is flat.
    package static func not(_ a: Vector, count: Int) -> Vector {
        let (buffer, out) = Loops.values(UInt8.self, count)
        Loops.unary(a, count, out) { (x: UInt8) in x ^ 1 }
        return .flat(.boolean, count: count, values: buffer, validity: a.validity)
    }

    /// Returns whether each row is null (`null` true) or is not (`null` false).
    package static func isNull(_ a: Vector, null: Bool, count: Int) -> Vector {
        if a.form == .constant || !a.hasNulls {
            return .constant(.boolean((a.hasNulls || a.type == .null) == null), count: count)
        }
        let (buffer, out) = Loops.values(UInt8.self, count)
        guard let words = a.validity?.words else { return .flat(.boolean, count: count, values: buffer) }
        let flip: UInt8 = null ? 1 : 0
        var i = 0
        while i < count {
            out[i] = UInt8(truncatingIfNeeded: (words[i &>> 6] &>> UInt64(i & 63)) & 1) ^ flip
            i &+= 1
        }
        return .flat(.boolean, count: count, values: buffer)
    }
}

/// Puts rows of several vectors together.
package enum Choosing {
    /// Returns, for each row, `parts[source[row]]` at index `index[row]`: the results of branches that were
    /// evaluated on their own rows only, put back in order. A source of 255 gives null.
    package static func interleave(
        _ parts: [Vector], source: UnsafePointer<UInt8>, index: UnsafePointer<UInt32>, type: DataType,
        count: Int
    ) -> Vector {
        if let chosen = constants(parts, source, type, count) { return chosen }
        // All parts one after the other, then one gather.
        var starts: [Int32] = []
        var total: Int32 = 0
        for part in parts {
            starts.append(total)
            total += Int32(part.count)
        }
        if parts.isEmpty || total == 0 { return .nulls(type, count: count) }
        let all = Concat.vectors(parts)
        let rows = Buffer(byteCount: max(count * 4, 4))
        let list = rows.pointer(as: Int32.self)
        var hasNull = false
        starts.withUnsafeBufferPointer { start in
            var i = 0
            while i < count {
                let part = source[i]
                if part == 255 {
                    list[i] = -1
                    hasNull = true
                } else {
                    list[i] = start[Int(part)] &+ Int32(bitPattern: index[i])
                }
                i &+= 1
            }
        }
        if hasNull { return all.gatheredNullable(list, count: count) }
        return all.gathered(rows.pointer(as: UInt32.self), count: count)
    }

    /// Returns `parts[source[row]]` for parts that are constants and not null: a dictionary of texts, flat
    /// values else; nil for other parts, and where a row is null.
    private static func constants(
        _ parts: [Vector], _ source: UnsafePointer<UInt8>, _ type: DataType, _ count: Int
    ) -> Vector? {
        let fits = parts.allSatisfy {
            $0.form == .constant && !$0.hasNulls && $0.values != nil && $0.type == type && $0.count > 0
        }
        guard fits, parts.count > 1, !type.isNested, type != .null else { return nil }
        let codes = Buffer(byteCount: max(count * 4, 16))
        let out = codes.pointer(as: UInt32.self)
        var greatest: UInt8 = 0
        var row = 0
        while row < count {
            greatest = max(greatest, source[row])
            out[row] = UInt32(source[row])
            row &+= 1
        }
        if greatest == 255 { return nil }
        let entries = Concat.vectors(parts.map { $0.flattenedOnce(count: 1) })
        if type.physical == .view { return .dictionary(entries, codes: codes, count: count) }
        let chosen = entries.gathered(out, count: count)
        withExtendedLifetime(codes) {}
        return chosen
    }
}
