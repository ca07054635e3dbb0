import CKernels
import Columns
import Memory
import Vocabulary

/// Serves the values of one page in order. Every encoding is brought to one of four forms when the page is
/// opened: codes, values of fixed width, length-prefixed bytes, or views.
struct PageValues {
    enum Form { case codes, booleanRuns, fixed, prefixed, views }

    let leaf: ParquetLeaf
    private(set) var form = Form.fixed
    /// Keeps the memory alive in which views point.
    private(set) var owner: Buffer?
    private var hybrid = parquet_hybrid()
    private var next: UnsafePointer<UInt8>
    private var end: UnsafePointer<UInt8>
    /// Keeps decoded values alive that `next` points to.
    private var decoded: Buffer?
    private let width: Int
    private let scratch: Buffer
    private let memory: CountedMemory

    init(leaf: ParquetLeaf, scratch: Buffer, memory: CountedMemory) {
        self.leaf = leaf
        self.memory = memory
        self.scratch = scratch
        width = ValueConversion.storedWidth(of: leaf)
        next = UnsafePointer(scratch.pointer(as: UInt8.self))
        end = next
    }

    func damaged(_ what: String) -> EngineError {
        .data("FAILED_READ_FILE", "The Parquet file is damaged: column \(leaf.path): \(what)")
    }

    /// Opens a page's values. `valueCount` is the number of values with nulls, the most that there can be.
    mutating func open(
        _ bytes: UnsafeRawBufferPointer, encoding: ParquetEncoding, valueCount: Int, owner: Buffer
    ) throws(EngineError) {
        self.owner = owner
        decoded = nil
        guard let base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else {
            throw damaged("a page has no values")
        }
        (next, end) = (base, base + bytes.count)
        switch (encoding, leaf.physical) {
        case (.plainDictionary, _), (.rleDictionary, _):
            form = .codes
            if bytes.count == 0 { return parquet_hybrid_open(&hybrid, base, 0, 0) }
            if base[0] > 32 { throw damaged("codes have a width of \(base[0]) bits") }
            parquet_hybrid_open(&hybrid, base + 1, bytes.count - 1, Int32(base[0]))
        case (.plain, .boolean): try openBits(bytes, valueCount)
        case (.plain, .byteArray): form = .prefixed
        case (.plain, _): form = .fixed
        case (.rle, .boolean):
            form = .booleanRuns
            guard bytes.count >= 4, Int(bytes.loadUnaligned(as: UInt32.self)) <= bytes.count - 4 else {
                throw damaged("a page ends inside its values")
            }
            parquet_hybrid_open(&hybrid, base + 4, Int(bytes.loadUnaligned(as: UInt32.self)), 1)
        case (.deltaBinaryPacked, .int32), (.deltaBinaryPacked, .int64): try openDelta(bytes, valueCount)
        case (.deltaLengthByteArray, .byteArray): try openDeltaLength(bytes, valueCount)
        case (.deltaByteArray, .byteArray), (.deltaByteArray, .fixedByteArray):
            try openDeltaBytes(bytes, valueCount)
        case (.byteStreamSplit, .int32), (.byteStreamSplit, .int64), (.byteStreamSplit, .float),
            (.byteStreamSplit, .double), (.byteStreamSplit, .fixedByteArray):
            try openSplit(bytes)
        default: throw damaged("a page has an encoding that its type cannot have: \(encoding)")
        }
    }

    private mutating func serve(_ buffer: Buffer, byteCount: Int) {
        decoded = buffer
        next = UnsafePointer(buffer.pointer(as: UInt8.self))
        end = next + byteCount
        form = .fixed
    }

    private mutating func openBits(_ bytes: UnsafeRawBufferPointer, _ valueCount: Int) throws(EngineError) {
        let count = min(valueCount, bytes.count * 8)
        let buffer = try memory.buffer(byteCount: count)
        parquet_unpack_bools(next, 0, buffer.pointer(as: UInt8.self), Int64(count))
        serve(buffer, byteCount: count)
    }

    private mutating func openSplit(_ bytes: UnsafeRawBufferPointer) throws(EngineError) {
        let count = bytes.count / width
        let buffer = try memory.buffer(byteCount: count * width)
        parquet_unsplit(next, Int64(count), Int32(width), buffer.pointer(as: UInt8.self))
        serve(buffer, byteCount: count * width)
    }

    /// Decodes packed differences from `at` on; advances `at` past them. Equal differences take next to no
    /// bytes, so that not these bound what a page becomes, but `valueBytes`, which the caller makes of each.
    private func delta(
        _ at: inout UnsafePointer<UInt8>, limit: Int, valueBytes: Int = 8
    ) throws(EngineError) -> (values: Buffer, count: Int) {
        if limit > PageCodec.pageBytes / valueBytes { throw damaged("a page of \(limit) values") }
        let buffer = try memory.buffer(byteCount: limit * 8)
        var consumed = 0
        let count = parquet_delta(at, end - at, buffer.pointer(as: Int64.self), Int64(limit), &consumed)
        if count < 0 { throw damaged("packed differences") }
        at += consumed
        return (buffer, Int(count))
    }

    private mutating func openDelta(_ bytes: UnsafeRawBufferPointer, _ valueCount: Int) throws(EngineError) {
        let (buffer, count) = try delta(&next, limit: valueCount)
        if width == 4 {
            // In place: narrow values lie before the wide ones that are still to be read.
            let (wide, narrow) = (buffer.pointer(as: Int64.self), buffer.pointer(as: Int32.self))
            var i = 0
            while i < count {
                narrow[i] = Int32(truncatingIfNeeded: wide[i])
                i &+= 1
            }
        }
        serve(buffer, byteCount: count * width)
    }

    private mutating func openDeltaLength(_ bytes: UnsafeRawBufferPointer, _ valueCount: Int)
        throws(EngineError)
    {
        let (lengths, count) = try delta(&next, limit: valueCount, valueBytes: 8 + 16)
        let sizes = lengths.pointer(as: Int64.self)
        let views = try memory.buffer(byteCount: count * 16)
        let out = views.pointer(as: UInt64.self)
        for i in 0..<count {
            if sizes[i] < 0 || sizes[i] > end - next {
                throw damaged("a value runs over the end of its page")
            }
            parquet_view(next, UInt32(sizes[i]), out + 2 * i)
            next += Int(sizes[i])
        }
        serve(views, byteCount: count * 16)
        form = .views
    }

    /// Each value is a prefix of the one before and a suffix of its own.
    private mutating func openDeltaBytes(_ bytes: UnsafeRawBufferPointer, _ valueCount: Int)
        throws(EngineError)
    {
        let (prefixBuffer, count) = try delta(&next, limit: valueCount, valueBytes: 8 + 8 + 16)
        let (suffixBuffer, suffixCount) = try delta(&next, limit: valueCount)
        if count != suffixCount { throw damaged("prefixes and suffixes differ in number") }
        let (prefixes, suffixes) = (
            prefixBuffer.pointer(as: Int64.self), suffixBuffer.pointer(as: Int64.self)
        )
        var (total, before, suffixTotal) = (0, 0, 0)
        for i in 0..<count {
            guard prefixes[i] >= 0, prefixes[i] <= before, suffixes[i] >= 0, suffixes[i] <= end - next else {
                throw damaged("a value runs over the end of its page")
            }
            before = Int(prefixes[i] + suffixes[i])
            suffixTotal += Int(suffixes[i])
            total += before
            if total > PageCodec.pageBytes || suffixTotal > end - next {
                throw damaged("values longer than a page")
            }
        }
        let heap = try memory.buffer(byteCount: total)
        let views = try memory.buffer(byteCount: count * 16)
        let out = views.pointer(as: UInt64.self)
        var target = heap.pointer(as: UInt8.self)
        var last = UnsafePointer(target)
        for i in 0..<count {
            let (prefix, suffix) = (Int(prefixes[i]), Int(suffixes[i]))
            target.update(from: last, count: prefix)
            (target + prefix).update(from: next, count: suffix)
            if leaf.physical == .fixedByteArray, prefix + suffix != width {
                throw damaged("a value's length")
            }
            parquet_view(target, UInt32(prefix + suffix), out + 2 * i)
            last = UnsafePointer(target)
            target += prefix + suffix
            next += suffix
        }
        if leaf.physical == .fixedByteArray { return serve(heap, byteCount: total) }
        serve(views, byteCount: count * 16)
        form = .views
        owner = heap
    }

    /// Reads `count` codes into `out`. Throws when one is not below `dictionaryCount`.
    mutating func readCodes(
        _ count: Int, dictionaryCount: Int, to out: UnsafeMutablePointer<UInt32>
    ) throws(EngineError) {
        if count == 0 { return }
        guard parquet_hybrid_read(&hybrid, out, Int64(count)) == 0 else {
            throw damaged("a page ends inside its codes")
        }
        if Int(parquet_largest(out, Int64(count))) >= dictionaryCount {
            throw damaged("a code is not in the dictionary")
        }
    }

    /// Reads `count` values as stored in our layout into `out`, through `dictionary` when they are codes.
    mutating func read(
        _ count: Int, dictionary: Vector?, to out: UnsafeMutableRawPointer
    ) throws(EngineError) {
        var (done, target) = (0, out)
        let outWidth = leaf.type.physical.width
        while done < count {
            let take = min(count - done, PageValues.scratchRows)
            try readSome(take, dictionary: dictionary, to: target, outWidth: outWidth)
            done += take
            target += take * outWidth
        }
    }

    /// Reads `count` codes into the scratch buffer, which has room for them.
    mutating func scratchCodes(
        _ count: Int, dictionaryCount: Int
    ) throws(EngineError) -> UnsafeMutablePointer<UInt32> {
        let codes = scratch.pointer(as: UInt32.self)
        try readCodes(count, dictionaryCount: dictionaryCount, to: codes)
        return codes
    }

    /// Passes over `count` values that are stored as we lay them out, 4 or 8 bytes each, and returns where
    /// they begin; nil, with nothing passed, for others.
    mutating func takeStored(_ count: Int) throws(EngineError) -> UnsafeRawPointer? {
        guard form == .fixed, leaf.conversion == .none, leaf.early == nil, width == 4 || width == 8,
            leaf.type.physical.width == width
        else { return nil }
        guard count * width <= end - next else { throw damaged("a page ends inside its values") }
        defer { next += count * width }
        return UnsafeRawPointer(next)
    }

    /// Values that the scratch buffer has room for.
    static let scratchRows = 4096
    /// Makes a scratch buffer that the readers of one thread may share.
    static func makeScratch() -> Buffer { Buffer(byteCount: scratchRows * 16 + 256) }

    private mutating func readSome(
        _ count: Int, dictionary: Vector?, to out: UnsafeMutableRawPointer, outWidth: Int
    ) throws(EngineError) {
        switch form {
        case .codes:
            guard let dictionary else { throw damaged("codes without a dictionary") }
            let codes = scratch.pointer(as: UInt32.self)
            try readCodes(count, dictionaryCount: dictionary.count, to: codes)
            parquet_gather(dictionary.pointer(as: UInt8.self), codes, Int64(count), out, Int32(outWidth))
        case .booleanRuns:
            let bits = scratch.pointer(as: UInt32.self)
            guard parquet_hybrid_read(&hybrid, bits, Int64(count)) == 0 else {
                throw damaged("a page ends too early")
            }
            let bytes = out.assumingMemoryBound(to: UInt8.self)
            var i = 0
            while i < count {
                bytes[i] = UInt8(truncatingIfNeeded: bits[i])
                i &+= 1
            }
        case .fixed:
            guard count * width <= end - next else { throw damaged("a page ends inside its values") }
            guard leaf.conversion.convert(next, count: count, width: width, to: out) else {
                throw damaged("a number does not fit \(leaf.type.sqlName)")
            }
            try leaf.early?.settle(out, count: count, of: leaf)
            next += count * width
        case .prefixed, .views: try readViews(count, to: out)
        }
    }

    private mutating func readViews(_ count: Int, to out: UnsafeMutableRawPointer) throws(EngineError) {
        let direct = leaf.conversion == .none
        let target = direct ? out : scratch.base
        if form == .views {
            guard count * 16 <= end - next else { throw damaged("a page ends inside its values") }
            target.copyMemory(from: next, byteCount: count * 16)
            next += count * 16
        } else {
            var at: UnsafePointer<UInt8>? = next
            guard parquet_views(&at, end, target.assumingMemoryBound(to: UInt64.self), Int64(count)) == 0,
                let at
            else {
                throw damaged("a value runs over the end of its page")
            }
            next = at
        }
        if direct { return }
        let views = UnsafePointer(target.assumingMemoryBound(to: StringView.self))
        guard leaf.conversion.convert(views: views, count: count, to: out) else {
            throw damaged("a number does not fit \(leaf.type.sqlName)")
        }
    }

    /// Passes over `count` values.
    mutating func skip(_ count: Int) throws(EngineError) {
        switch form {
        case .codes, .booleanRuns:
            guard parquet_hybrid_skip(&hybrid, Int64(count)) == 0 else {
                throw damaged("a page ends too early")
            }
        case .fixed, .views:
            let bytes = count * (form == .views ? 16 : width)
            guard bytes <= end - next else { throw damaged("a page ends inside its values") }
            next += bytes
        case .prefixed:
            var at: UnsafePointer<UInt8>? = next
            guard parquet_views_skip(&at, end, Int64(count)) == 0, let at else {
                throw damaged("a value runs over the end of its page")
            }
            next = at
        }
    }
}
