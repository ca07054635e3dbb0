import Vocabulary

extension JoinKind {
    var message: WireJoin.Kind {
        switch self {
        case .inner: .inner
        case .left: .left
        case .right: .right
        case .full: .full
        case .leftSemi: .leftSemi
        case .leftAnti: .leftAnti
        case .cross: .cross
        case .leftAntiNullAware: .leftAntiNullAware
        }
    }

    init(_ message: WireJoin.Kind) throws(EngineError) {
        switch message {
        case .inner: self = .inner
        case .left: self = .left
        case .right: self = .right
        case .full: self = .full
        case .leftSemi: self = .leftSemi
        case .leftAnti: self = .leftAnti
        case .cross: self = .cross
        case .leftAntiNullAware: self = .leftAntiNullAware
        case .UNRECOGNIZED(let number): throw PlanCodec.unknown("a join", number)
        }
    }
}
