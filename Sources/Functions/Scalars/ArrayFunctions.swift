import Columns
import Kernels
import Memory
import Plans
import Vocabulary

/// Declares further functions of arrays and maps.
enum ArrayFunctions {
    static let all: [ScalarFunction] = [
        ScalarFunction(
            "array_sort", typing: Signature.of([.array]) { $0[0] }, "Sorts an array, nulls last.",
            example: "array_sort(array(2, 1))"
        ) { call in
            let rows = Rows(call)
            let values = call[0].children[0]
            return rows.scalars(call.type) { row in
                let range = rows.columns[0].range(row)
                let part = values.sliced(from: range.lowerBound, count: range.count)
                let order = SortKeys.sortedRows(
                    columns: [part], ascending: [true], nullsFirst: [false], count: part.count)
                let sorted = order.pointer(as: UInt32.self)
                return .array((0..<part.count).map { part.scalar(at: Int(sorted[$0])) })
            }
        },
        extended("array_append", "Adds a value at an array's end.", "array_append(array(1), 2)") {
            $0 + [$1]
        },
        extended("array_prepend", "Adds a value at an array's start.", "array_prepend(array(2), 1)") {
            [$1] + $0
        },
        ScalarFunction(
            "arrays_overlap", typing: Signature.common(least: 2, most: 2) { _ in .boolean },
            "Says whether two arrays share an element that is not null.",
            example: "arrays_overlap(array(1), array(1, 2))"
        ) { call in
            Rows(call).scalars(.boolean) { row in
                guard case .array(let a) = call[0].scalar(at: row),
                    case .array(let b) = call[1].scalar(at: row)
                else { return .null }
                if !Set(a.filter { !$0.isNull }).isDisjoint(with: b.filter { !$0.isNull }) {
                    return .boolean(true)
                }
                // Unknown beside a null, unless one of them has no element to be equal to it.
                return a.isEmpty || b.isEmpty || !(a + b).contains(.null) ? .boolean(false) : .null
            }
        },
        ScalarFunction(
            "map_entries",
            typing: Signature.of([.map]) { types in
                guard case .map(let key, let value, _) = types[0] else { return .null }
                let fields = [Field("key", key, nullable: false), Field("value", value)]
                return .array(.structure(fields), containsNull: false)
            }, "Returns the entries of a map as structures.", example: "map_entries(map('a', 1))"
        ) { call in
            let flat = call[0].flattened()
            guard case .array(let entry, _) = call.type else { return .nulls(call.type, count: call.count) }
            let entries = Vector.flat(
                entry, count: flat.children[0].count, values: nil,
                children: flat.children.map { $0.flattened() })
            return .flat(
                call.type, count: call.count, values: flat.values, validity: flat.validity,
                children: [entries])
        },
        ScalarFunction(
            "map_from_entries",
            typing: Signature.of([.array]) { types in
                guard case .structure(let fields) = CollectionFunctions.element(types[0]), fields.count == 2
                else {
                    throw EngineError.user(
                        "DATATYPE_MISMATCH.MAP_FROM_ENTRIES_WRONG_TYPE",
                        "`map_from_entries` takes an array of structures of a key and a value.")
                }
                return .map(key: fields[0].type, value: fields[1].type, valueContainsNull: true)
            }, "Makes a map of an array of entries.", example: "map_from_entries(array(struct('a', 1)))"
        ) { call in
            try Rows(call).scalars(call.type) { row in
                guard case .array(let entries) = call[0].scalar(at: row) else { return .null }
                var (keys, values): ([Scalar], [Scalar]) = ([], [])
                for entry in entries {
                    guard case .structure(let members) = entry else { return .null }
                    keys.append(members[0])
                    values.append(members[1])
                }
                return try CollectionFunctions.mapScalar(keys, values)
            }
        },
        ScalarFunction(
            "map_concat", typing: Signature.common(least: 1),
            "Joins maps; a key that stands twice is an error.",
            example: "map_concat(map('a', 1), map('b', 2))"
        ) { call in
            try Rows(call).scalars(call.type) { row in
                var (keys, values): ([Scalar], [Scalar]) = ([], [])
                for vector in call.arguments {
                    guard case .map(let more, let others) = vector.scalar(at: row) else { return .null }
                    keys += more
                    values += others
                }
                return try CollectionFunctions.mapScalar(keys, values)
            }
        },
    ]

    /// A function of an array and a value; a null value is an element too, a null array gives null.
    private static func extended(
        _ name: String, _ summary: String, _ example: String,
        _ body: @escaping @Sendable ([Scalar], Scalar) -> [Scalar]
    ) -> ScalarFunction {
        ScalarFunction(
            name,
            typing: { request in
                try Signature.checkCount(request, 2...2)
                guard case .array(let element, _) = request.types[0] else {
                    throw Signature.mismatch(request, argument: 0, requires: "\"ARRAY\"")
                }
                let common = try Signature.commonType(request, [element, request.types[1]])
                let type = DataType.array(common, containsNull: true)
                return Typing([type, common], type)
            }, nulls: .handled, summary, example: example
        ) { call in
            .of(
                call.type,
                (0..<call.count).map { row in
                    guard case .array(let list) = call[0].scalar(at: row) else { return .null }
                    return .array(body(list, call[1].scalar(at: row)))
                })
        }
    }
}
