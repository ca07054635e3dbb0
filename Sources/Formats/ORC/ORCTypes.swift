import Columns
import Vocabulary

/// Describes a type of an ORC file's footer. Types are numbered from the outside in; 0 is the row.
struct ORCType: Sendable {
    /// Names the kinds by the numbers that footers have.
    enum Kind: Int, Sendable {
        case boolean, byte, short, int, long, float, double, string, binary, timestamp, list, map, structure
        case union, decimal, date, varchar, char, instant
    }

    var kind = Kind.structure
    var children: [Int] = []
    var names: [String] = []
    var precision = 0
    var scale = 0
    /// What Spark notes of the type, where ORC has none like it.
    var note: String?

    /// Under this name files say which type of Spark a column has.
    private static let noteName = "spark.sql.catalyst.type"

    /// Reads the message of a type.
    init(_ bytes: ArraySlice<UInt8>) throws(EngineError) {
        var message = ORCMessage(bytes)
        var code = 0
        while let (field, value) = try message.next() {
            switch field {
            case 1: code = try value.count()
            case 2: children += try value.counts()
            case 3: names.append(try value.text())
            case 5: precision = try value.count()
            case 6: scale = try value.count()
            case 7: try readNote(try value.message())
            default: break
            }
        }
        guard let known = Kind(rawValue: code) else {
            throw Self.notSupported("kind \(code)")
        }
        kind = known
    }

    private mutating func readNote(_ bytes: ArraySlice<UInt8>) throws(EngineError) {
        var message = ORCMessage(bytes)
        var (key, text) = ("", "")
        while let (field, value) = try message.next() {
            if field == 1 { key = try value.text() }
            if field == 2 { text = try value.text() }
        }
        if key == Self.noteName { note = text }
    }

    static func notSupported(_ what: String) -> EngineError {
        .data(
            "ORC_TYPE_NOT_SUPPORTED", "The ORC file has a column of a type that SQL has not: \(what)",
            remedy: "Leave this column out when the file is written, or write it as a string.")
    }
}

/// Holds the types of a file: a tree, whose every type but the first belongs to one other before it.
struct ORCTypeTree: Sendable {
    let types: [ORCType]

    /// Most types of a file.
    static let limit = 100_000

    /// Checks that the types are a tree with a structure at its top. Throws a `data` error.
    init(_ types: [ORCType]) throws(EngineError) {
        self.types = types
        guard let first = types.first, types.count <= Self.limit else {
            throw ORCTail.damaged("it has \(types.count) types")
        }
        guard first.kind == .structure else {
            throw ORCType.notSupported("rows that are no structures")
        }
        var depths = [Int](repeating: 0, count: types.count)
        var used = 0
        for (id, type) in types.enumerated() {
            let wanted: Int? =
                switch type.kind {
                case .list: 1
                case .map: 2
                case .structure: type.names.count
                case .union: nil
                default: 0
                }
            if let wanted, type.children.count != wanted {
                throw ORCTail.damaged("a type has \(type.children.count) parts")
            }
            for child in type.children {
                guard child > id, child < types.count, depths[child] == 0 else {
                    throw ORCTail.damaged("its types are no tree")
                }
                depths[child] = depths[id] + 1
                used += 1
                if depths[child] > Limits.nestingDepth {
                    throw ORCTail.damaged("its types are nested deeper than \(Limits.nestingDepth)")
                }
            }
        }
        if used != types.count - 1 { throw ORCTail.damaged("its types are no tree") }
    }

    /// The columns of the rows, under Spark's types. Throws `ORC_TYPE_NOT_SUPPORTED` (data) where SQL has no
    /// such type.
    func columns() throws(EngineError) -> Schema {
        var fields: [Field] = []
        for (name, child) in zip(types[0].names, types[0].children) {
            do throws(EngineError) { fields.append(Field(name, try type(of: child))) } catch {
                var named = error
                named.message += ", in column \(name)"
                throw named
            }
        }
        return Schema(fields)
    }

    /// The type of SQL of a type, as Spark's `OrcUtils` has it.
    func type(of id: Int) throws(EngineError) -> DataType {
        let type = types[id]
        let interval = type.note.flatMap(IntervalFields.init(catalogName:))
        switch type.kind {
        case .boolean: return .boolean
        case .byte: return .int8
        case .short: return .int16
        case .int:
            if let interval, interval.first.isYearMonth { return .interval(interval) }
            return .int32
        case .long:
            if type.note == "timestamp_ntz" { return .timestampNTZ }
            if let interval, !interval.first.isYearMonth { return .interval(interval) }
            return .int64
        case .float: return .float
        case .double: return .double
        case .string, .varchar, .char: return .string
        case .binary: return .binary
        case .date: return .date
        case .timestamp, .instant: return .timestamp
        case .decimal:
            guard (1...DataType.maximumPrecision).contains(type.precision), type.scale <= type.precision
            else { throw ORCType.notSupported("DECIMAL(\(type.precision), \(type.scale))") }
            return .decimal(precision: type.precision, scale: type.scale)
        case .list: return .array(try self.type(of: type.children[0]), containsNull: true)
        case .map:
            return .map(
                key: try self.type(of: type.children[0]), value: try self.type(of: type.children[1]),
                valueContainsNull: true)
        case .structure:
            var fields: [Field] = []
            for (name, child) in zip(type.names, type.children) {
                fields.append(Field(name, try self.type(of: child)))
            }
            return .structure(fields)
        case .union: throw ORCType.notSupported("UNIONTYPE")
        }
    }
}
