import CKernels
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
    /// Room for as many numbers as half the slots.
    fileprivate private(set) var numberBase: UnsafeMutablePointer<UInt64>
    /// Likewise, of byte strings. Raw memory, as arrays of a class are checked for exclusive access at each
    /// probe.
    fileprivate private(set) var viewBase: UnsafeMutablePointer<StringView>
    /// Own copies of the longer strings.
    private var heaps: [Buffer] = []
    private var heapUsed = 0
    private let numberWidth: Int
    private let hashes = UnsafeMutablePointer<UInt64>.allocate(capacity: DictionaryTable.blockValues)

    /// Values whose places are fetched into the cache together, before any of them is looked at.
    private static let blockValues = 32
    private static let heapBytes = 64 << 10

    /// Makes a table for numbers of `numberWidth` bytes, or for byte strings when that is 0.
    init(numberWidth: Int) {
        self.numberWidth = numberWidth
        slots = .allocate(capacity: 1 << Int(slotBits))
        slots.initialize(repeating: -1, count: 1 << Int(slotBits))
        numberBase = .allocate(capacity: numberWidth > 0 ? 1 << Int(slotBits - 1) : 1)
        viewBase = .allocate(capacity: numberWidth > 0 ? 1 : 1 << Int(slotBits - 1))
    }

    deinit {
        slots.deallocate()
        numberBase.deallocate()
        viewBase.deallocate()
        hashes.deallocate()
    }

    /// Bytes of memory that it takes.
    var memoryBytes: Int {
        (1 << Int(slotBits)) * (4 + (numberWidth > 0 ? 4 : 8)) + heaps.reduce(0) { $0 + $1.byteCount }
    }

    /// The distinct numbers, in order of their codes.
    var numbers: UnsafeBufferPointer<UInt64> {
        UnsafeBufferPointer(start: numberBase, count: numberWidth > 0 ? count : 0)
    }

    /// The distinct byte strings, in order of their codes.
    var views: UnsafeBufferPointer<StringView> {
        UnsafeBufferPointer(start: viewBase, count: numberWidth > 0 ? 0 : count)
    }

    /// **Invariant:** other constants than those of `Hashing`, by whose high bits rows are dealt out to
    /// tasks: the keys of one task would all fall into the same part of the slots.
    @inline(__always)
    fileprivate static func mix(_ value: UInt64) -> UInt64 {
        let product = (value ^ 0x2d35_8dcc_aa6c_78a5).multipliedFullWidth(by: 0x8bb8_4b93_962e_acc9)
        return product.high ^ product.low
    }

    @inline(__always)
    fileprivate static func mix(_ view: StringView) -> UInt64 {
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

    /// Writes the code of each of `n` values to `codes`; stops where the dictionary would grow past
    /// `limitBytes` and returns how many codes were written.
    func encode<Value: DictionaryValue>(
        _ values: UnsafePointer<Value>, _ n: Int, limitBytes: Int, to codes: UnsafeMutablePointer<UInt32>
    ) -> Int {
        var i = 0
        while i < n {
            let block = min(n &- i, DictionaryTable.blockValues)
            prefetch(values + i, block)
            let done = encodeBlock(values + i, block, limitBytes: limitBytes, to: codes + i)
            i &+= done
            if done < block { return i }
        }
        return n
    }

    /// Computes the hashes of a block, and has the slots fetched, then the values that they name.
    @inline(__always)
    private func prefetch<Value: DictionaryValue>(_ values: UnsafePointer<Value>, _ n: Int) {
        let (slots, known, hashes, shift) = (self.slots, Value.known(to: self), self.hashes, 64 &- slotBits)
        var i = 0
        while i < n {
            let hash = values[i].hash
            hashes[i] = hash
            kernels_prefetch(slots + Int(truncatingIfNeeded: hash &>> shift))
            i &+= 1
        }
        i = 0
        while i < n {
            let code = slots[Int(truncatingIfNeeded: hashes[i] &>> shift)]
            if code >= 0 { kernels_prefetch(known + Int(code)) }
            i &+= 1
        }
    }

    @inline(__always)
    private func encodeBlock<Value: DictionaryValue>(
        _ values: UnsafePointer<Value>, _ n: Int, limitBytes: Int, to codes: UnsafeMutablePointer<UInt32>
    ) -> Int {
        var (slots, known, shift) = (self.slots, Value.known(to: self), 64 &- slotBits)
        var mask = (1 << Int(slotBits)) &- 1
        let hashes = self.hashes
        var i = 0
        while i < n {
            let value = values[i]
            var slot = Int(truncatingIfNeeded: hashes[i] &>> shift)
            var code = slots[slot]
            while code >= 0, !value.isSame(as: known[Int(code)]) {
                slot = (slot &+ 1) & mask
                code = slots[slot]
            }
            if code < 0 {
                let bytes = value.pageBytes
                if byteCount &+ bytes > limitBytes { return i }
                code = Int32(truncatingIfNeeded: count)
                slots[slot] = code
                known[count] = value.kept(by: self)
                byteCount &+= bytes
                grown()
                (slots, known, shift) = (self.slots, Value.known(to: self), 64 &- slotBits)
                mask = (1 << Int(slotBits)) &- 1
            }
            codes[i] = UInt32(bitPattern: code)
            i &+= 1
        }
        return n
    }

    fileprivate func owned(_ view: StringView) -> StringView {
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
        if count &* 2 < 1 << Int(slotBits) { return }
        slotBits += 1
        if numberWidth > 0 {
            let wider = UnsafeMutablePointer<UInt64>.allocate(capacity: 1 << Int(slotBits - 1))
            wider.update(from: numberBase, count: count)
            numberBase.deallocate()
            numberBase = wider
        } else {
            let wider = UnsafeMutablePointer<StringView>.allocate(capacity: 1 << Int(slotBits - 1))
            wider.update(from: viewBase, count: count)
            viewBase.deallocate()
            viewBase = wider
        }
        slots.deallocate()
        slots = .allocate(capacity: 1 << Int(slotBits))
        slots.initialize(repeating: -1, count: 1 << Int(slotBits))
        let mask = (1 << Int(slotBits)) - 1
        for code in 0..<count {
            let hash =
                numberWidth > 0 ? DictionaryTable.mix(numberBase[code]) : DictionaryTable.mix(viewBase[code])
            var slot = Int(truncatingIfNeeded: hash >> (64 - slotBits))
            while slots[slot] >= 0 { slot = (slot + 1) & mask }
            slots[slot] = Int32(code)
        }
    }
}

/// What a dictionary numbers: stored numbers of four or eight bytes, or byte strings.
protocol DictionaryValue {
    /// How the table keeps it.
    associatedtype Kept
    var hash: UInt64 { get }
    /// Bytes that it takes in the dictionary's page.
    var pageBytes: Int { get }
    func isSame(as kept: Kept) -> Bool
    func kept(by table: DictionaryTable) -> Kept
    /// Where the table has its values, in the order of their codes.
    static func known(to table: DictionaryTable) -> UnsafeMutablePointer<Kept>
}

extension DictionaryValue where Self: FixedWidthInteger & UnsignedInteger {
    @inline(__always) var hash: UInt64 { DictionaryTable.mix(UInt64(truncatingIfNeeded: self)) }
    @inline(__always) var pageBytes: Int { MemoryLayout<Self>.size }
    @inline(__always) func isSame(as kept: UInt64) -> Bool { UInt64(truncatingIfNeeded: self) == kept }
    @inline(__always) func kept(by table: DictionaryTable) -> UInt64 { UInt64(truncatingIfNeeded: self) }
    @inline(__always)
    static func known(to table: DictionaryTable) -> UnsafeMutablePointer<UInt64> { table.numberBase }
}

extension UInt32: DictionaryValue {}
extension UInt64: DictionaryValue {}

extension StringView: DictionaryValue {
    @inline(__always) var hash: UInt64 { DictionaryTable.mix(self) }
    /// A length stands before the bytes.
    @inline(__always) var pageBytes: Int { count &+ 4 }
    @inline(__always) func isSame(as kept: StringView) -> Bool { self == kept }
    @inline(__always) func kept(by table: DictionaryTable) -> StringView { table.owned(self) }
    @inline(__always)
    static func known(to table: DictionaryTable) -> UnsafeMutablePointer<StringView> { table.viewBase }
}
