import Columns
import Plans
import Vocabulary

/// Computes the constant parts of expressions ahead of time.
package enum ConstantFolding {
    /// Largest value, bytes, that stands in a plan in its expression's place. A plan is rewritten, compared
    /// and hashed in many passes and travels to every task; evaluating an expression of constants once per
    /// batch costs less than a large value.
    package static let plannedBytes = 64 << 10

    /// Replaces every deterministic part that has no column by its value, of at most `keeping` bytes. A part
    /// that fails stays as it is, so that the error shows at run time, and only if the part is reached.
    package static func fold(
        _ expression: Expression, settings: SessionSettings, keeping: Int = plannedBytes
    ) -> Expression {
        expression.rewritten { part in
            switch part {
            case .literal, .input, .column, .subquery: return part
            default: break
            }
            if !part.children.allSatisfy({ if case .literal = $0 { true } else { false } }) { return part }
            if !Compiler.isDeterministic(part) { return part }
            if case .call(let call) = part, ValueSize.expected(call) > keeping { return part }
            guard let evaluator = try? Evaluator([part], settings: settings),
                let value = try? evaluator.evaluate(Batch(columns: [], count: 1))
            else { return part }
            // What is larger than it seemed is not looked at as a scalar, which takes several times as much.
            if value[0].retainedBytes > 16 * keeping { return part }
            let literal = Literal(value[0].scalar(at: 0), part.type)
            return ValueSize.of(literal.value) > keeping ? part : .literal(literal)
        }
    }
}

/// Tells how large values are, and are going to be.
enum ValueSize {
    /// Bytes of a value as it stands in a plan, about.
    static func of(_ value: Scalar) -> Int {
        switch value {
        case .null, .boolean, .integer, .decimal, .float, .double: 16
        case .string(let text): 16 + text.utf8.count
        case .binary(let bytes): 16 + bytes.count
        case .array(let elements), .structure(let elements): elements.reduce(16) { $0 + of($1) }
        case .map(let keys, let values): (keys + values).reduce(16) { $0 + of($1) }
        }
    }

    /// Bytes that a call of constants gives at least, where a few arguments may ask for much: known before
    /// it is made. 0 for calls that give about as much as they take.
    static func expected(_ call: FunctionCall) -> Int {
        let values = call.arguments.map { $0.literalValue?.value ?? .null }
        switch call.name {
        case SequenceFunction.name: return times(16, SequenceFunction.leastCount(call))
        case "array_repeat", "repeat": return values.count == 2 ? times(of(values[0]), number(values[1])) : 0
        case "space": return values.first.map(number) ?? 0
        case "lpad", "rpad": return values.count > 1 ? number(values[1]) : 0
        case "array_insert": return values.count > 1 ? times(16, number(values[1])) : 0
        case "replace", "regexp_replace", "array_join", "concat_ws":
            // Each element of the first, a letter or more, may stand beside all of the others.
            let first = values.first.map(of) ?? 0
            let product = times(first / 16, values.dropFirst().reduce(0) { $0 + of($1) })
            return product > ConstantFolding.plannedBytes << 8 ? product : 0
        case CharPadding.function, StoredColumn.function: return CharPadding.longestFilled(call)
        default:
            // A lambda that needs no element is called for each all the same.
            return LambdaForm(rawValue: call.name) == nil ? 0 : values.map(of).reduce(1, times)
        }
    }

    private static func number(_ value: Scalar) -> Int {
        if case .integer(let number) = value { Int(clamping: number.magnitude) } else { 0 }
    }

    private static func times(_ a: Int, _ b: Int) -> Int {
        let product = a.multipliedReportingOverflow(by: b)
        return product.overflow ? .max : product.partialValue
    }
}
