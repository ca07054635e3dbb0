import Columns
import Kernels
import Memory
import Plans
import Vocabulary

/// Declares functions that choose among their arguments. `coalesce` is evaluated lazily by the evaluator.
enum ConditionalFunctions {
    static let all: [ScalarFunction] = [
        ScalarFunction(
            "coalesce", aliases: ["nvl", "ifnull"], typing: Signature.common(least: 1), nulls: .handled,
            "Returns the first argument that is not null.", example: "coalesce(a, 0)"
        ) { coalesce($0.arguments, $0) },
        ScalarFunction(
            "nullif",
            typing: { request in
                try Signature.checkCount(request, 2...2)
                let common = try Signature.commonType(request, request.types)
                return Typing([common, common], common)
            }, nulls: .handled, "Returns null where both are equal, else the first.", example: "nullif(a, 0)"
        ) { call in
            let same = Comparison.nullSafeEqual(call[0], call[1], count: call.count)
            return choose(call, same, .nulls(call.type, count: call.count), call[0])
        },
        ScalarFunction(
            "nvl2",
            typing: { request in
                try Signature.checkCount(request, 3...3)
                let common = try Signature.commonType(request, Array(request.types[1...]))
                return Typing([request.types[0], common, common], common)
            }, nulls: .handled, "Returns the second argument where the first is not null, else the third.",
            example: "nvl2(a, 1, 2)"
        ) { call in
            choose(call, Logic.isNull(call[0], null: false, count: call.count), call[1], call[2])
        },
        ScalarFunction(
            "if",
            typing: { request in
                try Signature.checkCount(request, 3...3)
                let common = try Signature.commonType(request, Array(request.types[1...]))
                return Typing([.boolean, common, common], common)
            }, nulls: .handled, "Returns the second argument where the first is true, else the third.",
            example: "if(a > 1, 'x', 'y')"
        ) { choose($0, $0[0].asBoolean, $0[1], $0[2]) },
        ScalarFunction(
            "nanvl", typing: Signature.of([.double, .double], .double), nulls: .handled,
            "Returns the first number, or the second where it is NaN.", example: "nanvl(a, 0)"
        ) { call in
            let (a, b) = (Column(call[0].flattened()), Column(call[1].flattened()))
            return .of(
                .double,
                (0..<call.count).map { row in
                    if a.isNull(row) { return .null }
                    if !a.double(row).isNaN { return .double(a.double(row)) }
                    return b.isNull(row) ? .null : .double(b.double(row))
                })
        },
        extreme("greatest", "Returns the greatest argument, nulls left out.", 1),
        extreme("least", "Returns the least argument, nulls left out.", -1),
    ]

    private static func extreme(_ name: String, _ summary: String, _ sign: Int) -> ScalarFunction {
        ScalarFunction(
            name, typing: Signature.ordered(Signature.common(least: 2, mixesTexts: false)), nulls: .handled,
            summary,
            example: "\(name)(a, b)"
        ) { call in
            var parts = call.arguments.map { $0.typed(call.type) }
            if let found = Extremes.numbers(parts, call.type, count: call.count, sign) { return found }
            // The rows' sources are bytes.
            while parts.count > 1 {
                let some = Array(parts.prefix(250))
                parts = [best(some, call, sign)] + parts.dropFirst(some.count)
            }
            return parts[0]
        }
    }

    /// Returns the greatest or least of at most 254 values.
    private static func best(_ parts: [Vector], _ call: Invocation, _ sign: Int) -> Vector {
        let source = Buffer.zeroed(byteCount: max(call.count, 16))
        let index = Buffer(byteCount: max(call.count * 4, 16))
        let (from, at) = (source.pointer(as: UInt8.self), index.pointer(as: UInt32.self))
        for row in 0..<call.count {
            at[row] = UInt32(row)
            var best = -1
            for (k, part) in parts.enumerated() where !part.isNull(row) {
                if best < 0 || Comparing.compareRows(part, row, parts[best], row) * sign > 0 { best = k }
            }
            from[row] = best < 0 ? 255 : UInt8(best)
        }
        return Choosing.interleave(parts, source: from, index: at, type: call.type, count: call.count)
    }

    /// Returns `then` where the condition is true, `otherwise` elsewhere.
    static func choose(_ call: Invocation, _ condition: Vector, _ then: Vector, _ otherwise: Vector) -> Vector
    {
        let flat =
            condition.isNullConstant
            ? Vector.constant(.boolean(false), count: call.count).flattened() : condition.flattened()
        let values = flat.pointer(as: UInt8.self)
        let source = Buffer(byteCount: max(call.count, 16))
        let index = Buffer(byteCount: max(call.count * 4, 16))
        let (from, at) = (source.pointer(as: UInt8.self), index.pointer(as: UInt32.self))
        for row in 0..<call.count {
            at[row] = UInt32(row)
            from[row] = values[row] != 0 && !flat.isNull(row) ? 0 : 1
        }
        return Choosing.interleave(
            [then.typed(call.type), otherwise.typed(call.type)], source: from, index: at, type: call.type,
            count: call.count)
    }

    private static func coalesce(_ values: [Vector], _ call: Invocation) -> Vector {
        var result = values[0].typed(call.type)
        for next in values.dropFirst() where result.hasNulls {
            result = choose(call, Logic.isNull(result, null: false, count: call.count), result, next)
        }
        return result
    }
}
