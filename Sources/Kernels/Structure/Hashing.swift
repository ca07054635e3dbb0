import Columns
import Memory

/// Hashes rows for hash tables and shuffle partitions.
///
/// The same value has the same hash in every form of vector, every integer width, every process and on every
/// machine. Mixing is the 64 × 64 → 128 bit multiply-and-fold of wyhash (Wang Yi, 2019).
package enum Hashing {
    private static let seed: UInt64 = 0xa076_1d64_78bd_642f
    private static let first: UInt64 = 0xe703_7ed1_a0b4_28db
    private static let second: UInt64 = 0x8ebc_6af0_9c88_c6e3
    /// The hash of null.
    package static let nullHash: UInt64 = 0x5895_70d5_2c1b_8f93

    /// Multiplies to 128 bits and folds the halves together.
    @inline(__always)
    package static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.high ^ product.low
    }

    @inline(__always)
    package static func hash(_ value: UInt64) -> UInt64 { fold(value ^ seed, first) }

    @inline(__always)
    package static func combine(_ hash: UInt64, _ next: UInt64) -> UInt64 {
        fold((hash &<< 23 | hash &>> 41) ^ next, second)
    }

    /// Hashes the bytes of a string or binary value.
    @inline(__always)
    package static func hash(_ view: StringView) -> UInt64 {
        if view.isInline { return fold(view.head ^ seed, view.tail ^ first) }
        return hash(view.address, count: view.count)
    }

    /// Hashes `count` bytes, more than twelve.
    package static func hash(_ bytes: UnsafeRawPointer, count: Int) -> UInt64 {
        var state = seed ^ UInt64(truncatingIfNeeded: count)
        var i = 0
        while i &+ 16 < count {
            let a = bytes.loadUnaligned(fromByteOffset: i, as: UInt64.self)
            let b = bytes.loadUnaligned(fromByteOffset: i &+ 8, as: UInt64.self)
            state = fold(a ^ first, b ^ state)
            i &+= 16
        }
        // The last 16 bytes (overlapping what was read) where there are as many, else the first and last
        // eight.
        let a = bytes.loadUnaligned(fromByteOffset: count >= 16 ? count &- 16 : 0, as: UInt64.self)
        let b = bytes.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
        return fold(fold(a ^ first, b ^ state), second ^ UInt64(truncatingIfNeeded: count))
    }

    /// Returns one UInt64 per row that hashes the row's values in all columns.
    package static func hash(_ columns: [Vector], count: Int) -> Buffer {
        let result = Buffer(byteCount: max(count * 8, 16))
        let out = result.pointer(as: UInt64.self)
        guard let firstColumn = columns.first else {
            fill(out, count, seed)
            return result
        }
        column(firstColumn, count, out)
        if columns.count == 1 { return result }
        let scratch = Buffer(byteCount: max(count * 8, 16))
        let next = scratch.pointer(as: UInt64.self)
        for vector in columns.dropFirst() {
            column(vector, count, next)
            var i = 0
            while i < count {
                out[i] = combine(out[i], next[i])
                i &+= 1
            }
        }
        return result
    }

    private static func fill(_ out: UnsafeMutablePointer<UInt64>, _ count: Int, _ value: UInt64) {
        var i = 0
        while i < count {
            out[i] = value
            i &+= 1
        }
    }

    /// Writes the hashes of one column.
    private static func column(_ vector: Vector, _ count: Int, _ out: UnsafeMutablePointer<UInt64>) {
        switch vector.form {
        case .constant:
            if count == 0 { return }
            if vector.hasNulls || vector.type == .null {
                fill(out, count, nullHash)
            } else {
                values(vector.flattenedOnce(count: 1), 1, out)
                fill(out, count, out[0])
            }
        case .dictionary:
            guard let dictionary = vector.dictionary else { return }
            if dictionary.count > count {
                values(vector.flattened(), count, out)
            } else {
                let entries = Buffer(byteCount: max(dictionary.count * 8, 16))
                let table = entries.pointer(as: UInt64.self)
                values(dictionary, dictionary.count, table)
                let codes = vector.codes
                var i = 0
                while i < count {
                    out[i] = table[Int(codes[i])]
                    i &+= 1
                }
            }
            nulls(vector, count, out)
        case .flat:
            values(vector, count, out)
            nulls(vector, count, out)
        }
    }

    private static func nulls(_ vector: Vector, _ count: Int, _ out: UnsafeMutablePointer<UInt64>) {
        guard let words = vector.validity?.words else { return }
        var i = 0
        while i < count {
            let valid = (words[i &>> 6] &>> UInt64(i & 63)) & 1
            out[i] = valid == 1 ? out[i] : nullHash
            i &+= 1
        }
    }

    /// Hashes the values of a flat vector, whatever its validity.
    private static func values(_ vector: Vector, _ count: Int, _ out: UnsafeMutablePointer<UInt64>) {
        switch vector.type.physical {
        case .null: fill(out, count, nullHash)
        case .bool: integers(vector.pointer(as: UInt8.self), count, out)
        case .int8: integers(vector.pointer(as: Int8.self), count, out)
        case .int16: integers(vector.pointer(as: Int16.self), count, out)
        case .int32: integers(vector.pointer(as: Int32.self), count, out)
        case .int64: integers(vector.pointer(as: Int64.self), count, out)
        case .int128: wide(vector.pointer(as: Int128.self), count, out)
        case .float: floats(vector.pointer(as: Float.self), count, out)
        case .double: floats(vector.pointer(as: Double.self), count, out)
        case .view:
            let views = vector.pointer(as: StringView.self)
            var i = 0
            while i < count {
                out[i] = hash(views[i])
                i &+= 1
            }
        case .list: lists(vector, count, out)
        case .structure: structures(vector, count, out)
        }
    }

    @inline(__always)
    private static func integers<T: FixedWidthInteger>(
        _ input: UnsafePointer<T>, _ count: Int, _ out: UnsafeMutablePointer<UInt64>
    ) {
        var i = 0
        while i < count {
            out[i] = hash(UInt64(truncatingIfNeeded: input[i]))
            i &+= 1
        }
    }

    private static func wide(
        _ input: UnsafePointer<Int128>, _ count: Int, _ out: UnsafeMutablePointer<UInt64>
    ) {
        var i = 0
        while i < count {
            let value = input[i]
            let low = UInt64(truncatingIfNeeded: value)
            let fits = Int128(Int64(truncatingIfNeeded: value)) == value
            out[i] = fits ? hash(low) : combine(hash(low), UInt64(truncatingIfNeeded: value &>> 64))
            i &+= 1
        }
    }

    @inline(__always)
    private static func floats<T: BinaryFloatingPoint>(
        _ input: UnsafePointer<T>, _ count: Int, _ out: UnsafeMutablePointer<UInt64>
    ) {
        var i = 0
        while i < count {
            let value = Double(input[i])
            let bits = value == 0 ? 0 : (value != value ? Double.nan.bitPattern : value.bitPattern)
            out[i] = hash(bits)
            i &+= 1
        }
    }

    private static func lists(_ vector: Vector, _ count: Int, _ out: UnsafeMutablePointer<UInt64>) {
        let offsets = vector.offsets
        let start = Int(offsets[0])
        let total = Int(offsets[count]) - start
        let elements = vector.children.map { $0.sliced(from: start, count: total) }
        let hashed = hash(elements, count: total)
        let input = hashed.pointer(as: UInt64.self)
        var i = 0
        while i < count {
            var at = Int(offsets[i]) &- start
            let end = Int(offsets[i &+ 1]) &- start
            var state = hash(UInt64(truncatingIfNeeded: end &- at))
            while at < end {
                state = combine(state, input[at])
                at &+= 1
            }
            out[i] = state
            i &+= 1
        }
    }

    private static func structures(_ vector: Vector, _ count: Int, _ out: UnsafeMutablePointer<UInt64>) {
        let hashed = hash(vector.children, count: count)
        let input = hashed.pointer(as: UInt64.self)
        var i = 0
        while i < count {
            out[i] = combine(seed, input[i])
            i &+= 1
        }
    }
}
