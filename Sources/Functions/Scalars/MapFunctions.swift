import Columns
import Kernels
import Plans
import Vocabulary

/// Declares functions of maps.
package enum MapFunctions {
    static let all: [ScalarFunction] = [
        ScalarFunction(
            "map",
            typing: { request in
                let keys = stride(from: 0, to: request.types.count, by: 2).map { request.types[$0] }
                let values = stride(from: 1, to: request.types.count, by: 2).map { request.types[$0] }
                guard keys.count == values.count else {
                    throw EngineError.user("WRONG_NUM_ARGS", "`map` takes keys and values in turn.")
                }
                let (key, value) = (
                    try Signature.commonType(request, keys), try Signature.commonType(request, values)
                )
                try Signature.checkKey(request, key, argument: 0)
                return Typing(
                    request.types.indices.map { $0 % 2 == 0 ? key : value },
                    .map(key: key, value: value, valueContainsNull: true))
            }, nulls: .handled, "Makes a map of keys and values in turn.", example: "map('a', 1)"
        ) { call in
            if case .map(let key, let value, _) = call.type, MapBuilding.isKnown(key),
                !keepsLast(call.settings), (2...64).contains(call.arguments.count)
            {
                return try MapBuilding.inTurn(call, key: key, value: value)
            }
            return .of(
                call.type,
                try (0..<call.count).map { row in
                    let all = call.arguments.map { $0.scalar(at: row) }
                    return try scalar(
                        stride(from: 0, to: all.count, by: 2).map { all[$0] },
                        stride(from: 1, to: all.count, by: 2).map { all[$0] }, call)
                })
        },
        ScalarFunction(
            "map_from_arrays",
            typing: { request in
                let types = try Signature.of([.array, .array], .null)(request).arguments
                let (key, value) = (
                    CollectionFunctions.element(types[0]), CollectionFunctions.element(types[1])
                )
                try Signature.checkKey(request, key, argument: 0)
                return Typing(types, .map(key: key, value: value, valueContainsNull: true))
            }, "Makes a map of an array of keys and one of values.",
            example: "map_from_arrays(array('a'), array(1))"
        ) { call in
            if case .map(let key, let value, _) = call.type, MapBuilding.isKnown(key),
                !keepsLast(call.settings)
            {
                return try MapBuilding.fromArrays(call, key: key, value: value)
            }
            return try Rows(call).scalars(call.type) { row in
                guard case .array(let keys) = call[0].scalar(at: row),
                    case .array(let values) = call[1].scalar(at: row),
                    keys.count == values.count
                else { throw Failure.invalidArgument("map_from_arrays", "the arrays differ in length") }
                return try scalar(keys, values, call)
            }
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
                return try scalar(keys, values, call)
            }
        },
        ScalarFunction(
            "map_concat", typing: Signature.maps,
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
                return try scalar(keys, values, call)
            }
        },
        ScalarFunction(
            "map_keys",
            typing: Signature.of([.map]) {
                if case .map(let key, _, _) = $0[0] { .array(key, containsNull: false) } else { .null }
            }, "Returns the keys of a map.", example: "map_keys(map('a', 1))"
        ) { call in half(0, call) },
        ScalarFunction(
            "map_values",
            typing: Signature.of([.map]) {
                if case .map(_, let value, let nulls) = $0[0] {
                    .array(value, containsNull: nulls)
                } else {
                    .null
                }
            }, "Returns the values of a map.", example: "map_values(map('a', 1))"
        ) { call in half(1, call) },
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
            "map_contains_key", typing: Signature.mapAndKey { _ in .boolean },
            "Says whether a map holds a key.", example: "map_contains_key(map('a', 1), 'a')"
        ) { call in
            let rows = Rows(call)
            let finder = ElementFinder(call[0].children[0], call[1])
            return rows.build(.boolean) { finder.first(in: rows.columns[0].range($0), $0) != nil ? 1 : 0 }
        },
    ]

    /// Returns the keys (0) or the values (1) of maps, as lists.
    private static func half(_ child: Int, _ call: Invocation) -> Vector {
        let flat = call[0].flattened()
        return .flat(
            call.type, count: call.count, values: flat.values, validity: flat.validity,
            children: [flat.children[child]])
    }

    private static func scalar(
        _ keys: [Scalar], _ values: [Scalar], _ call: Invocation
    ) throws -> Scalar {
        try scalar(keys, values, keepsLast: keepsLast(call.settings))
    }

    /// Makes a map. Throws for keys that are null, and for those that stand twice unless the last of them
    /// is to be kept, where the first one stands.
    static func scalar(_ keys: [Scalar], _ values: [Scalar], keepsLast: Bool) throws -> Scalar {
        if keys.contains(.null) { throw EngineError.data("NULL_MAP_KEY", "Cannot use null as map key.") }
        if Set(keys).count == keys.count { return .map(keys: keys, values: values) }
        if !keepsLast { throw twice }
        var places: [Scalar: Int] = [:]
        var (kept, last): ([Scalar], [Scalar]) = ([], [])
        for (key, value) in zip(keys, values) {
            if let place = places[key] {
                last[place] = value
            } else {
                places[key] = kept.count
                kept.append(key)
                last.append(value)
            }
        }
        return .map(keys: kept, values: last)
    }

    /// Whether of keys that stand twice in a map the last one is kept; else they are an error.
    static func keepsLast(_ settings: SessionSettings) -> Bool {
        settings.options[dedupSetting]?.uppercased() == "LAST_WIN"
    }

    package static let dedupSetting = "spark.sql.mapKeyDedupPolicy"

    static let twice = EngineError.data(
        "DUPLICATED_MAP_KEY", "Duplicate map key was found.",
        remedy: "SET spark.sql.mapKeyDedupPolicy=LAST_WIN keeps the last one.")
}
