/// Counts the edits between texts. Used by one thread, for one pair after the other.
///
/// A column of the table of distances is held as two words of bits, where it rises and where it falls, and
/// the next one is made by a dozen instructions (G. Myers, "A fast bit-vector algorithm for approximate
/// string matching", 1999, as H. Hyyrö wrote it in 2003). Texts that both have more than 64 characters, and
/// others than ASCII, fill the table itself.
struct EditDistance {
    /// Of each ASCII character, the places where the shorter text has it.
    private var masks = [UInt64](repeating: 0, count: 128)
    private var previous: [Int] = []

    /// Returns the fewest characters to insert, drop or replace that make one text of the other.
    mutating func between(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
        let (short, long) = a.count <= b.count ? (a, b) : (b, a)
        guard UTF8Text.isASCII(a), UTF8Text.isASCII(b) else {
            return between(
                Array(String(decoding: a, as: UTF8.self).unicodeScalars),
                Array(String(decoding: b, as: UTF8.self).unicodeScalars))
        }
        if short.isEmpty { return long.count }
        return short.count <= 64 ? bits(short, long) : between(Array(a), Array(b))
    }

    private mutating func bits(_ short: UnsafeRawBufferPointer, _ long: UnsafeRawBufferPointer) -> Int {
        masks.withUnsafeMutableBufferPointer { masks in
            var i = 0
            while i < short.count {
                masks[Int(short[i])] |= 1 &<< UInt64(i)
                i &+= 1
            }
            var (rises, falls) = (~UInt64(0), UInt64(0))
            let last: UInt64 = 1 &<< UInt64(short.count &- 1)
            var distance = short.count
            i = 0
            while i < long.count {
                let equal = masks[Int(long[i])]
                let vertical = equal | falls
                let diagonal = (((equal & rises) &+ rises) ^ rises) | equal
                var up = falls | ~(diagonal | rises)
                var down = rises & diagonal
                if up & last != 0 { distance &+= 1 }
                if down & last != 0 { distance &-= 1 }
                up = up &<< 1 | 1
                down = down &<< 1
                rises = down | ~(vertical | up)
                falls = up & vertical
                i &+= 1
            }
            i = 0
            while i < short.count {
                masks[Int(short[i])] = 0
                i &+= 1
            }
            return distance
        }
    }

    /// Fills the table of distances row by row.
    private mutating func between<T: Equatable>(_ a: [T], _ b: [T]) -> Int {
        previous.removeAll(keepingCapacity: true)
        previous.append(contentsOf: 0...b.count)
        return previous.withUnsafeMutableBufferPointer { row in
            for (i, x) in a.enumerated() {
                var diagonal = row[0]
                row[0] = i + 1
                var j = 0
                while j < b.count {
                    let above = row[j &+ 1]
                    row[j &+ 1] = min(diagonal &+ (x == b[j] ? 0 : 1), min(above, row[j]) &+ 1)
                    diagonal = above
                    j &+= 1
                }
            }
            return row[b.count]
        }
    }
}
