import Columns
import Memory

/// Turns boolean vectors into selections.
package enum Selecting {
    private static let ones: UInt64 = 0x0101_0101_0101_0101

    /// Returns the rows at which `booleans` is true; null counts as false.
    package static func selectTrue(_ booleans: Vector) -> Selection {
        let count = booleans.count
        if booleans.form == .constant {
            let isTrue =
                !booleans.hasNulls && booleans.type != .null && booleans.pointer(as: UInt8.self)[0] != 0
            return all(isTrue ? count : 0)
        }
        let flat = booleans.flattened()
        let bytes = flat.pointer(as: UInt8.self)
        let buffer = Buffer(byteCount: count * 4 + 32)
        let out = buffer.pointer(as: UInt32.self)
        let selected =
            if let validity = flat.validity {
                compress(bytes, validity.words, count, out)
            } else {
                compress(bytes, count, out)
            }
        return Selection(rows: out, count: selected, owner: buffer)
    }

    /// Returns a selection of the rows 0..<count.
    package static func all(_ count: Int) -> Selection {
        let buffer = Buffer(byteCount: max(count * 4, 16))
        let out = buffer.pointer(as: UInt32.self)
        var i = 0
        while i < count {
            out[i] = UInt32(truncatingIfNeeded: i)
            i &+= 1
        }
        return Selection(rows: out, count: count, owner: buffer)
    }

    /// Writes the numbers of the non-zero bytes, eight bytes at a time; `out` has room for eight more than
    /// `count`.
    private static func compress(
        _ bytes: UnsafePointer<UInt8>, _ count: Int, _ out: UnsafeMutablePointer<UInt32>
    ) -> Int {
        let raw = UnsafeRawPointer(bytes)
        let whole = count & ~7
        var n = 0
        var i = 0
        while i < whole {
            let word = raw.loadUnaligned(fromByteOffset: i, as: UInt64.self)
            if word != 0 { n = spread(word, i, out, n) }
            i &+= 8
        }
        while i < count {
            out[n] = UInt32(truncatingIfNeeded: i)
            n &+= Int(bytes[i])
            i &+= 1
        }
        return n
    }

    /// As above, where only rows whose bit in `valid` is set count.
    private static func compress(
        _ bytes: UnsafePointer<UInt8>, _ valid: UnsafePointer<UInt64>, _ count: Int,
        _ out: UnsafeMutablePointer<UInt32>
    ) -> Int {
        var n = 0
        var i = 0
        while i < count {
            out[n] = UInt32(truncatingIfNeeded: i)
            n &+= Int(bytes[i]) & Int(truncatingIfNeeded: valid[i &>> 6] &>> UInt64(i & 63))
            i &+= 1
        }
        return n
    }

    @inline(__always)
    private static func spread(_ word: UInt64, _ base: Int, _ out: UnsafeMutablePointer<UInt32>, _ start: Int)
        -> Int
    {
        let target = out + start
        let first = UInt32(truncatingIfNeeded: base)
        if word == ones {
            let lanes = SIMD8<UInt32>(0, 1, 2, 3, 4, 5, 6, 7) &+ SIMD8(repeating: first)
            UnsafeMutableRawPointer(target).storeBytes(of: lanes, as: SIMD8<UInt32>.self)
            return start &+ 8
        }
        var n = start
        var rest = word
        var row = first
        var k = 0
        while k < 8 {
            out[n] = row
            n &+= Int(rest & 1)
            rest &>>= 8
            row &+= 1
            k &+= 1
        }
        return n
    }
}
