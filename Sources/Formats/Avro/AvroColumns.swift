import Columns
import Memory
import Vocabulary

/// Gathers the values of one Avro type as a column, one after the other: Avro's records are rows. Used by one
/// thread.
class AvroColumn {
    let type: DataType
    private(set) var count = 0
    private var valid: [Bool] = []
    private var hasNulls = false

    init(_ type: DataType) { self.type = type }

    /// Bytes gathered, about.
    var byteCount: Int { 0 }

    final func read(_ cursor: AvroCursor) throws(EngineError) {
        try readValue(cursor)
        count += 1
        if hasNulls { valid.append(true) }
    }

    final func appendNull() {
        if !hasNulls {
            valid = [Bool](repeating: true, count: count)
            hasNulls = true
        }
        valid.append(false)
        count += 1
        appendNothing()
    }

    /// Reads a value; what a subclass knows how to do.
    func readValue(_ cursor: AvroCursor) throws(EngineError) {}
    /// Takes the place of a null.
    func appendNothing() {}
    /// Returns the column of `count` rows and begins anew.
    func gathered(_ count: Int, _ validity: Bitmap?) -> Vector { .nulls(type, count: count) }

    /// Returns what was gathered and begins anew.
    final func finish() -> Vector {
        let validity = hasNulls ? Bitmap(valid) : nil
        let vector = gathered(count, validity)
        count = 0
        valid.removeAll(keepingCapacity: true)
        hasNulls = false
        return vector
    }

    /// Makes the column for a type of a file as a reader wants it: `wanted` chooses and orders the fields of
    /// records, `reader` is the reader's own schema. Throws as `AvroResolution` does.
    static func make(
        _ schema: AvroSchema, as wanted: DataType, reader: AvroSchema?
    ) throws(EngineError) -> AvroColumn {
        let reader = reader?.withoutNull
        switch (schema, wanted) {
        case (.record(let fields), .structure(let members)):
            var known: [AvroField] = []
            if case .record(let fields)? = reader { known = fields }
            return AvroStructures(try AvroResolution(fields, wanted: members, reader: known))
        case (.array(let element), .array(let type, _)):
            var known: AvroSchema?
            if case .array(let element)? = reader { known = element }
            return AvroLists(try make(element, as: type, reader: known), areEmpty: element.isEmpty)
        case (.map(let value), .map(_, let type, _)):
            var known: AvroSchema?
            if case .map(let value)? = reader { known = value }
            return AvroMaps(try make(value, as: type, reader: known))
        case (.union(let branches), _):
            let members = branches.filter { !$0.isNull }
            guard case .one = AvroSchema.form(members) else { return make(schema) }
            return AvroOptional(branches, try make(members[0], as: wanted, reader: reader))
        default: return make(schema)
        }
    }

    /// Makes the column for a type of a file as that has it.
    static func make(_ schema: AvroSchema) -> AvroColumn {
        let type = schema.type
        switch schema {
        case .null: return AvroColumn(.null)
        case .boolean:
            return AvroValues<UInt8>(type) { cursor throws(EngineError) in try cursor.boolean() }
        case .int: return AvroValues<Int32>(type) { cursor throws(EngineError) in try cursor.int() }
        case .long: return AvroValues<Int64>(type) { cursor throws(EngineError) in try cursor.long() }
        case .float:
            return AvroValues<Float>(type) { cursor throws(EngineError) in try cursor.fixed(Float.self) }
        case .double:
            return AvroValues<Double>(type) { cursor throws(EngineError) in try cursor.fixed(Double.self) }
        case .bytes, .string: return AvroTexts(type) { cursor throws(EngineError) in try cursor.bytes() }
        case .fixed(let byteCount):
            return AvroTexts(type) { cursor throws(EngineError) in try cursor.take(byteCount) }
        case .enumeration(let symbols): return AvroSymbols(symbols)
        case .array(let element): return AvroLists(make(element), areEmpty: element.isEmpty)
        case .map(let value): return AvroMaps(make(value))
        case .record(let fields): return AvroStructures(AvroResolution(all: fields))
        case .union(let branches): return union(branches, type)
        case .logical(let meaning, let plain): return logical(meaning, plain, type)
        }
    }

    private static func logical(_ meaning: AvroLogical, _ plain: AvroSchema, _ type: DataType) -> AvroColumn {
        switch meaning {
        case .date: return AvroValues<Int32>(type) { cursor throws(EngineError) in try cursor.int() }
        case .timestampMicroseconds, .localMicroseconds:
            return AvroValues<Int64>(type) { cursor throws(EngineError) in try cursor.long() }
        case .timestampMilliseconds, .localMilliseconds:
            return AvroValues<Int64>(type) { cursor throws(EngineError) in
                let (value, overflow) = try cursor.long().multipliedReportingOverflow(by: 1000)
                if overflow { throw AvroCursor.damaged("a time lies outside of what microseconds reach") }
                return value
            }
        case .interval:
            if type.isYearMonthInterval {
                return AvroValues<Int32>(type) { cursor throws(EngineError) in try cursor.int() }
            }
            return AvroValues<Int64>(type) { cursor throws(EngineError) in try cursor.long() }
        case .decimal: return decimal(plain, type)
        }
    }

    private static func decimal(_ plain: AvroSchema, _ type: DataType) -> AvroColumn {
        func take(_ cursor: AvroCursor) throws(EngineError) -> UnsafeRawBufferPointer {
            if case .fixed(let byteCount) = plain { return try cursor.take(byteCount) }
            return try cursor.bytes()
        }
        if type.physical == .int64 {
            return AvroValues<Int64>(type) { cursor throws(EngineError) in
                guard let value = Int64(exactly: try number(take(cursor))) else { throw tooWide }
                return value
            }
        }
        return AvroValues<Int128>(type) { cursor throws(EngineError) in try number(take(cursor)) }
    }

    private static var tooWide: EngineError { AvroCursor.damaged("a decimal has more digits than its type") }

    /// Reads a number of two's complement, the highest byte first.
    static func number(_ bytes: UnsafeRawBufferPointer) throws(EngineError) -> Int128 {
        let isNegative = (bytes.first ?? 0) >= 0x80
        var value: Int128 = isNegative ? -1 : 0
        for (place, byte) in bytes.enumerated() {
            if bytes.count - place > 16 {
                // More bytes than the number needs are copies of its sign.
                if byte != (isNegative ? 0xFF : 0) { throw tooWide }
                continue
            }
            value = (value << 8) | Int128(byte)
        }
        if bytes.count > 16, (value < 0) != isNegative { throw tooWide }
        return value
    }

    private static func union(_ branches: [AvroSchema], _ type: DataType) -> AvroColumn {
        let members = branches.filter { !$0.isNull }
        switch AvroSchema.form(members) {
        case .none: return AvroEmptyUnion(branchCount: branches.count)
        case .one: return AvroOptional(branches, make(members[0]))
        case .long: return AvroOptional(branches, make(.long))
        case .double: return AvroOptional.doubles(branches)
        case .members: return AvroMembers(type, branches)
        }
    }
}

/// Gathers values of a fixed width.
final class AvroValues<T: BitwiseCopyable>: AvroColumn {
    private var values: [T] = []
    private let decode: (AvroCursor) throws(EngineError) -> T

    init(_ type: DataType, _ decode: @escaping (AvroCursor) throws(EngineError) -> T) {
        self.decode = decode
        super.init(type)
    }

    override var byteCount: Int { values.count * MemoryLayout<T>.size }
    override func readValue(_ cursor: AvroCursor) throws(EngineError) { values.append(try decode(cursor)) }

    override func appendNothing() {
        // A value of zeros.
        withUnsafeTemporaryAllocation(of: T.self, capacity: 1) { room in
            UnsafeMutableRawBufferPointer(room).initializeMemory(as: UInt8.self, repeating: 0)
            values.append(room[0])
        }
    }

    override func gathered(_ count: Int, _ validity: Bitmap?) -> Vector {
        let buffer = values.withUnsafeBytes { Buffer.copying($0) }
        values.removeAll(keepingCapacity: true)
        return .flat(type, count: count, values: buffer, validity: validity)
    }
}

/// Gathers texts and bytes.
final class AvroTexts: AvroColumn {
    private var heap: [UInt8] = []
    private var ends: [Int] = []
    private let decode: (AvroCursor) throws(EngineError) -> UnsafeRawBufferPointer

    init(_ type: DataType, _ decode: @escaping (AvroCursor) throws(EngineError) -> UnsafeRawBufferPointer) {
        self.decode = decode
        super.init(type)
    }

    override var byteCount: Int { heap.count + ends.count * 16 }

    override func readValue(_ cursor: AvroCursor) throws(EngineError) {
        heap.append(contentsOf: try decode(cursor))
        ends.append(heap.count)
    }

    override func appendNothing() { ends.append(heap.count) }

    override func gathered(_ count: Int, _ validity: Bitmap?) -> Vector {
        let bytes = heap.withUnsafeBytes { Buffer.copying($0) }
        let views = Buffer(byteCount: max(1, count) * 16)
        let out = views.pointer(as: StringView.self)
        var start = 0
        for (row, end) in ends.enumerated() {
            out[row] = StringView(bytes.base + start, count: end - start)
            start = end
        }
        heap.removeAll(keepingCapacity: heap.count < 1 << 20)
        ends.removeAll(keepingCapacity: true)
        return .flat(type, count: count, values: views, validity: validity, heaps: [bytes])
    }
}

/// Gathers the symbols of an enum.
final class AvroSymbols: AvroColumn {
    private let symbols: Vector
    private var codes: [Int32] = []

    init(_ symbols: [String]) {
        self.symbols = .of(.string, symbols.isEmpty ? [.string("")] : symbols.map { .string($0) })
        super.init(.string)
    }

    override var byteCount: Int { codes.count * 4 }

    override func readValue(_ cursor: AvroCursor) throws(EngineError) {
        let code = try cursor.int()
        guard code >= 0, Int(code) < symbols.count else {
            throw AvroCursor.damaged("an enum has no symbol \(code)")
        }
        codes.append(code)
    }

    override func appendNothing() { codes.append(0) }

    override func gathered(_ count: Int, _ validity: Bitmap?) -> Vector {
        let views = Buffer(byteCount: max(1, count) * 16)
        let (out, known) = (views.pointer(as: StringView.self), symbols.pointer(as: StringView.self))
        for (row, code) in codes.enumerated() { out[row] = known[Int(code)] }
        codes.removeAll(keepingCapacity: true)
        return .flat(.string, count: count, values: views, validity: validity, heaps: symbols.heaps)
    }
}
