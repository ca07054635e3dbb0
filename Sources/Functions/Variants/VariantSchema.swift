import Columns
import Kernels

/// Finds the types of variants and writes them in the words of DDL, as Spark's `SchemaOfVariant` does.
enum VariantSchema {
    /// The type of a value; an array whose elements have no common type is one of variants.
    static func type(of value: VariantValue) -> DataType {
        switch value.content {
        case .null: .null
        case .boolean: .boolean
        case .integer: .int64
        case .float: .float
        case .double: .double
        case .decimal(let unscaled, let scale):
            .decimal(
                precision: min(max(String(unscaled.magnitude).utf8.count, scale), 38), scale: scale)
        case .date: .date
        case .timestamp: .timestamp
        case .timestampNTZ: .timestampNTZ
        case .string: .string
        case .binary: .binary
        case .object: .structure(value.members.map { Field($0.name, type(of: $0.value)) })
        case .array:
            .array(value.children.reduce(.null) { merged($0, type(of: $1)) }, containsNull: true)
        }
    }

    /// The type that holds values of both. Source: Spark's `JsonInferSchema.compatibleType`.
    static func merged(_ a: DataType, _ b: DataType) -> DataType {
        switch (a, b) {
        case _ where a == b: return a
        case (.null, let other), (let other, .null): return other
        case (.double, _) where b.isNumeric, (_, .double) where a.isNumeric: return .double
        case (.float, .int64), (.int64, .float): return .float
        case (.float, .decimal), (.decimal, .float): return .variant
        case (.int64, .decimal): return merged(.decimal(precision: 20, scale: 0), b)
        case (.decimal, .int64): return merged(a, .decimal(precision: 20, scale: 0))
        case (.decimal(let p, let s), .decimal(let q, let t)):
            let scale = max(s, t)
            let digits = max(p - s, q - t) + scale
            return digits > DataType.maximumPrecision ? .double : .decimal(precision: digits, scale: scale)
        case (.date, .timestamp), (.timestamp, .date), (.timestampNTZ, .timestamp),
            (.timestamp, .timestampNTZ):
            return .timestamp
        case (.date, .timestampNTZ), (.timestampNTZ, .date): return .timestampNTZ
        case (.array(let x, _), .array(let y, _)): return .array(merged(x, y), containsNull: true)
        case (.structure(let x), .structure(let y)):
            var types = Dictionary(x.map { ($0.name, $0.type) }) { first, _ in first }
            for field in y {
                types[field.name] = types[field.name].map { merged($0, field.type) } ?? field.type
            }
            let names = types.keys.sorted { $0.utf16.lexicographicallyPrecedes($1.utf16) }
            return .structure(names.map { Field($0, types[$0] ?? .null) })
        default: return .variant
        }
    }

    /// Writes the type of each group's variants; group i has the rows offsets[i]..<offsets[i + 1].
    static func texts(_ values: Vector, _ offsets: UnsafePointer<Int32>, _ count: Int) -> Vector {
        let flat = values.flattened()
        defer { withExtendedLifetime(flat) {} }
        let views = flat.pointer(as: StringView.self)
        return .of(
            .string,
            (0..<count).map { group in
                var type = DataType.null
                for row in Int(offsets[group])..<Int(offsets[group + 1]) {
                    type = views[row].withBytes { merged(type, Self.type(of: VariantValue($0))) }
                }
                return .string(text(type))
            })
    }

    /// `OBJECT<a: BIGINT, b: ARRAY<STRING>>`.
    static func text(_ type: DataType) -> String {
        switch type {
        case .structure(let fields):
            "OBJECT<\(fields.map { "\($0.quotedName): \(text($0.type))" }.joined(separator: ", "))>"
        case .array(let element, _): "ARRAY<\(text(element))>"
        default: type.sqlName
        }
    }
}
