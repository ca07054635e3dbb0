import Columns
import Kernels
import Vocabulary

/// Declares the functions of variants, which hold values of any type as JSON does.
package enum VariantFunctions {
    /// Gives the rows of `variant_explode` as an array of structures, which the generator takes apart.
    package static let explosion = "variant_explode_rows"

    static let all: [ScalarFunction] = [
        parsing("parse_json", "Reads a JSON text as a variant."),
        parsing("try_parse_json", "Reads a JSON text as a variant; null for other texts."),
        ScalarFunction(
            "is_variant_null", typing: Signature.of([.of(.variant)], .boolean), nulls: .handled,
            "Says whether a variant holds JSON's null.", example: "is_variant_null(parse_json('null'))"
        ) { call in
            let vector = call[0].flattened()
            let flags = (0..<call.count).map { row in
                if vector.type == .null || vector.isNull(row) { return false }
                return vector.pointer(as: StringView.self)[row].withBytes {
                    if case .null = VariantValue($0).content { true } else { false }
                }
            }
            return .of(.boolean, flags.map { .boolean($0) })
        },
        ScalarFunction(
            "schema_of_variant", typing: Signature.of([.of(.variant)], .string),
            "Returns the type of a variant's value in the words of DDL.",
            example: "schema_of_variant(parse_json('{\"a\":1}'))"
        ) { call in
            let rows = Rows(call)
            return rows.texts { row in
                VariantSchema.text(rows.columns[0].view(row).withBytes { VariantSchema.type(of: .init($0)) })
            }
        },
        ScalarFunction(
            "to_variant_object",
            typing: { request in
                try Signature.checkCount(request, 1...1)
                guard request.types[0].isNested, isContent(request.types[0]) else {
                    throw Signature.mismatch(
                        request, argument: 0, requires: "\"STRUCT\", \"MAP\" or \"ARRAY\"")
                }
                return Typing(request.types, .variant)
            }, "Makes a variant of a structure, map or array.",
            example: "to_variant_object(named_struct('a', 1))"
        ) { try VariantCasting.variants($0[0].flattened()) },
        getting("variant_get", "Finds a value in a variant by a path, as a type that a text names."),
        getting("try_variant_get", "The same; null where the value is not of the type."),
        ScalarFunction(
            explosion,
            typing: { request in
                let fields = [Field("pos", .int32), Field("key", .string), Field("value", .variant)]
                return Typing(
                    try Signature.of([.of(.variant)], .null)(request).arguments,
                    .array(.structure(fields), containsNull: false))
            }, "Holds the rows of variant_explode.", example: "variant_explode_rows(parse_json('[1]'))"
        ) { call in
            let rows = Rows(call)
            return rows.scalars(call.type) { row in
                rows.columns[0].view(row).withBytes { exploded(VariantValue($0)) }
            }
        },
    ]

    private static func isContent(_ type: DataType) -> Bool {
        Coercion.isVariantContent(type, allowsMembers: true)
    }

    private static func exploded(_ value: VariantValue) -> Scalar {
        func alone(_ value: VariantValue) -> Scalar {
            var builder = VariantBuilder()
            builder.append(value)
            return .binary(builder.finish())
        }
        switch value.content {
        case .object:
            return .array(
                value.members.enumerated().map { place, member in
                    .structure([.integer(Int64(place)), .string(member.name), alone(member.value)])
                })
        case .array:
            return .array(
                value.children.enumerated().map { place, element in
                    .structure([.integer(Int64(place)), .null, alone(element)])
                })
        default: return .array([])
        }
    }

    private static func parsing(_ name: String, _ summary: String) -> ScalarFunction {
        ScalarFunction(
            name, typing: Signature.of([.string], .variant), summary, example: "\(name)('{\"a\":1}')"
        ) { call in
            let rows = Rows(call)
            return try rows.bytes(.variant) { row in
                let text = rows.columns[0].bytes(row)
                if let variant = VariantJSON.variant(text) { return variant }
                if call.mode == .null { return nil }
                throw EngineError.data(
                    "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION",
                    "A text is no JSON that a variant can hold: "
                        + String(decoding: text.prefix(200), as: UTF8.self),
                    remedy: "Use `try_parse_json` to get null instead.")
            }
        }
    }

    /// The binder reads the type that the third argument names and makes it that of the call.
    private static func getting(_ name: String, _ summary: String) -> ScalarFunction {
        ScalarFunction(
            name, typing: Signature.of([.of(.variant), .string], .variant), summary,
            example: "\(name)(parse_json('{\"a\":1}'), '$.a', 'int')"
        ) { call in
            let rows = Rows(call)
            let casting = VariantCasting(zone: call.zone, failsOnMisfit: call.mode != .null)
            var known: (text: String, path: VariantPath)?
            return try rows.scalars(call.type) { row in
                let text = rows.text(1, row)
                let path = try known.flatMap { $0.text == text ? $0.path : nil } ?? VariantPath(text, name)
                known = (text, path)
                return try rows.columns[0].view(row).withBytes { bytes in
                    try path.find(in: VariantValue(bytes)).map { try casting.scalar($0, as: call.type) }
                        ?? .null
                }
            }
        }
    }
}

/// Finds values in variants by paths such as `$.a['b'][0]`.
struct VariantPath {
    private enum Step {
        case name(String)
        case index(Int)
    }

    private let steps: [Step]

    /// Reads a path. Throws INVALID_VARIANT_GET_PATH for other texts.
    init(_ text: String, _ function: String) throws {
        var rest = Substring(text)
        var steps: [Step] = []
        var isRead = rest.popFirst() == "$"
        while isRead, !rest.isEmpty {
            if let step = Self.step(&rest) { steps.append(step) } else { isRead = false }
        }
        guard isRead else {
            throw EngineError.user(
                "INVALID_VARIANT_GET_PATH",
                "The path `\(text)` is not a valid variant extraction path in `\(function)`.",
                remedy: "Write a path such as `$`, `$.a.b`, `$['a b']` or `$[0]`.")
        }
        self.steps = steps
    }

    private static func step(_ rest: inout Substring) -> Step? {
        if rest.hasPrefix(".") {
            let name = rest.dropFirst().prefix { $0 != "." && $0 != "[" }
            rest = rest[name.endIndex...]
            return name.isEmpty ? nil : .name(String(name))
        }
        for quote in ["'", "\""] where rest.hasPrefix("[\(quote)") {
            let name = rest.dropFirst(2).prefix { String($0) != quote && $0 != "?" }
            rest = rest[name.endIndex...]
            guard !name.isEmpty, rest.hasPrefix("\(quote)]") else { return nil }
            rest.removeFirst(2)
            return .name(String(name))
        }
        guard rest.hasPrefix("["), let close = rest.firstIndex(of: "]") else { return nil }
        let inside = rest[rest.index(after: rest.startIndex)..<close]
        rest = rest[rest.index(after: close)...]
        guard inside.utf8.allSatisfy({ (48...57).contains($0) }), let index = Int32(inside) else {
            return nil
        }
        return .index(Int(index))
    }

    /// Returns what the path leads to, or nil.
    func find(in value: VariantValue) -> VariantValue? {
        var value: VariantValue? = value
        for step in steps {
            switch step {
            case .name(let name): value = value?.member(name)
            case .index(let index): value = value?.element(index)
            }
        }
        return value
    }
}
