import CNGHTTP2

/// Lays fields out as nghttp2 wants them: pointers into one block of bytes.
struct HeaderVector {
    private var bytes: [UInt8] = []
    private var layout: [(name: Int, value: Int, flags: UInt8)] = []

    init(_ fields: [HeaderField]) {
        bytes.reserveCapacity(fields.listByteCount)
        for field in fields {
            bytes.append(contentsOf: field.name.utf8)
            bytes.append(contentsOf: field.value.utf8)
            let flags = field.isNeverIndexed ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE
            layout.append((field.name.utf8.count, field.value.utf8.count, UInt8(flags.rawValue)))
        }
    }

    /// Calls `body` with the vector; the library copies what it needs.
    func withVector<Result>(_ body: (UnsafePointer<nghttp2_nv>?, Int) -> Result) -> Result {
        var storage = bytes
        return storage.withUnsafeMutableBufferPointer { memory in
            // An empty list has no base address, and then no field points anywhere.
            guard let base = memory.baseAddress else { return body(nil, 0) }
            var position = 0
            var vector: [nghttp2_nv] = []
            vector.reserveCapacity(layout.count)
            for field in layout {
                vector.append(
                    nghttp2_nv(
                        name: base + position, value: base + position + field.name, namelen: field.name,
                        valuelen: field.value, flags: field.flags))
                position += field.name + field.value
            }
            return body(vector, vector.count)
        }
    }
}
