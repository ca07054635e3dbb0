#if canImport(Glibc)
    import Glibc
#endif

/// Refers to a string or binary value in 16 bytes, as Umbra does (Neumann and Freitag, CIDR 2020).
///
///     length ≤ 12:  | length 4 | bytes 0…11, zero padded                |
///     length > 12:  | length 4 | bytes 0…3 | address of all bytes 8     |
///
/// **Invariant:** unused inline bytes are zero, so short views are equal exactly when both words are.
/// The bytes at the address are kept alive by the `heaps` of the vector that holds the view. Public, as what
/// is shared within the package only is never put in place in other rooms: each count and comparison would be
/// a call.
@frozen
public struct StringView: Sendable {
    /// Longest value held inline, bytes.
    @inlinable public static var inlineCapacity: Int { 12 }

    /// Length in the low half, first four bytes in the high half.
    public var head: UInt64
    /// Bytes 4…11 when inline, otherwise the address.
    public var tail: UInt64

    @inlinable
    public init(head: UInt64, tail: UInt64) {
        self.head = head
        self.tail = tail
    }

    /// The empty string.
    @inlinable public static var empty: StringView { StringView(head: 0, tail: 0) }

    /// Refers to `count` bytes at `base`; copies them inline when they fit, else keeps the address.
    @inlinable
    public init(_ base: UnsafeRawPointer, count: Int) {
        if count <= 12 {
            // Two loads that overlap, never past the end; a copy of so few bytes of unknown number is a call.
            let length = UInt64(UInt32(truncatingIfNeeded: count))
            if count >= 8 {
                head = length | UInt64(base.loadUnaligned(as: UInt32.self)) &<< 32
                let last = base.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
                tail = last &>> UInt64(truncatingIfNeeded: 8 &* (12 &- count))
            } else if count >= 4 {
                head = length | UInt64(base.loadUnaligned(as: UInt32.self)) &<< 32
                let last = UInt64(base.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self))
                tail = last &>> UInt64(truncatingIfNeeded: 8 &* (8 &- count))
            } else {
                var bytes: UInt64 = 0
                var at = 0
                while at < count {
                    let byte = UInt64(base.loadUnaligned(fromByteOffset: at, as: UInt8.self))
                    bytes |= byte &<< UInt64(truncatingIfNeeded: 8 &* at)
                    at &+= 1
                }
                head = length | bytes &<< 32
                tail = 0
            }
        } else {
            let prefix = base.loadUnaligned(as: UInt32.self)
            head = UInt64(UInt32(truncatingIfNeeded: count)) | (UInt64(prefix) << 32)
            tail = UInt64(UInt(bitPattern: base))
        }
    }

    /// Length in bytes.
    @inlinable public var count: Int { Int(head & 0xFFFF_FFFF) }
    @inlinable public var isInline: Bool { count <= 12 }

    /// The address of a value that is not inline.
    @inlinable public var address: UnsafeRawPointer {
        UnsafeRawPointer(bitPattern: UInt(tail)).unsafelyUnwrapped
    }

    /// Calls `body` with the value's bytes, which are valid only during the call.
    @inlinable
    @inline(__always)
    public func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        // One call of the body, so that it is put in place once; without that each row pays for three calls.
        try withUnsafeBytes(of: self) { raw in
            let start = isInline ? raw.baseAddress.unsafelyUnwrapped + 4 : address
            return try body(UnsafeRawBufferPointer(start: start, count: count))
        }
    }

    /// Copies the value's bytes to `target`, which has room for `count` bytes.
    @inlinable
    public func copyBytes(to target: UnsafeMutableRawPointer) {
        let length = count
        if length > 12 {
            memcpy(target, address, length)
        } else {
            var copy = self
            withUnsafeBytes(of: &copy) { raw in
                guard let start = raw.baseAddress else { return }
                memcpy(target, start + 4, length)
            }
        }
    }

    /// Says whether both values have the same bytes.
    @inlinable
    public static func == (a: StringView, b: StringView) -> Bool {
        if a.head != b.head { return false }
        if a.tail == b.tail { return true }
        let length = a.count
        if length <= 12 { return false }
        return memcmp(a.address, b.address, length) == 0
    }

    /// Compares byte by byte, as Spark orders strings: negative, zero or positive.
    @inlinable
    public static func compare(_ a: StringView, _ b: StringView) -> Int {
        let prefixA = UInt32(truncatingIfNeeded: a.head >> 32).byteSwapped
        let prefixB = UInt32(truncatingIfNeeded: b.head >> 32).byteSwapped
        if prefixA != prefixB { return prefixA < prefixB ? -1 : 1 }
        return compareTails(a, b)
    }

    /// Bytes 4…11, zero padded, in the order of memory.
    @inlinable
    var middle: UInt64 { isInline ? tail : address.loadUnaligned(fromByteOffset: 4, as: UInt64.self) }

    @usableFromInline
    static func compareTails(_ a: StringView, _ b: StringView) -> Int {
        let (middleA, middleB) = (a.middle.byteSwapped, b.middle.byteSwapped)
        if middleA != middleB { return middleA < middleB ? -1 : 1 }
        // Equal up to the twelfth byte; where one of them ends before, the other one has zeros there.
        let shared = min(a.count, b.count) - inlineCapacity
        if shared > 0 {
            let order = Int(memcmp(a.address + inlineCapacity, b.address + inlineCapacity, shared))
            if order != 0 { return order }
        }
        return a.count - b.count
    }

    /// The value as text; bytes that are not UTF-8 become the replacement character.
    public var string: String { withBytes { String(decoding: $0, as: UTF8.self) } }

    /// Calls `body` with the value as UTF-8, which is valid only during the call: its own bytes where they
    /// are ASCII, else those of `string`. A text that was cast from bytes may be no UTF-8.
    @inlinable
    public func withUTF8<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        let isASCII = withBytes { bytes in bytes.allSatisfy { $0 < 0x80 } }
        if isASCII { return try withBytes(body) }
        var text = string
        return try text.withUTF8 { try body(UnsafeRawBufferPointer($0)) }
    }
}
