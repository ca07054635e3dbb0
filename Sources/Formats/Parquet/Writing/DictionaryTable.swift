import Columns
import Memory

#if canImport(Glibc)
    import Glibc
#endif

/// Numbers the distinct values of a column chunk in order of appearance, by open addressing with linear
/// probing. Values are stored numbers of up to eight bytes, or byte strings. Not thread-safe: one owner.
final class DictionaryTable {
    private(set) var count = 0
    /// Bytes that the dictionary's page will have.
    private(set) var byteCount = 0
    private var slots: UnsafeMutablePointer<Int32>
    private var slotBits: UInt64 = 10
    private(set) var numbers: [UInt64] = []
    private(set) var views: [StringView] = []
    /// Own copies of the longer strings.
    private var heaps: [Buffer] = []
    private var heapUsed = 0
    private let numberWidth: Int

    private static let heapBytes = 64 << 10

    /// Makes a table for numbers of `numberWidth` bytes, or for byte strings when that is 0.
    init(numberWidth: Int) {
        self.numberWidth = numberWidth
        slots = .allocate(capacity: 1 << Int(slotBits))
        slots.initialize(repeating: -1, count: 1 << Int(slotBits))
    }

    deinit { slots.deallocate() }

    @inline(__always)
    private static func mix(_ value: UInt64) -> UInt64 {
        let product = (value ^ 0xa076_1d64_78bd_642f).multipliedFullWidth(by: 0xe703_7ed1_a0b4_28db)
        return product.high ^ product.low
    }

    @inline(__always)
    private static func mix(_ view: StringView) -> UInt64 {
        if view.isInline { return mix(view.head ^ (view.tail &* 0x9e37_79b9_7f4a_7c15)) }
        return mixLong(view)
    }

    private static func mixLong(_ view: StringView) -> UInt64 {
        let (address, length) = (view.address, view.count)
        var state = mix(UInt64(length))
        var i = 0
        while i + 8 <= length {
            state = mix(state ^ address.loadUnaligned(fromByteOffset: i, as: UInt64.self))
            i += 8
        }
        // The last eight bytes, some of them a second time: longer strings have more than twelve.
        return mix(state ^ address.loadUnaligned(fromByteOffset: length - 8, as: UInt64.self))
    }

    /// Writes the code of each of `n` numbers to `codes`; stops where the dictionary would grow past
    /// `limitBytes` and returns how many codes were written.
    func encode<T: FixedWidthInteger>(
        _ values: UnsafePointer<T>, _ n: Int, limitBytes: Int, to codes: UnsafeMutablePointer<UInt32>
    ) -> Int {
        var i = 0
        while i < n {
            let key = UInt64(truncatingIfNeeded: values[i])
            var slot = Int(truncatingIfNeeded: DictionaryTable.mix(key) >> (64 &- slotBits))
            let mask = (1 << Int(slotBits)) &- 1
            while true {
                let code = slots[slot]
                if code >= 0, numbers.withUnsafeBufferPointer({ $0[Int(code)] }) == key {
                    codes[i] = UInt32(bitPattern: code)
                    break
                }
                if code < 0 {
                    if byteCount &+ numberWidth > limitBytes { return i }
                    slots[slot] = Int32(truncatingIfNeeded: count)
                    codes[i] = UInt32(truncatingIfNeeded: count)
                    numbers.append(key)
                    byteCount &+= numberWidth
                    grown()
                    break
                }
                slot = (slot &+ 1) & mask
            }
            i &+= 1
        }
        return n
    }

    /// Returns the code of a byte string, or -1 when the dictionary would grow past `limitBytes`.
    func code(of view: StringView, limitBytes: Int) -> Int32 {
        var slot = Int(truncatingIfNeeded: DictionaryTable.mix(view) >> (64 &- slotBits))
        let mask = (1 << Int(slotBits)) &- 1
        while true {
            let code = slots[slot]
            if code < 0 { break }
            if views.withUnsafeBufferPointer({ $0[Int(code)] }) == view { return code }
            slot = (slot &+ 1) & mask
        }
        let bytes = view.count &+ 4
        if byteCount &+ bytes > limitBytes { return -1 }
        let code = Int32(truncatingIfNeeded: count)
        slots[slot] = code
        views.append(owned(view))
        byteCount &+= bytes
        grown()
        return code
    }

    private func owned(_ view: StringView) -> StringView {
        if view.isInline { return view }
        let length = view.count
        if heaps.isEmpty || heapUsed + length > heaps[heaps.count - 1].byteCount {
            heaps.append(Buffer(byteCount: max(length, DictionaryTable.heapBytes)))
            heapUsed = 0
        }
        let target = heaps[heaps.count - 1].base + heapUsed
        view.copyBytes(to: target)
        heapUsed += length
        return StringView(target, count: length)
    }

    /// Counts a new entry, and doubles the slots at half load.
    private func grown() {
        count &+= 1
        if count &* 2 <= 1 << Int(slotBits) { return }
        slotBits += 1
        slots.deallocate()
        slots = .allocate(capacity: 1 << Int(slotBits))
        slots.initialize(repeating: -1, count: 1 << Int(slotBits))
        let mask = (1 << Int(slotBits)) - 1
        for code in 0..<count {
            let hash = numberWidth > 0 ? DictionaryTable.mix(numbers[code]) : DictionaryTable.mix(views[code])
            var slot = Int(truncatingIfNeeded: hash >> (64 - slotBits))
            while slots[slot] >= 0 { slot = (slot + 1) & mask }
            slots[slot] = Int32(code)
        }
    }
}
