import Plans

/// Holds what hints ask of a join, by the side that they stand on, and finds what can be done of it.
///
/// Source: the order and the join kinds of Spark's `JoinSelection`: BROADCAST before MERGE before
/// SHUFFLE_HASH before SHUFFLE_REPLICATE_NL; where both sides are asked for the same, the smaller one is
/// taken.
struct JoinHints {
    typealias Side = PhysicalHashJoin.Side

    /// What a join is planned by.
    enum Choice: Hashable {
        case sizes
        /// The side is read whole by every task.
        case broadcast(Side)
        /// Both sides are spread by their keys; a table is made of `build`, nil: of either.
        case shuffle(JoinStrategy, build: Side?)
        /// All pairs are compared.
        case pairs

        /// What a join by equal keys bears of it.
        var strategy: JoinStrategy? {
            switch self {
            case .sizes, .pairs: nil
            case .broadcast: .broadcast
            case .shuffle(let strategy, _): strategy
            }
        }
    }

    var left: JoinStrategy?
    var right: JoinStrategy?

    /// Takes the hints that the sides of a join bear.
    init(left: LogicalPlan, right: LogicalPlan) {
        self.left = left.joinHint
        self.right = right.joinHint
    }

    /// Returns what the join is planned by, and why hints of it have no effect. `smaller` is the side of
    /// fewer bytes; `hasKeys` says whether columns of both sides have to be equal.
    func choice(_ kind: JoinKind, smaller: Side, hasKeys: Bool) -> (choice: Choice, refusals: [String]) {
        // NULLs among the keys have every task see all of the right side, whatever is asked.
        if (left == nil && right == nil) || kind == .leftAntiNullAware { return (.sizes, []) }
        var refusals: [String] = []
        func refuse(_ strategy: JoinStrategy, _ why: String) {
            refusals.append(
                "The hint \(strategy.rawValue) has no effect on a join that is \(kind.label): \(why).")
        }
        let whole = sides(.broadcast)
        if let side = Self.side(whole.filter { Self.canBroadcast($0, kind) }, smaller) {
            return (.broadcast(side), [])
        }
        for side in whole {
            refuse(
                .broadcast, "rows of its \(side == .left ? "left" : "right") side come out without a match")
        }
        let merged = sides(.merge)
        let tables = sides(.shuffleHash)
        if hasKeys {
            if !merged.isEmpty { return (.shuffle(.merge, build: nil), refusals) }
            if let side = Self.side(tables.filter { Self.canShuffle($0, kind) }, smaller) {
                return (.shuffle(.shuffleHash, build: side), refusals)
            }
            if !tables.isEmpty { refuse(.shuffleHash, "its table is made of the right side") }
        } else {
            for strategy in [JoinStrategy.merge, .shuffleHash] where !sides(strategy).isEmpty {
                refuse(strategy, "no columns of its sides have to be equal")
            }
        }
        if !sides(.replicate).isEmpty {
            if kind == .inner || kind == .cross { return (.pairs, refusals) }
            refuse(.replicate, "pairs alone do not say which rows have no match")
        }
        return (.sizes, refusals)
    }

    private func sides(_ strategy: JoinStrategy) -> [Side] {
        (left == strategy ? [.left] : []) + (right == strategy ? [.right] : [])
    }

    private static func side(_ sides: [Side], _ smaller: Side) -> Side? {
        sides.count > 1 ? smaller : sides.first
    }

    private static func canBroadcast(_ side: Side, _ kind: JoinKind) -> Bool {
        switch kind {
        case .inner, .cross: true
        case .right: side == .left
        case .left, .leftSemi, .leftAnti, .leftAntiNullAware: side == .right
        case .full: false
        }
    }

    private static func canShuffle(_ side: Side, _ kind: JoinKind) -> Bool {
        switch kind {
        case .inner, .cross, .left, .right, .full: true
        case .leftSemi, .leftAnti, .leftAntiNullAware: side == .right
        }
    }
}

extension LogicalPlan {
    /// The input of an operator that has one, and through which a hint reaches the join above.
    private var hintedInput: LogicalPlan? {
        switch self {
        case .join, .lateralJoin, .union, .scan, .values, .range, .recursion, .workingTable, .kept: nil
        default: children.first
        }
    }

    /// What a hint asks of the join that this plan is a side of; of several the outermost.
    var joinHint: JoinStrategy? {
        if case .hinted(let strategy, _) = self { return strategy }
        return hintedInput?.joinHint
    }

    /// The plan without the hints that would reach a join above it.
    var withoutJoinHint: LogicalPlan {
        if case .hinted(_, let input) = self { return input.withoutJoinHint }
        return hintedInput == nil || joinHint == nil ? self : mapChildren(\.withoutJoinHint)
    }

    /// Hints below which there are rows that no join takes.
    func loneHints(isSide: Bool = false) -> [JoinStrategy] {
        var isBelow = isSide
        var found: [JoinStrategy] = []
        switch self {
        case .hinted(let strategy, _): if !isSide { found.append(strategy) }
        case .join, .lateralJoin: isBelow = true
        case .union, .recursion: isBelow = false
        default: break
        }
        return found + children.flatMap { $0.loneHints(isSide: isBelow) }
    }
}
