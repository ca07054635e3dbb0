/// Finds single values of the sorted order of numbers without sorting all of them (Hoare, "Algorithm 65:
/// Find", 1961, with the median of three as pivot). NaN is the greatest; −0.0 stands before 0.0.
struct NumberSelection {
    private var keys: [Int64]

    init(_ numbers: some Sequence<Double>) { keys = numbers.map(Self.key) }

    var count: Int { keys.count }

    /// Integers that are ordered as the numbers.
    private static func key(_ value: Double) -> Int64 {
        if value.isNaN { return .max }
        let bits = Int64(bitPattern: value.bitPattern)
        return bits < 0 ? bits ^ .max : bits
    }

    private static func value(_ key: Int64) -> Double {
        if key == .max { return .nan }
        return Double(bitPattern: UInt64(bitPattern: key < 0 ? key ^ .max : key))
    }

    /// Returns the value at a place of the sorted order, and the one behind it, or itself for the last one.
    mutating func values(at place: Int) -> (Double, Double) {
        keys.withUnsafeMutableBufferPointer { keys in
            Self.select(&keys, place)
            guard place + 1 < keys.count else { return (Self.value(keys[place]), Self.value(keys[place])) }
            // What stands behind is not less, its least the next.
            var (next, at) = (keys[place + 1], place + 2)
            while at < keys.count {
                if keys[at] < next { next = keys[at] }
                at &+= 1
            }
            return (Self.value(keys[place]), Self.value(next))
        }
    }

    /// Puts the value of a place there, with none greater before and none less behind.
    private static func select(_ keys: inout UnsafeMutableBufferPointer<Int64>, _ place: Int) {
        var (low, high) = (0, keys.count - 1)
        var rounds = 0
        while high - low > 16 {
            rounds += 1
            // However the values lie: no more than so many rounds over all of them.
            if rounds > 64 { break }
            let (a, b, c) = (keys[low], keys[low + (high - low) / 2], keys[high])
            let pivot = max(min(a, b), min(max(a, b), c))
            var (i, j) = (low, high)
            while i <= j {
                while keys[i] < pivot { i &+= 1 }
                while pivot < keys[j] { j &-= 1 }
                if i <= j {
                    keys.swapAt(i, j)
                    i &+= 1
                    j &-= 1
                }
            }
            if place <= j {
                high = j
            } else if place >= i {
                low = i
            } else {
                return
            }
        }
        keys[low...high].sort()
    }
}
