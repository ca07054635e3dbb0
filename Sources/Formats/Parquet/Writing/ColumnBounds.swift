import CKernels
import Columns

/// Follows the least and the greatest value of a column chunk, for its statistics.
struct ColumnBounds {
    private let type: DataType
    private let physical: ParquetPhysicalType
    private var isEmpty = true
    /// Set where no bounds may be written: not-a-number was seen, or a value too long.
    private var isUnusable = false
    private var low: Int64 = 0
    private var high: Int64 = 0
    private var lowDouble = 0.0
    private var highDouble = 0.0
    private var lowWide: Int128 = 0
    private var highWide: Int128 = 0
    private var lowBytes: [UInt8] = []
    private var highBytes: [UInt8] = []

    /// Longest string or binary value that goes into statistics, bytes.
    private static let longestBytes = 128

    init(_ type: DataType, _ physical: ParquetPhysicalType) {
        self.type = type
        self.physical = physical
    }

    /// Takes in `count` stored values of fixed width.
    mutating func include(stored: UnsafeRawPointer, count: Int, width: Int) {
        if count == 0 || isUnusable { return }
        switch physical {
        case .int32:
            var (least, greatest): (Int32, Int32) = (0, 0)
            parquet_range_32(stored.assumingMemoryBound(to: Int32.self), Int64(count), &least, &greatest)
            widen(Int64(least), Int64(greatest))
        case .int64:
            var (least, greatest): (Int64, Int64) = (0, 0)
            parquet_range_64(stored.assumingMemoryBound(to: Int64.self), Int64(count), &least, &greatest)
            widen(least, greatest)
        case .boolean:
            let bytes = stored.assumingMemoryBound(to: UInt8.self)
            for i in 0..<count { widen(Int64(bytes[i]), Int64(bytes[i])) }
        case .float:
            include(stored.assumingMemoryBound(to: Float.self), count)
        case .double:
            include(stored.assumingMemoryBound(to: Double.self), count)
        case .fixedByteArray where width == 16:
            var (least, greatest) = (isEmpty ? Int128.max : lowWide, isEmpty ? Int128.min : highWide)
            var i = 0
            while i < count {
                let word = stored.loadUnaligned(fromByteOffset: i &* 16, as: Int128.self)
                let value = Int128(bigEndian: word)
                least = value < least ? value : least
                greatest = value > greatest ? value : greatest
                i &+= 1
            }
            (lowWide, highWide, isEmpty) = (least, greatest, false)
        case .fixedByteArray:
            let bytes = stored.assumingMemoryBound(to: UInt8.self)
            for i in 0..<count {
                var value: Int128 = bytes[i * width] & 0x80 != 0 ? -1 : 0
                for byte in 0..<width { value = value << 8 | Int128(bytes[i * width + byte]) }
                if isEmpty || value < lowWide { lowWide = value }
                if isEmpty || value > highWide { highWide = value }
                isEmpty = false
            }
        case .byteArray, .int96: break
        }
    }

    private mutating func widen(_ least: Int64, _ greatest: Int64) {
        low = isEmpty ? least : min(low, least)
        high = isEmpty ? greatest : max(high, greatest)
        isEmpty = false
    }

    /// Without a branch in the loop, which is then done by vectors of numbers.
    @inline(__always)
    private mutating func include<T: BinaryFloatingPoint>(_ numbers: UnsafePointer<T>, _ count: Int) {
        var (least, greatest) = (numbers[0], numbers[0])
        var nans = 0
        var i = 0
        while i < count {
            let value = numbers[i]
            nans &+= value == value ? 0 : 1
            least = value < least ? value : least
            greatest = value > greatest ? value : greatest
            i &+= 1
        }
        if nans > 0 {
            isUnusable = true
            return
        }
        lowDouble = isEmpty ? Double(least) : min(lowDouble, Double(least))
        highDouble = isEmpty ? Double(greatest) : max(highDouble, Double(greatest))
        isEmpty = false
    }

    /// Takes in byte strings.
    mutating func include(views: UnsafePointer<StringView>, count: Int) {
        if count == 0 || isUnusable { return }
        var (least, greatest, last) = (views[0], views[0], views[0])
        var i = 0
        while true {
            // Runs are common, as of one row of a join's build side.
            repeat { i &+= 1 } while i < count && views[i].head == last.head && views[i].tail == last.tail
            if i >= count { break }
            let view = views[i]
            last = view
            if StringView.compare(view, least) < 0 {
                least = view
            } else if StringView.compare(view, greatest) > 0 {
                greatest = view
            }
        }
        if least.count > ColumnBounds.longestBytes || greatest.count > ColumnBounds.longestBytes {
            isUnusable = true
            return
        }
        let (leastBytes, greatestBytes) = (least.withBytes { Array($0) }, greatest.withBytes { Array($0) })
        if isEmpty || leastBytes.lexicographicallyPrecedes(lowBytes) { lowBytes = leastBytes }
        if isEmpty || highBytes.lexicographicallyPrecedes(greatestBytes) { highBytes = greatestBytes }
        isEmpty = false
    }

    /// The bounds as the footer stores them; nil without values, or where there may be none.
    var stored: (least: [UInt8], greatest: [UInt8])? {
        if isEmpty || isUnusable { return nil }
        switch physical {
        case .boolean: return ([UInt8(low)], [UInt8(high)])
        case .int32: return (bytes(Int32(truncatingIfNeeded: low)), bytes(Int32(truncatingIfNeeded: high)))
        case .int64: return (bytes(low), bytes(high))
        // A zero stands for both zeros: the lower bound is the negative one.
        case .float:
            return (
                bytes(Float(lowDouble == 0 ? -0.0 : lowDouble)),
                bytes(Float(highDouble == 0 ? 0 : highDouble))
            )
        case .double:
            return (bytes(lowDouble == 0 ? -0.0 : lowDouble), bytes(highDouble == 0 ? 0 : highDouble))
        case .fixedByteArray:
            let width = StoredType(type)?.width ?? 16
            return (
                Array(bytes(lowWide.bigEndian).suffix(width)), Array(bytes(highWide.bigEndian).suffix(width))
            )
        case .byteArray: return (lowBytes, highBytes)
        case .int96: return nil
        }
    }

    private func bytes<T: BitwiseCopyable>(_ value: T) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }
}
