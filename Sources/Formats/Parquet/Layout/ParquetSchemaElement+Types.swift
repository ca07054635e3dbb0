import Columns
import Vocabulary

/// Names how a stored value becomes one of ours.
enum ValueConversion {
    /// The same bytes.
    case none
    case int32ToInt8, int32ToInt16, uint32ToInt64, int32ToInt64, int32ToInt128, int64ToInt128, uint64ToInt128
    /// Units of time to microseconds; nanoseconds round down.
    case milliseconds, nanoseconds
    /// Units of the time of day to nanoseconds, of which those below a microsecond are cut off.
    case clockMilliseconds, clockMicroseconds, clockNanoseconds
    /// Nanoseconds of the day and Julian day, 12 bytes.
    case int96
    /// Big-endian two's complement of fixed length or as a byte array.
    case bigEndianToInt64, bigEndianToInt128, bytesToInt64, bytesToInt128
    case float16
    /// Fixed-length bytes to a view.
    case fixedToView
}

extension ParquetSchemaElement {
    /// Returns Spark's type of a primitive column and how its values get there, as Spark's
    /// `ParquetToSparkSchemaConverter` maps them; nanoseconds are read as microseconds.
    /// Gives `unsupported` where there is no type for it: only who reads the column fails.
    var sparkType: (DataType, ValueConversion) {
        // A column that has nulls only, whatever it is stored as.
        if logical == .unknown { return (.null, .none) }
        let found: (DataType, ValueConversion)? =
            switch physical {
            case .boolean: (.boolean, .none)
            case .float: (.float, .none)
            case .double: (.double, .none)
            case .int96: (.timestamp, .int96)
            case .int32: int32Type
            case .int64: int64Type
            case .byteArray: byteArrayType
            case .fixedByteArray: fixedType
            case nil: nil
            }
        return found ?? (.unsupported(logical.shown ?? physical.map { "\($0)" } ?? "no type"), .none)
    }

    private static func clock(_ conversion: ValueConversion) -> (DataType, ValueConversion) {
        (.time(precision: DataType.timePrecision), conversion)
    }

    private func decimalType(_ precision: Int, _ scale: Int) -> DataType? {
        guard precision >= 1, precision <= DataType.maximumPrecision, scale >= 0, scale <= precision else {
            return nil
        }
        return .decimal(precision: precision, scale: scale)
    }

    private var int32Type: (DataType, ValueConversion)? {
        switch logical {
        case .none, .integer(bits: 32, signed: true): return (.int32, .none)
        case .integer(bits: 8, signed: true): return (.int8, .int32ToInt8)
        case .integer(bits: 16, signed: true), .integer(bits: 8, signed: false):
            return (.int16, .int32ToInt16)
        case .integer(bits: 16, signed: false): return (.int32, .none)
        case .integer(bits: 32, signed: false): return (.int64, .uint32ToInt64)
        case .date: return (.date, .none)
        case .time(.milliseconds): return Self.clock(.clockMilliseconds)
        case .decimal(let precision, let scale):
            guard let type = decimalType(precision, scale) else { return nil }
            return (type, type.physical == .int64 ? .int32ToInt64 : .int32ToInt128)
        default: return nil
        }
    }

    private var int64Type: (DataType, ValueConversion)? {
        switch logical {
        case .none, .integer(bits: 64, signed: true): return (.int64, .none)
        case .integer(bits: 64, signed: false): return (.decimal(precision: 20, scale: 0), .uint64ToInt128)
        case .time(.microseconds): return Self.clock(.clockMicroseconds)
        case .time(.nanoseconds): return Self.clock(.clockNanoseconds)
        case .timestamp(let unit, let adjusted):
            let conversion: ValueConversion =
                switch unit {
                case .milliseconds: .milliseconds
                case .microseconds: .none
                case .nanoseconds: .nanoseconds
                }
            return (adjusted ? .timestamp : .timestampNTZ, conversion)
        case .decimal(let precision, let scale):
            guard let type = decimalType(precision, scale) else { return nil }
            return (type, type.physical == .int64 ? .none : .int64ToInt128)
        default: return nil
        }
    }

    private var byteArrayType: (DataType, ValueConversion)? {
        switch logical {
        case .string, .enumeration, .json: return (.string, .none)
        case .none, .bson: return (.binary, .none)
        case .decimal(let precision, let scale):
            guard let type = decimalType(precision, scale) else { return nil }
            return (type, type.physical == .int64 ? .bytesToInt64 : .bytesToInt128)
        default: return nil
        }
    }

    private var fixedType: (DataType, ValueConversion)? {
        guard length >= 1, length <= Limits.valueBytes else { return nil }
        switch logical {
        case .none, .uuid: return (.binary, .fixedToView)
        case .float16: return length == 2 ? (.float, .float16) : nil
        case .decimal(let precision, let scale):
            guard let type = decimalType(precision, scale) else { return nil }
            return (type, type.physical == .int64 ? .bigEndianToInt64 : .bigEndianToInt128)
        default: return nil
        }
    }
}

extension ParquetLogicalType {
    /// The type as the format's specification writes it; nil where only how it is stored is said.
    fileprivate var shown: String? {
        switch self {
        case .none: nil
        case .decimal(let precision, let scale): "DECIMAL(\(precision), \(scale))"
        case .time(let unit): "TIME(\(unit.shown))"
        case .timestamp(let unit, _): "TIMESTAMP(\(unit.shown))"
        case .integer(let bits, let signed): "INT(\(bits), \(signed))"
        case .enumeration: "ENUM"
        case .other(let number): "number \(number)"
        case .string, .map, .list, .date, .json, .bson, .uuid, .float16, .unknown, .interval:
            "\(self)".uppercased()
        }
    }
}

extension ParquetTimeUnit {
    fileprivate var shown: String {
        switch self {
        case .milliseconds: "MILLIS"
        case .microseconds: "MICROS"
        case .nanoseconds: "NANOS"
        }
    }
}
