import Columns
import Kernels
import Vocabulary

/// Computes the function `md5`, eight rows at a time.
enum MD5Texts {
    /// Bytes of a digest in hexadecimal.
    private static let textBytes = 2 * MD5Lanes.digestBytes
    private static let digits = Hexadecimal.lower

    /// Returns the digests in hexadecimal; null rows take no lane.
    static func digests(_ call: Invocation) -> Vector {
        let rows = Rows(call)
        let texts = TextColumn(rows.columns[0])
        let builder = ViewBuilder(count: rows.count)
        let made = UnsafeMutablePointer<UInt32>.allocate(
            capacity: MD5Lanes.lanes * MD5Lanes.digestBytes / MemoryLayout<UInt32>.size)
        let lanes = UnsafeMutablePointer<(text: UnsafeRawBufferPointer, row: Int)>.allocate(
            capacity: MD5Lanes.lanes)
        defer {
            made.deallocate()
            lanes.deallocate()
        }
        var filled = 0
        func flush() {
            withUnsafeTemporaryAllocation(of: UnsafeRawBufferPointer.self, capacity: MD5Lanes.lanes) { some in
                guard let base = some.baseAddress else { return }
                for lane in 0..<filled { (base + lane).initialize(to: lanes[lane].text) }
                MD5Lanes.digest(base, filled, into: made)
            }
            for lane in 0..<filled {
                guard let text = builder.reserve(textBytes) else { break }
                write(UnsafeRawPointer(made) + lane * MD5Lanes.digestBytes, to: text)
                builder.share(StringView(text, count: textBytes), lanes[lane].row)
            }
            filled = 0
        }
        rows.each { row in
            (lanes + filled).initialize(to: (texts.bytes(row), row))
            filled &+= 1
            if filled == MD5Lanes.lanes { flush() }
        }
        flush()
        withExtendedLifetime(rows) {}
        return builder.finish(.string, validity: rows.validity)
    }

    private static func write(_ digest: UnsafeRawPointer, to text: UnsafeMutableRawPointer) {
        digits.withUnsafeBufferPointer { digits in
            var at = 0
            while at < MD5Lanes.digestBytes {
                let byte = digest.load(fromByteOffset: at, as: UInt8.self)
                text.storeBytes(of: digits[Int(byte &>> 4)], toByteOffset: 2 &* at, as: UInt8.self)
                text.storeBytes(of: digits[Int(byte & 15)], toByteOffset: 2 &* at &+ 1, as: UInt8.self)
                at &+= 1
            }
        }
    }
}
