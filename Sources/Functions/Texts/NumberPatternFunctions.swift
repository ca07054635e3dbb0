import Columns
import Kernels
import Memory
import Plans
import Vocabulary

/// Declares `to_char`, `to_number` and their kin.
enum NumberPatternFunctions {
    static let all: [ScalarFunction] = [
        ScalarFunction(
            "to_char", aliases: ["to_varchar"],
            typing: { request in
                try Signature.checkCount(request, 2...2)
                _ = try format(request)
                guard let type = decimal(request.types[0]) else {
                    throw Signature.mismatch(request, argument: 0, requires: "\"NUMERIC\"")
                }
                return Typing([type, .string], .string)
            }, "Writes a number by a pattern such as '999,990.00'; dates and binaries too.",
            example: "to_char(454, '999')"
        ) { call in
            let rows = Rows(call)
            guard call.count > 0, !rows.columns[1].isNull(0) else {
                return .nulls(.string, count: call.count)
            }
            let format = try NumberPattern(rows.text(1, 0))
            guard case .decimal(_, let scale) = call[0].type else {
                throw EngineError.internal("No decimal.")
            }
            let values = call[0].values.map { $0.pointer(as: Int128.self) }
            let small = call[0].type.physical
            return rows.texts { row in
                let at = rows.columns[0].at(row)
                let value: Int128
                switch small {
                case .int128: value = values?[at] ?? 0
                default: value = Int128(rows.integer(0, row))
                }
                return format.format(value, scale: scale)
            }
        },
        number("to_number", "Reads a number by a pattern such as '999,990.00'."),
        number("try_to_number", "Reads a number by a pattern, null where the text does not fit it."),
    ]

    private static func format(_ request: TypingRequest) throws -> NumberPattern {
        guard let literal = request.literals[1] else {
            throw EngineError.user(
                "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT",
                "The pattern of `\(request.name)` must be a constant text.")
        }
        guard case .string(let text) = literal.value else { return try NumberPattern("9") }
        return try NumberPattern(text)
    }

    private static func decimal(_ type: DataType) -> DataType? {
        if type.isDecimal { return type }
        if type == .string { return .decimal(precision: 38, scale: 18) }
        if type == .null { return .decimal(precision: 38, scale: 18) }
        return type.isNumeric ? Coercion.decimal(holding: type) ?? .decimal(precision: 30, scale: 15) : nil
    }

    private static func number(_ name: String, _ summary: String) -> ScalarFunction {
        ScalarFunction(
            name,
            typing: { request in
                try Signature.checkCount(request, 2...2)
                let types = try Signature.coerce(request, [.string, .string])
                let format = try format(request)
                return Typing(types, .decimal(precision: max(1, format.precision), scale: format.scale))
            }, summary, example: "\(name)('454', '999')"
        ) { call in
            let rows = Rows(call)
            guard call.count > 0, !rows.columns[1].isNull(0) else {
                return .nulls(call.type, count: call.count)
            }
            let format = try NumberPattern(rows.text(1, 0))
            return try rows.scalars(call.type) { row in
                if let value = format.parse(rows.text(0, row)) { return .decimal(value) }
                if call.name.hasPrefix("try_") { return .null }
                throw EngineError.data(
                    "INVALID_FORMAT.MISMATCH_INPUT",
                    "The input '\(rows.text(0, row))' does not match the format '\(format.text)'.")
            }
        }
    }
}
