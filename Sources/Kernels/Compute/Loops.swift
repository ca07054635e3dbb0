import Columns
import Memory

/// Tells what a kernel does with a row that has no result: overflow, division by zero, a text that is no
/// number.
package enum FailureMode: UInt8, Sendable {
    /// Throws (ANSI mode).
    case error
    /// Gives null (`try_…` functions).
    case null
    /// Gives what Spark gives with `spark.sql.ansi.enabled=false`: integers wrap, other failures are null.
    case legacy
}

/// Runs a function over the values of flat and constant vectors. Inlined into each kernel, so that the
/// function becomes the body of a plain loop.
enum Loops {
    @inline(__always)
    static func unary<A, R>(_ a: Vector, _ count: Int, _ out: UnsafeMutablePointer<R>, _ body: (A) -> R) {
        let x = UnsafePointer(a.pointer(as: A.self))
        var i = 0
        while i < count {
            out[i] = body(x[i])
            i &+= 1
        }
    }

    @inline(__always)
    static func binary<A, B, R>(
        _ a: Vector, _ b: Vector, _ count: Int, _ out: UnsafeMutablePointer<R>, _ body: (A, B) -> R
    ) {
        let x = UnsafePointer(a.pointer(as: A.self))
        let y = UnsafePointer(b.pointer(as: B.self))
        var i = 0
        if a.form == .constant {
            let first = x[0]
            while i < count {
                out[i] = body(first, y[i])
                i &+= 1
            }
        } else if b.form == .constant {
            let second = y[0]
            while i < count {
                out[i] = body(x[i], second)
                i &+= 1
            }
        } else {
            while i < count {
                out[i] = body(x[i], y[i])
                i &+= 1
            }
        }
    }

    /// Returns the rows that are null in none of the vectors; nil when none is null in any. No vector is a
    /// null constant.
    package static func validity(_ vectors: [Vector]) -> Bitmap? {
        var result: Bitmap?
        for vector in vectors where vector.form != .constant {
            result = Bitmap.intersection(result, vector.validity)
        }
        return result
    }

    /// Allocates values of `T` for `count` rows.
    @inline(__always)
    static func values<T>(_ type: T.Type, _ count: Int) -> (Buffer, UnsafeMutablePointer<T>) {
        let buffer = Buffer(byteCount: max(count * MemoryLayout<T>.stride, 16))
        return (buffer, buffer.pointer(as: T.self))
    }
}

/// Collects the rows that a kernel finds to have no result, beside those that were null already.
package struct NullCollector {
    private var words: UnsafeMutablePointer<UInt64>?
    private var buffer: Buffer?
    private let before: Bitmap?
    private let count: Int

    package init(_ before: Bitmap?, count: Int) {
        self.before = before
        self.count = count
    }

    /// Says whether the row was null before.
    @inline(__always)
    package func wasNull(_ row: Int) -> Bool {
        guard let before else { return false }
        return (before.words[row &>> 6] &>> UInt64(row & 63)) & 1 == 0
    }

    /// Makes the row null.
    package mutating func setNull(_ row: Int) {
        if words == nil {
            let copy = Buffer(byteCount: max(Bitmap.wordCount(count) * 8, 8))
            let target = copy.pointer(as: UInt64.self)
            for i in 0..<Bitmap.wordCount(count) { target[i] = before?.words[i] ?? ~0 }
            buffer = copy
            words = target
        }
        words?[row >> 6] &= ~(1 << UInt64(row & 63))
    }

    /// The rows that are not null.
    package var validity: Bitmap? { buffer.map { Bitmap($0, count: count) } ?? before }
}
