import Columns
import Memory

#if canImport(Glibc)
    import Glibc
#endif

/// Builds a flat vector of any type value by value, without boxes: texts read as structures and lists, where
/// the number of elements is not known before. Used by one thread.
///
///     integers      append(integer:)                 texts    share(_:) or append(bytes:)
///     array, map    each element to `children`, then endList()
///     structure     each member to `children`, then endStructure()
///     null          appendNull(), which gives a structure's members their nulls too
package final class ColumnBuilder {
    package let type: DataType
    package let children: [ColumnBuilder]
    // One thread uses a builder, and nothing called from here uses it too: what is checked at run time about
    // that takes a fifth of the time to read JSON.
    @exclusivity(unchecked) package private(set) var count = 0
    private let physical: PhysicalType
    private let width: Int
    @exclusivity(unchecked) private var values: Buffer
    @exclusivity(unchecked) private var room: Int
    /// Bits of the rows that are not null; made with the first null.
    @exclusivity(unchecked) private var words: [UInt64] = []
    @exclusivity(unchecked) private var hasNulls = false
    @exclusivity(unchecked) private var heaps: [Buffer] = []
    @exclusivity(unchecked) private var heapRoom = 0
    @exclusivity(unchecked) private var heapPosition: UnsafeMutableRawPointer?
    @exclusivity(unchecked) private var heapBytes = 4096

    /// Prepares for about `capacity` values of a type.
    package init(_ type: DataType, capacity: Int) {
        self.type = type
        physical = type.physical
        width = physical == .list ? 4 : physical.width
        switch type {
        case .array(let element, _): children = [ColumnBuilder(element, capacity: capacity)]
        case .map(let key, let value, _):
            children = [ColumnBuilder(key, capacity: capacity), ColumnBuilder(value, capacity: capacity)]
        case .structure(let fields): children = fields.map { ColumnBuilder($0.type, capacity: capacity) }
        default: children = []
        }
        room = max(capacity, 16)
        values = Buffer(byteCount: (room + 1) * max(width, 1))
        if physical == .list { values.pointer(as: Int32.self)[0] = 0 }
    }

    @inline(__always)
    private func makeRoom() {
        if count == room { grow() }
    }

    private func grow() {
        let larger = Buffer(byteCount: (room * 2 + 1) * max(width, 1))
        larger.base.copyMemory(from: values.base, byteCount: (room + (physical == .list ? 1 : 0)) * width)
        values = larger
        room *= 2
    }

    @inline(__always)
    private func countValid() {
        if hasNulls { mark(true) }
        count &+= 1
    }

    private func mark(_ isValid: Bool) {
        while words.count <= count >> 6 { words.append(0) }
        if isValid { words[count >> 6] |= 1 << UInt64(count & 63) }
    }

    /// Appends an integer, date, time or boolean; also a decimal of at most 64 bits.
    package func append(integer value: Int64) {
        makeRoom()
        switch physical {
        case .bool, .int8: values.pointer(as: Int8.self)[count] = Int8(truncatingIfNeeded: value)
        case .int16: values.pointer(as: Int16.self)[count] = Int16(truncatingIfNeeded: value)
        case .int32: values.pointer(as: Int32.self)[count] = Int32(truncatingIfNeeded: value)
        case .int128: values.pointer(as: Int128.self)[count] = Int128(value)
        default: values.pointer(as: Int64.self)[count] = value
        }
        countValid()
    }

    /// Appends a floating-point number.
    package func append(double value: Double) {
        makeRoom()
        values.pointer(as: Double.self)[count] = value
        countValid()
    }

    /// Appends a text or binary whose bytes the caller keeps alive with a heap given to `finish`.
    @inline(__always)
    package func share(_ bytes: UnsafeRawBufferPointer) {
        makeRoom()
        let view = bytes.baseAddress.map { StringView($0, count: bytes.count) } ?? .empty
        values.pointer(as: StringView.self)[count] = view
        countValid()
    }

    /// Appends a copy of a text or binary.
    package func append(bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress, bytes.count > StringView.inlineCapacity else {
            return share(bytes)
        }
        if heapRoom < bytes.count {
            let heap = Buffer(byteCount: max(heapBytes, bytes.count))
            heapBytes = min(heapBytes * 2, 1 << 20)
            heaps.append(heap)
            heapRoom = heap.byteCount
            heapPosition = heap.base
        }
        guard let target = heapPosition else { return }
        memcpy(target, base, bytes.count)
        heapPosition = target + bytes.count
        heapRoom -= bytes.count
        share(UnsafeRawBufferPointer(start: target, count: bytes.count))
    }

    /// Ends an array or map: what was appended to the children since the one before is in it.
    package func endList() {
        makeRoom()
        values.pointer(as: Int32.self)[count + 1] = Int32(truncatingIfNeeded: children[0].count)
        countValid()
    }

    /// Ends a structure, each of whose members was appended.
    package func endStructure() {
        countValid()
    }

    /// Takes back what was appended after the first `kept` values.
    package func truncate(to kept: Int) {
        if kept >= count { return }
        if hasNulls {
            words.removeLast(max(0, words.count - (kept + 63) / 64))
            if kept & 63 != 0 { words[kept >> 6] &= (1 << UInt64(kept & 63)) - 1 }
        }
        switch physical {
        case .structure: for child in children { child.truncate(to: kept) }
        case .list:
            let elements = Int(values.pointer(as: Int32.self)[kept])
            for child in children { child.truncate(to: elements) }
        default: break
        }
        count = kept
    }

    /// Appends a null.
    package func appendNull() {
        if !hasNulls {
            hasNulls = true
            words = [UInt64](repeating: ~0, count: count >> 6)
            if count & 63 != 0 { words.append((1 << UInt64(count & 63)) - 1) }
        }
        switch physical {
        case .structure: for child in children { child.appendNull() }
        case .list:
            makeRoom()
            values.pointer(as: Int32.self)[count + 1] = Int32(truncatingIfNeeded: children[0].count)
        default:
            makeRoom()
            memset(values.base + count * width, 0, width)
        }
        mark(false)
        count &+= 1
    }

    /// Appends a value that is at hand as a scalar of the builder's type, or null.
    package func append(_ value: Scalar) {
        switch value {
        case .null: appendNull()
        case .boolean(let flag): append(integer: flag ? 1 : 0)
        case .integer(let number): append(integer: number)
        case .decimal(let number):
            if physical != .int128 { return append(integer: Int64(truncatingIfNeeded: number)) }
            makeRoom()
            values.pointer(as: Int128.self)[count] = number
            countValid()
        case .float(let number): append(float: number)
        case .double(let number): physical == .float ? append(float: Float(number)) : append(double: number)
        case .string(var text): text.withUTF8 { append(bytes: UnsafeRawBufferPointer($0)) }
        case .binary(let data): data.withUnsafeBytes { append(bytes: $0) }
        case .array(let elements):
            for element in elements { children[0].append(element) }
            endList()
        case .map(let keys, let items):
            for key in keys { children[0].append(key) }
            for item in items { children[1].append(item) }
            endList()
        case .structure(let members):
            for (child, member) in zip(children, members) { child.append(member) }
            endStructure()
        }
    }

    private func append(float value: Float) {
        makeRoom()
        values.pointer(as: Float.self)[count] = value
        countValid()
    }

    /// Returns the vector; `shared` are heaps of texts that were shared. The builder may not be used
    /// afterwards.
    package func finish(shared: [Buffer] = []) -> Vector {
        if type == .null { return .nulls(.null, count: count) }
        var validity: Bitmap?
        if hasNulls {
            validity = Bitmap(words.withUnsafeBytes { Buffer.copying($0) }, count: count)
        }
        let parts = children.map { $0.finish(shared: shared) }
        switch physical {
        case .structure: return .flat(type, count: count, values: nil, validity: validity, children: parts)
        case .view:
            return .flat(type, count: count, values: values, validity: validity, heaps: heaps + shared)
        default: return .flat(type, count: count, values: values, validity: validity, children: parts)
        }
    }
}
