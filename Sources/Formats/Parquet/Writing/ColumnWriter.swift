import Columns
import Vocabulary

/// Writes one column: takes nested vectors apart into the entries of their leaves.
indirect enum ColumnWriter {
    case leaf(LeafWriter, isFlat: Bool)
    case structure(definition: Int, children: [ColumnWriter])
    /// An array (one child) or a map (two).
    case list(definition: Int, repetition: Int, children: [ColumnWriter])

    /// Builds the writer of a field and appends its schema elements and its leaves.
    init(
        _ field: Field, required: Bool = false, definition: Int = 0, repetition: Int = 0, path: [String] = [],
        options: ParquetWriterOptions, schema: inout [ParquetSchemaElement], leaves: inout [LeafWriter]
    ) throws(EngineError) {
        let path = path + [field.name]
        let level = definition + (required ? 0 : 1)
        var element = ParquetSchemaElement()
        element.name = field.name
        element.repetition = required ? .required : .optional
        switch field.type {
        case .structure(let fields):
            if fields.isEmpty { throw ColumnWriter.unsupported(field) }
            element.childCount = fields.count
            schema.append(element)
            var children: [ColumnWriter] = []
            for member in fields {
                children.append(
                    try ColumnWriter(
                        member, definition: level, repetition: repetition, path: path, options: options,
                        schema: &schema, leaves: &leaves))
            }
            self = .structure(definition: level, children: children)
        case .array(let inner, _):
            self = try ColumnWriter.list(
                element, .list, "list", [Field("element", inner)], level, repetition, path, options, &schema,
                &leaves)
        case .map(let key, let value, _):
            self = try ColumnWriter.list(
                element, .map, "key_value", [Field("key", key), Field("value", value)], level, repetition,
                path,
                options, &schema, &leaves)
        default:
            guard let stored = StoredType(field.type) else { throw ColumnWriter.unsupported(field) }
            element.physical = stored.physical
            element.logical = stored.logical
            element.length = stored.width
            schema.append(element)
            let leaf = LeafWriter(
                type: field.type, stored: stored, path: path, definition: level, repetition: repetition,
                options: options)
            leaves.append(leaf)
            self = .leaf(leaf, isFlat: path.count == 1)
        }
    }

    private static func unsupported(_ field: Field) -> EngineError {
        .user(
            "UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE",
            "Parquet cannot hold column \(field.name) of type \(field.type.sqlName)",
            remedy: "Cast the column to another type, or leave it out.")
    }

    private static func list(
        _ element: ParquetSchemaElement, _ logical: ParquetLogicalType, _ group: String, _ fields: [Field],
        _ level: Int, _ repetition: Int, _ path: [String], _ options: ParquetWriterOptions,
        _ schema: inout [ParquetSchemaElement], _ leaves: inout [LeafWriter]
    ) throws(EngineError) -> ColumnWriter {
        var outer = element
        outer.logical = logical
        outer.childCount = 1
        schema.append(outer)
        var repeated = ParquetSchemaElement()
        repeated.name = group
        repeated.repetition = .repeated
        repeated.childCount = fields.count
        schema.append(repeated)
        var children: [ColumnWriter] = []
        for (i, field) in fields.enumerated() {
            children.append(
                try ColumnWriter(
                    field, required: logical == .map && i == 0, definition: level + 1,
                    repetition: repetition + 1,
                    path: path + [group], options: options, schema: &schema, leaves: &leaves))
        }
        return .list(definition: level, repetition: repetition + 1, children: children)
    }

    /// Appends all rows of a column.
    func append(_ vector: Vector) throws(EngineError) {
        if case .leaf(let leaf, true) = self { return try leaf.append(vector) }
        try append(vector, Entries(rows: vector.count))
    }

    /// Lists slots of a vector: the row behind each, or -1 where an ancestor is null or empty, and the levels
    /// so far.
    private struct Entries {
        var rows: [Int32]
        var definitions: [UInt32]
        var repetitions: [UInt32]

        init(rows count: Int) {
            rows = (0..<Int32(count)).map { $0 }
            definitions = [UInt32](repeating: 0, count: count)
            repetitions = definitions
        }

        init() { (rows, definitions, repetitions) = ([], [], []) }
    }

    private func append(_ vector: Vector, _ entries: Entries) throws(EngineError) {
        switch self {
        case .leaf(let leaf, _):
            var result = entries
            var rows: [UInt32] = []
            let isEmpty = leaf.type == .null
            for (i, row) in entries.rows.enumerated() where row >= 0 && !isEmpty && !vector.isNull(Int(row)) {
                result.definitions[i] = UInt32(leaf.definition)
                rows.append(UInt32(row))
            }
            try leaf.append(
                vector, rows: rows, definitions: result.definitions, repetitions: result.repetitions)
        case .structure(let definition, let children):
            var inner = entries
            for (i, row) in entries.rows.enumerated() where row >= 0 {
                if vector.isNull(Int(row)) {
                    inner.rows[i] = -1
                } else {
                    inner.definitions[i] = UInt32(definition)
                    inner.rows[i] = vector.form == .constant ? 0 : row
                }
            }
            for (child, part) in zip(children, vector.children) { try child.append(part, inner) }
        case .list(let definition, let repetition, let children):
            let inner = ColumnWriter.elements(of: vector, entries, definition, repetition)
            for (child, part) in zip(children, vector.children) { try child.append(part, inner) }
        }
    }

    private static func elements(
        of vector: Vector, _ entries: Entries, _ definition: Int, _ repetition: Int
    ) -> Entries {
        var inner = Entries()
        for (i, row) in entries.rows.enumerated() {
            var range: Range<Int32> = 0..<0
            var level = entries.definitions[i]
            if row >= 0, !vector.isNull(Int(row)) {
                let at = vector.form == .constant ? 0 : Int(row)
                range = vector.offsets[at]..<vector.offsets[at + 1]
                level = UInt32(definition)
            }
            if range.isEmpty {
                inner.rows.append(-1)
                inner.definitions.append(level)
                inner.repetitions.append(entries.repetitions[i])
                continue
            }
            for element in range {
                inner.rows.append(element)
                inner.definitions.append(UInt32(definition + 1))
                inner.repetitions.append(
                    element == range.lowerBound ? entries.repetitions[i] : UInt32(repetition))
            }
        }
        return inner
    }
}
