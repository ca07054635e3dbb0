import Columns
import Kernels
import Vocabulary

/// Declares functions that read JSON.
enum JSONFunctions {
    /// Gives the values of `json_tuple` as an array of one structure, which the generator takes apart.
    static let tuple = "json_tuple_row"

    static let all: [ScalarFunction] = [
        ScalarFunction(
            "get_json_object", typing: Signature.of([.string, .string], .string),
            "Finds a value in a JSON text by a path.", example: "get_json_object('{\"a\":1}', '$.a')"
        ) { call in
            let rows = Rows(call)
            var known: (text: String, path: JSONPath?)?
            return rows.texts { row in
                let text = rows.text(1, row)
                if known?.text != text { known = (text, JSONPath(text)) }
                guard let path = known?.path, let value = parsed(rows, row, allowsControls: true) else {
                    return nil
                }
                return path.find(in: value)
            }
        },
        ScalarFunction(
            "json_array_length", typing: Signature.of([.string], .int32),
            "Counts the elements of a JSON array; null for other texts.",
            example: "json_array_length('[1,2]')"
        ) { call in
            let rows = Rows(call)
            return rows.build(.int32) { row in
                guard case .array(let elements)? = parsed(rows, row) else { return nil }
                return Int64(elements.count)
            }
        },
        ScalarFunction(
            "json_object_keys", typing: Signature.of([.string], .array(.string, containsNull: true)),
            "Returns the names of a JSON object's members; null for other texts.",
            example: "json_object_keys('{\"a\":1}')"
        ) { call in
            let rows = Rows(call)
            return rows.scalars(call.type) { row in
                guard case .object(let members)? = parsed(rows, row) else { return .null }
                return .array(members.map { .string($0.name) })
            }
        },
        ScalarFunction(
            "schema_of_json", typing: Signature.of([.string, .any], optional: 1, .string),
            "Returns the type of a JSON text in the words of DDL.", example: "schema_of_json('{\"a\":1}')"
        ) { call in
            let rows = Rows(call)
            return rows.texts { row in
                guard let value = parsed(rows, row) else { return "STRING" }
                return JSONTypes.settled(JSONTypes.type(of: value)).sqlName
            }
        },
        ScalarFunction(
            "from_json",
            typing: { request in
                try Signature.checkCount(request, 2...3)
                throw EngineError.user(
                    "INVALID_SCHEMA.NON_STRING_LITERAL",
                    "The schema of `\(request.name)` must be a constant text, such as 'a INT, b STRING'.")
            }, "Reads a JSON text as a value of a type.", example: "from_json('{\"a\":1}', 'a INT')"
        ) { call in
            let rows = Rows(call)
            let conversion = try JSONConversion(
                call.type, TextOptionValues(call, at: 1), zone: call.zone)
            return try rows.scalars(call.type) { try conversion.value(rows.columns[0].bytes($0)) }
        },
        ScalarFunction(
            tuple,
            typing: { request in
                try Signature.checkCount(request, 2...Int.max)
                let types = try Signature.coerce(request, request.types.map { _ in .string })
                let fields = (0..<(types.count - 1)).map { Field("c\($0)", .string) }
                return Typing(types, .array(.structure(fields), containsNull: false))
            }, nulls: .handled, "Holds the row of json_tuple.", example: "json_tuple_row('{\"a\":1}', 'a')"
        ) { call in
            let columns = call.arguments.map(Column.init)
            return .of(
                call.type,
                (0..<call.count).map { row in
                    let value = columns[0].isNull(row) ? nil : JSONValue.parsed(columns[0].bytes(row))
                    return .array([
                        .structure(
                            columns.dropFirst().map { member(value, $0.isNull(row) ? nil : $0.text(row)) })
                    ])
                })
        },
    ]

    private static func parsed(_ rows: Rows, _ row: Int, allowsControls: Bool = false) -> JSONValue? {
        JSONValue.parsed(rows.columns[0].bytes(row), allowsControls: allowsControls)
    }

    /// The text of a member; null where there is none.
    private static func member(_ value: JSONValue?, _ name: String?) -> Scalar {
        guard case .object(let members)? = value, let name,
            let found = members.last(where: { $0.name == name })?.value.plainText
        else { return .null }
        return .string(found)
    }
}

/// Finds the types of JSON values, as Spark's inference does.
enum JSONTypes {
    static func type(of value: JSONValue) -> DataType {
        switch value {
        case .null: return .null
        case .boolean: return .boolean
        case .string: return .string
        case .integer(let digits):
            if Int64(digits) != nil { return .int64 }
            let count = digits.utf8.count - (digits.hasPrefix("-") ? 1 : 0)
            return count <= DataType.maximumPrecision ? .decimal(precision: count, scale: 0) : .double
        case .fraction: return .double
        case .array(let elements):
            let element = elements.reduce(DataType.null) { merged($0, type(of: $1)) }
            return .array(element, containsNull: true)
        case .object(let members):
            var types: [String: DataType] = [:]
            for member in members { types[member.name] = type(of: member.value) }
            return .structure(types.sorted { $0.key < $1.key }.map { Field($0.key, $0.value) })
        }
    }

    /// The type that holds values of both.
    private static func merged(_ a: DataType, _ b: DataType) -> DataType {
        switch (a, b) {
        case _ where a == b: return a
        case (.null, let other), (let other, .null): return other
        case (.int64, .double), (.double, .int64), (.decimal, .double), (.double, .decimal): return .double
        case (.int64, .decimal(let precision, _)), (.decimal(let precision, _), .int64):
            return .decimal(precision: max(precision, 20), scale: 0)
        case (.decimal(let p, _), .decimal(let q, _)): return .decimal(precision: max(p, q), scale: 0)
        case (.array(let x, _), .array(let y, _)): return .array(merged(x, y), containsNull: true)
        case (.structure(let x), .structure(let y)):
            var types = Dictionary(x.map { ($0.name, $0.type) }) { first, _ in first }
            for field in y {
                types[field.name] = types[field.name].map { merged($0, field.type) } ?? field.type
            }
            return .structure(types.sorted { $0.key < $1.key }.map { Field($0.key, $0.value) })
        default: return .string
        }
    }

    /// Takes what nothing is known of as strings.
    static func settled(_ type: DataType) -> DataType {
        switch type {
        case .null: return .string
        case .array(let element, _): return .array(settled(element), containsNull: true)
        case .structure(let fields): return .structure(fields.map { Field($0.name, settled($0.type)) })
        default: return type
        }
    }
}
