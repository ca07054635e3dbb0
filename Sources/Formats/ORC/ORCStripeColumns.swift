import Columns
import Kernels
import Vocabulary

/// Makes the columns of a stripe out of its footer.
struct ORCStripeColumns {
    private let file: ORCFile
    private let source: any ByteSource
    private let clocks: ORCClocks
    /// Where the streams are, by type and kind.
    private var streams: [Key: (offset: Int, count: Int)] = [:]
    private var encodings: [(kind: Int, size: Int)] = []

    private struct Key: Hashable {
        var type: Int
        var kind: Int
    }

    /// Names the kinds of streams by the numbers that footers have.
    private enum Stream {
        static let present = 0
        static let data = 1
        static let length = 2
        static let dictionary = 3
        static let secondary = 5
    }

    /// Opens the streams of columns: `ids` are types of the file, nil for what it lacks; `types` are those
    /// that come out.
    static func open(
        _ stripe: ORCStripe, _ file: ORCFile, _ source: any ByteSource, _ zone: Zone, ids: [Int?],
        types: [DataType]
    ) throws(EngineError) -> [ORCColumn] {
        let stripe = try ORCStripeColumns(stripe, file, source, zone)
        var found: [ORCColumn] = []
        for (id, type) in zip(ids, types) { found.append(try stripe.column(id, type, isOutermost: true)) }
        return found
    }

    private init(
        _ stripe: ORCStripe, _ file: ORCFile, _ source: any ByteSource, _ zone: Zone
    ) throws(EngineError) {
        self.file = file
        self.source = source
        let start = stripe.offset + stripe.indexBytes + stripe.dataBytes
        let bytes = try ORCBytes(source, at: start, count: stripe.footerBytes, codec: file.codec)
            .rest(limit: ORCTail.footerLimit)
        var message = ORCMessage(bytes[...])
        var offset = stripe.offset
        var writer = zone
        while let (field, value) = try message.next() {
            switch field {
            case 1:
                let stream = try Self.stream(try value.message())
                guard stream.count <= start - offset else {
                    throw ORCTail.damaged("the streams of a stripe are longer than it")
                }
                streams[stream.key] = (offset, stream.count)
                if streams.count > 32 * file.tree.types.count {
                    throw ORCTail.damaged("a stripe has more streams than its columns need")
                }
                offset += stream.count
            case 2:
                encodings.append(try Self.encoding(try value.message()))
                if encodings.count > file.tree.types.count {
                    throw ORCTail.damaged("a stripe has more columns than the file")
                }
            case 3:
                let name = try value.text()
                do throws(EngineError) { writer = try Zone.named(name) } catch {
                    throw ORCTail.damaged("its writer's time zone is not known: \(name.prefix(100))")
                }
            default: break
            }
        }
        guard encodings.count == file.tree.types.count else {
            throw ORCTail.damaged("a stripe has \(encodings.count) columns of \(file.tree.types.count)")
        }
        clocks = ORCClocks(writer: writer, reader: zone, isJulian: file.isJulian)
    }

    private static func stream(
        _ bytes: ArraySlice<UInt8>
    ) throws(EngineError) -> (key: Key, count: Int) {
        var message = ORCMessage(bytes)
        var key = Key(type: 0, kind: 0)
        var count = 0
        while let (field, value) = try message.next() {
            switch field {
            case 1: key.kind = try value.count()
            case 2: key.type = try value.count()
            case 3: count = try value.count()
            default: break
            }
        }
        return (key, count)
    }

    private static func encoding(
        _ bytes: ArraySlice<UInt8>
    ) throws(EngineError) -> (kind: Int, size: Int) {
        var message = ORCMessage(bytes)
        var (kind, size) = (0, 0)
        while let (field, value) = try message.next() {
            if field == 1 { kind = try value.count() }
            if field == 2 { size = try value.count() }
        }
        guard kind < 4 else { throw ORCTail.damaged("a column has the encoding \(kind)") }
        return (kind, size)
    }

    private func bytes(_ id: Int, _ kind: Int) -> ORCBytes {
        guard let (offset, count) = streams[Key(type: id, kind: kind)] else { return .empty(source) }
        return ORCBytes(source, at: offset, count: count, codec: file.codec)
    }

    private func integers(_ id: Int, _ kind: Int, isSigned: Bool) -> ORCIntegers {
        ORCIntegers(bytes(id, kind), isSigned: isSigned, isVersion2: encodings[id].kind >= 2)
    }

    private func column(
        _ id: Int?, _ type: DataType, isOutermost: Bool
    ) throws(EngineError) -> ORCColumn {
        guard let id else { return ORCMissing(type) }
        let kind = file.tree.types[id].kind
        let hasPresent = (streams[Key(type: id, kind: Stream.present)]?.count ?? 0) > 0
        let present = hasPresent ? ORCByteRuns(bytes(id, Stream.present)) : nil
        switch kind {
        case .boolean, .byte:
            return ORCByteColumn(
                type, present, ORCByteRuns(bytes(id, Stream.data)), areBits: kind == .boolean)
        case .short:
            return ORCIntegerColumn<Int16>(type, present, integers(id, Stream.data, isSigned: true))
        case .int: return ORCIntegerColumn<Int32>(type, present, integers(id, Stream.data, isSigned: true))
        case .date:
            return ORCIntegerColumn<Int32>(
                type, present, integers(id, Stream.data, isSigned: true),
                rebase: file.isJulian ? { JulianCalendar.rebased(day: $0) } : nil)
        case .long: return ORCIntegerColumn<Int64>(type, present, integers(id, Stream.data, isSigned: true))
        case .float: return ORCFloatColumn<Float>(type, present, bytes(id, Stream.data), zero: 0)
        case .double: return ORCFloatColumn<Double>(type, present, bytes(id, Stream.data), zero: 0)
        case .string, .varchar, .char, .binary: return text(id, type, present, isOutermost: isOutermost)
        case .timestamp, .instant:
            return ORCTimeColumn(
                type, present, integers(id, Stream.data, isSigned: true),
                integers(id, Stream.secondary, isSigned: false),
                kind == .instant ? .instants(isJulian: file.isJulian) : clocks)
        case .decimal:
            return ORCDecimalColumn(
                type, present, bytes(id, Stream.data), integers(id, Stream.secondary, isSigned: true),
                precision: file.tree.types[id].precision, scale: file.tree.types[id].scale)
        case .list, .map:
            return ORCListColumn(
                type, present, integers(id, Stream.length, isSigned: false), try items(of: id, type))
        case .structure: return ORCStructureColumn(type, present, try members(of: id, type))
        case .union: throw ORCType.notSupported("UNIONTYPE")
        }
    }

    /// The columns of an array's elements, or of a map's keys and values.
    private func items(of id: Int, _ type: DataType) throws(EngineError) -> [ORCColumn] {
        let types: [DataType] =
            switch type {
            case .array(let element, _): [element]
            case .map(let key, let value, _): [key, value]
            default: []
            }
        var items: [ORCColumn] = []
        for (child, type) in zip(file.tree.types[id].children, types) {
            items.append(try column(child, type, isOutermost: false))
        }
        return items
    }

    private func members(of id: Int, _ type: DataType) throws(EngineError) -> [ORCColumn] {
        guard case .structure(let fields) = type else { return [] }
        let names = file.tree.types[id].names
        var members: [ORCColumn] = []
        for field in fields {
            let place = ORCResolution.place(of: field.name, in: names)
            members.append(
                try column(
                    place.map { file.tree.types[id].children[$0] }, field.type, isOutermost: false))
        }
        return members
    }

    private func text(
        _ id: Int, _ type: DataType, _ present: ORCByteRuns?, isOutermost: Bool
    ) -> ORCColumn {
        let trims = file.tree.types[id].kind == .char
        let lengths = integers(id, Stream.length, isSigned: false)
        // DICTIONARY and DICTIONARY_V2.
        guard encodings[id].kind & 1 == 1 else {
            return ORCTextColumn(type, present, bytes(id, Stream.data), lengths, trims: trims)
        }
        return ORCDictionaryColumn(
            type, present, codes: integers(id, Stream.data, isSigned: false),
            bytes(id, Stream.dictionary), lengths, size: encodings[id].size, trims: trims,
            isOutermost: isOutermost)
    }
}
