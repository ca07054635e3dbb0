import Vocabulary

extension TemplateRenderer {
    func binary(
        _ symbol: String, _ left: TemplateExpression, _ right: TemplateExpression, _ at: TemplateExpression
    ) throws -> TemplateValue {
        let a = try defined(left)
        switch symbol {
        case "and": return a.isTrue ? try defined(right) : a
        case "or": return a.isTrue ? a : try defined(right)
        default: break
        }
        let b = try defined(right)
        switch symbol {
        case "==": return .boolean(TemplateRenderer.areEqual(a, b))
        case "!=": return .boolean(!TemplateRenderer.areEqual(a, b))
        case "<", "<=", ">", ">=": return .boolean(try compare(symbol, a, b, at))
        case "in": return .boolean(try contains(b, a, right))
        case "~":
            let text = a.printed + b.printed
            if text.utf8.count > TemplateLimits.outputBytes { throw tooLong(at) }
            return .text(text)
        default: return try arithmetic(symbol, a, b, at)
        }
    }

    private func tooLong(_ at: TemplateExpression) -> EngineError {
        source.error(
            "A value of the template is longer than \(ByteSize.format(TemplateLimits.outputBytes))",
            at: at.offset, length: at.length, code: "TEMPLATE_LIMIT")
    }

    /// Compares for equality as Python does: numbers by value.
    static func areEqual(_ a: TemplateValue, _ b: TemplateValue) -> Bool {
        if let x = a.asNumber, let y = b.asNumber { return x == y }
        return a == b
    }

    /// Says whether a comes before b; nil where the two have no order.
    static func isLess(_ a: TemplateValue, _ b: TemplateValue) -> Bool? {
        if let x = a.asNumber, let y = b.asNumber { return x < y }
        if case .text(let x) = a, case .text(let y) = b {
            return x.unicodeScalars.lexicographicallyPrecedes(y.unicodeScalars)
        }
        return nil
    }

    private func compare(
        _ symbol: String, _ a: TemplateValue, _ b: TemplateValue, _ at: TemplateExpression
    ) throws -> Bool {
        guard let less = TemplateRenderer.isLess(a, b), let more = TemplateRenderer.isLess(b, a) else {
            throw error("Values of these types have no order: \(a.typeName), \(b.typeName)", at)
        }
        return switch symbol {
        case "<": less
        case "<=": !more
        case ">": more
        default: !less
        }
    }

    func contains(_ whole: TemplateValue, _ part: TemplateValue, _ at: TemplateExpression) throws -> Bool {
        switch (whole, part) {
        case (.list(let items), _): return items.contains { TemplateRenderer.areEqual($0, part) }
        case (.map(let map), _): return map[part.printed] != nil
        case (.text(let text), .text(let piece)): return piece.isEmpty || text.contains(piece)
        default: throw error("'in' looks into a list, a map or text, not \(whole.typeName)", at)
        }
    }

    private func arithmetic(
        _ symbol: String, _ a: TemplateValue, _ b: TemplateValue, _ at: TemplateExpression
    ) throws -> TemplateValue {
        if symbol == "+" {
            if case .text(let x) = a, case .text(let y) = b {
                if x.utf8.count + y.utf8.count > TemplateLimits.outputBytes { throw tooLong(at) }
                return .text(x + y)
            }
            if case .list(let x) = a, case .list(let y) = b {
                guard x.count + y.count <= TemplateLimits.listElements else {
                    throw error("A list may have \(TemplateLimits.listElements) elements at most", at)
                }
                return try bounded(.list(x + y), at)
            }
        }
        if case .integer(let x) = a, case .integer(let y) = b, let whole = try integers(symbol, x, y, at) {
            return .integer(whole)
        }
        guard let x = a.asNumber, let y = b.asNumber else {
            throw error(
                "'\(symbol)' takes numbers, not \(a.typeName) and \(b.typeName)", at,
                remedy: symbol == "+" ? "Join text with ~." : nil)
        }
        if ["/", "//", "%"].contains(symbol), y == 0 { throw error("Division by zero", at) }
        switch symbol {
        case "+": return .number(x + y)
        case "-": return .number(x - y)
        case "*": return .number(x * y)
        case "/": return .number(x / y)
        case "//": return .number((x / y).rounded(.down))
        case "%": return .number(x - (x / y).rounded(.down) * y)
        default: return .number(TemplateRenderer.power(x, Int(exactly: y) ?? 0))
        }
    }

    /// The result where two integers give one, nil for `/` and negative powers.
    private func integers(_ symbol: String, _ x: Int, _ y: Int, _ at: TemplateExpression) throws -> Int? {
        var result: (partialValue: Int, overflow: Bool)
        switch symbol {
        case "+": result = x.addingReportingOverflow(y)
        case "-": result = x.subtractingReportingOverflow(y)
        case "*": result = x.multipliedReportingOverflow(by: y)
        case "//", "%":
            if y == 0 { throw error("Division by zero", at) }
            // Python rounds towards minus infinity.
            result = x.dividedReportingOverflow(by: y)
            let rest = x.remainderReportingOverflow(dividingBy: y).partialValue
            let isBelow = rest != 0 && (rest < 0) != (y < 0)
            if symbol == "%" { return isBelow ? rest + y : rest }
            if isBelow { result.partialValue -= 1 }
        case "**":
            guard y >= 0, y < 64 else { throw error("The power must be from 0 to 63, not \(y)", at) }
            result = (1, false)
            for _ in 0..<y where !result.overflow {
                result = result.partialValue.multipliedReportingOverflow(by: x)
            }
        default: return nil
        }
        if result.overflow { throw error("The number is too large", at) }
        return result.partialValue
    }

    private static func power(_ base: Double, _ exponent: Int) -> Double {
        var result = 1.0
        for _ in 0..<min(abs(exponent), 1100) { result *= base }
        return exponent < 0 ? 1 / result : result
    }
}
