import Columns
import Vocabulary

extension Expression {
    static func cast(
        _ inner: Expression, _ type: DataType, _ mode: CastMode, _ origin: Origin
    ) throws(EngineError) -> WireCast {
        var cast = WireCast()
        cast.inner = try inner.message()
        cast.type = try type.message()
        cast.mode =
            switch mode {
            case .ansi: .ansi
            case .legacy: .legacy
            case .try: .try
            }
        if let origin = origin.message() { cast.origin = origin }
        return cast
    }

    static func cast(_ cast: WireCast) throws(EngineError) -> Expression {
        let mode: CastMode
        switch cast.mode {
        case .ansi: mode = .ansi
        case .legacy: mode = .legacy
        case .try: mode = .try
        case .UNRECOGNIZED(let number): throw PlanCodec.unknown("a cast", number)
        }
        return .cast(
            try PlanCodec.part(cast.hasInner, cast.inner, "a cast's value"),
            to: try PlanCodec.part(cast.hasType, cast.type, "a cast's type"), mode: mode,
            origin: try Origin(cast.hasOrigin, cast.origin))
    }
}
