import Columns

/// Holds Spark's rules for the types of decimal results.
package enum DecimalRules {
    /// Least number of digits after the point that precision loss keeps.
    static let minimumAdjustedScale = 6

    /// Bounds a result's precision by 38. With precision loss allowed, integral digits are kept and the scale
    /// is cut, but not below 6; otherwise both are cut.
    package static func adjusted(precision: Int, scale: Int, allowLoss: Bool) -> DataType {
        if precision <= DataType.maximumPrecision { return .decimal(precision: precision, scale: scale) }
        if !allowLoss { return .decimal(precision: 38, scale: min(scale, 38)) }
        let integral = precision - scale
        let least = min(scale, minimumAdjustedScale)
        return .decimal(precision: 38, scale: max(38 - integral, least))
    }

    /// Returns the result type of an arithmetic operation on two decimals.
    package static func result(of operation: String, _ a: DataType, _ b: DataType, allowLoss: Bool)
        -> DataType
    {
        guard case .decimal(let p, let s) = a, case .decimal(let q, let t) = b else { return .double }
        switch operation {
        case "add", "subtract", "try_add", "try_subtract":
            let scale = max(s, t)
            return adjusted(precision: max(p - s, q - t) + scale + 1, scale: scale, allowLoss: allowLoss)
        case "multiply", "try_multiply":
            return adjusted(precision: p + q + 1, scale: s + t, allowLoss: allowLoss)
        case "divide", "try_divide":
            if allowLoss {
                let scale = max(6, s + q + 1)
                return adjusted(precision: p - s + t + scale, scale: scale, allowLoss: true)
            }
            var integral = min(38, p - s + t)
            var scale = min(38, max(6, s + q + 1))
            let excess = integral + scale - 38
            if excess > 0 {
                scale -= excess / 2 + 1
                integral = 38 - scale
            }
            return adjusted(precision: integral + scale, scale: scale, allowLoss: false)
        default:
            return adjusted(precision: min(p - s, q - t) + max(s, t), scale: max(s, t), allowLoss: allowLoss)
        }
    }
}
