import Columns
import Plans
import Vocabulary

extension PhysicalPlanner {
    mutating func buildJoin(
        _ kind: JoinKind, left: LogicalPlan, right: LogicalPlan, condition: Expression?,
        required: Set<ColumnID>
    ) throws(EngineError) -> BuiltPlan {
        let keys = EquiKeys(condition, left: left.output.idSet, right: right.output.idSet)
        let used = required.union(condition?.columns ?? [])
        let leftBuilt = try build(left, required: used)
        var rightBuilt = try build(right, required: used)
        let leftSize = size(left, leftBuilt)
        var rightSize = size(right, rightBuilt)
        if let fewer = distinctMatches(kind, right, rightBuilt, rightSize) {
            (rightBuilt, rightSize) = fewer
        }
        // In the step of a recursion all is in one task.
        let hinted = JoinHints(left: left, right: right).choice(
            kind, smaller: leftSize.bytes < rightSize.bytes ? .left : .right, hasKeys: !keys.left.isEmpty)
        hintWarnings += hinted.refusals
        let asked = isInStep ? .sizes : hinted.choice
        if asked == .pairs {
            let sides = JoinSides(kind, leftBuilt, rightBuilt, leftSize, rightSize)
            return try nestedLoop(sides, condition: condition, required: required)
        }
        if keys.left.isEmpty || (kind == .leftAntiNullAware && !keys.residual.isEmpty) {
            // Pairs are looked at one by one, where an unknown comparison is as good as a true one.
            let isNullAware = kind == .leftAntiNullAware
            return try nestedLoop(
                JoinSides(isNullAware ? .leftAnti : kind, leftBuilt, rightBuilt, leftSize, rightSize),
                condition: isNullAware ? condition.flatMap(Self.trueOrUnknown) : condition,
                required: required, asked: asked)
        }
        return try hashJoin(
            JoinSides(kind, leftBuilt, rightBuilt, leftSize, rightSize), keys: keys, required: required,
            asked: asked)
    }

    private static func trueOrUnknown(_ condition: Expression) -> Expression? {
        let isUnknown = Expression.call(FunctionCall("is_null", [condition], type: .boolean))
        return Expression.disjunction([condition, isUnknown])
    }

    private func size(_ logical: LogicalPlan, _ built: BuiltPlan) -> SideSize {
        let estimate = estimator.estimate(logical)
        return SideSize(estimate: estimate, bytes: estimate.byteCount(of: built.output))
    }

    /// Holds what is expected of one input of a join.
    struct SideSize {
        var estimate: PlanEstimate
        var bytes: Double

        var rows: Double { estimate.rows }

        /// Work of making a hash table of the rows, in bytes moved: an entry each, at a place of its own,
        /// beside the row itself.
        var tableWork: Double { bytes + rows * 16 }
    }

    /// Holds the two inputs of a join with their expected sizes.
    struct JoinSides {
        var kind: JoinKind
        var left: BuiltPlan
        var right: BuiltPlan
        var leftSize: SideSize
        var rightSize: SideSize

        init(
            _ kind: JoinKind, _ left: BuiltPlan, _ right: BuiltPlan, _ leftSize: SideSize,
            _ rightSize: SideSize
        ) {
            self.kind = kind
            self.left = left
            self.right = right
            self.leftSize = leftSize
            self.rightSize = rightSize
        }

        var leftBytes: Double { leftSize.bytes }
        var rightBytes: Double { rightSize.bytes }

        /// Columns of the result among which the operators choose.
        var combined: [ColumnReference] {
            let leftNullable = kind == .right || kind == .full
            let rightNullable = kind == .left || kind == .full
            func marked(_ columns: [ColumnReference], _ nullable: Bool) -> [ColumnReference] {
                nullable ? columns.map { ColumnReference(id: $0.id, name: $0.name, type: $0.type) } : columns
            }
            return marked(left.output, leftNullable) + marked(right.output, rightNullable)
        }

        var keepsRight: Bool {
            switch kind {
            case .leftSemi, .leftAnti, .leftAntiNullAware: false
            default: true
            }
        }

        /// Positions of the given columns that something above reads.
        func output(required: Set<ColumnID>) -> [Int] {
            let all = combined
            return all.indices.filter {
                required.contains(all[$0].id) && (keepsRight || $0 < left.output.count)
            }
        }
    }

    // MARK: equality joins

    private func hashJoin(
        _ given: JoinSides, keys: EquiKeys, required: Set<ColumnID>, asked: JoinHints.Choice
    ) throws(EngineError) -> BuiltPlan {
        var sides = given
        let kept = isInStep ? keptTable(sides) : nil
        let (build, isShared) = kept.map { ($0, true) } ?? table(sides, asked)
        if !isInStep, asked == .sizes, build == .left, !isShared,
            sides.leftBytes <= Double(settings.broadcastBytes),
            let reduced = try reducedSemiJoin(
                sides.kind, left: sides.left, right: sides.right, keys: keys, required: required)
        {
            return reduced
        }
        var order = Array(keys.left.indices)
        if !(sides.left.isSingle && sides.right.isSingle) {
            if isShared {
                if build == .right {
                    sides.right.plan = .exchange(.broadcast, input: sides.right.plan)
                } else {
                    sides.left.plan = .exchange(.broadcast, input: sides.left.plan)
                }
            } else {
                if !isInStep, asked == .sizes { try reduceProbe(&sides, build: build, keys: keys) }
                order = try partition(&sides, keys: keys)
            }
        }
        let output = sides.output(required: required)
        let combined = sides.combined
        var leftKeys: [Expression] = []
        var rightKeys: [Expression] = []
        for index in order {
            leftKeys.append(try sides.left.resolve(keys.left[index]))
            rightKeys.append(try sides.right.resolve(keys.right[index]))
        }
        let residual = try Expression.conjunction(keys.residual).map { condition throws(EngineError) in
            try ColumnPositions(sides.left.output + sides.right.output).resolve(condition)
        }
        let isLocal = given.left.isSingle && given.right.isSingle
        let columns = output.map { combined[$0] }
        let join = PhysicalHashJoin(
            kind: sides.kind, left: sides.left.plan, right: sides.right.plan, leftKeys: leftKeys,
            rightKeys: rightKeys,
            residual: residual, build: build, buildIsShared: kept != nil || isShared && !isLocal,
            output: output, schema: columns.schema, hint: asked.strategy)
        let probe = build == .right ? sides.left : sides.right
        let hashed = isShared || isLocal ? probe.hashedBy : partitionedBy(sides, keys: keys, order: order)
        return BuiltPlan(plan: .hashJoin(join), output: columns, tasks: probe.tasks, hashedBy: hashed)
    }

    /// The side that goes into the table, and whether it is the same for all tasks.
    private func table(
        _ sides: JoinSides, _ asked: JoinHints.Choice
    ) -> (side: PhysicalHashJoin.Side, isShared: Bool) {
        switch asked {
        case .broadcast(let side): return (side, true)
        case .shuffle(_, let side):
            // A full join gives rows of both sides without a match, those of the table at its end.
            let usual = sides.kind == .full ? nil : side
            return (usual ?? buildSide(sides), false)
        case .sizes, .pairs:
            let side = buildSide(sides)
            return (side, shouldBroadcast(sides, build: side))
        }
    }

    private func partitionedBy(_ sides: JoinSides, keys: EquiKeys, order: [Int]) -> [[ColumnID]] {
        let left = order.compactMap { keys.left[$0].columnReference?.id }
        let right = order.compactMap { keys.right[$0].columnReference?.id }
        var lists: [[ColumnID]] = []
        if left.count == order.count, sides.kind != .right, sides.kind != .full { lists.append(left) }
        if right.count == order.count, sides.keepsRight, sides.kind != .left, sides.kind != .full {
            lists.append(right)
        }
        return lists
    }

    /// In the step of a recursion: the side whose table serves all levels, as its rows are the same, where
    /// they fit in memory.
    private func keptTable(_ sides: JoinSides) -> PhysicalHashJoin.Side? {
        let most = Double(settings.broadcastBytes) * 8
        func fits(_ side: BuiltPlan, _ bytes: Double) -> Bool { side.plan.isInvariant && bytes <= most }
        switch sides.kind {
        case .inner, .cross:
            if fits(sides.right, sides.rightBytes) { return .right }
            return fits(sides.left, sides.leftBytes) ? .left : nil
        case .left, .leftSemi, .leftAnti: return fits(sides.right, sides.rightBytes) ? .right : nil
        case .right: return fits(sides.left, sides.leftBytes) ? .left : nil
        case .full, .leftAntiNullAware: return nil
        }
    }

    /// The side that goes into the hash table: the smaller where both can, else the one that need not be kept
    /// whole.
    private func buildSide(_ sides: JoinSides) -> PhysicalHashJoin.Side {
        switch sides.kind {
        case .inner, .cross, .full, .left, .right:
            let canSwap = sides.kind == .inner || sides.kind == .cross
            if canSwap { return sides.leftSize.tableWork < sides.rightSize.tableWork ? .left : .right }
            if sides.kind == .right { return largeTableSide(sides, usual: .left) }
            return sides.kind == .left ? largeTableSide(sides, usual: .right) : .right
        case .leftSemi, .leftAnti:
            return largeTableSide(sides, usual: .right)
        case .leftAntiNullAware: return .right
        }
    }

    /// Where the side that usually goes into the table is too large for every task, the table may as well
    /// hold the
    /// other side's fewer rows, each marked when it is met.
    private func largeTableSide(_ sides: JoinSides, usual: PhysicalHashJoin.Side) -> PhysicalHashJoin.Side {
        if shouldBroadcast(sides, build: usual) { return usual }
        let (table, other) =
            usual == .right ? (sides.rightBytes, sides.leftBytes) : (sides.leftBytes, sides.rightBytes)
        if other * 2 >= table { return usual }
        return usual == .right ? .left : .right
    }

    /// Broadcasting spares the larger side its exchange; a full join cannot, since unmatched build rows would
    /// come
    /// from every task.
    private func shouldBroadcast(_ sides: JoinSides, build: PhysicalHashJoin.Side) -> Bool {
        if sides.kind == .full { return false }
        // A null among the keys decides about every row, so each task must see the whole right side.
        if sides.kind == .leftAntiNullAware { return true }
        // Marks on rows that come out without a match too belong to one task.
        if build == .left, sides.kind == .left || !sides.keepsRight { return false }
        if build == .right, sides.kind == .right { return false }
        let buildBytes = build == .right ? sides.rightBytes : sides.leftBytes
        let probeBytes = build == .right ? sides.leftBytes : sides.rightBytes
        if settings.broadcastBytes <= 0 { return false }
        return buildBytes <= broadcastThreshold
            && buildBytes * Double(cluster.workers) <= max(probeBytes * 2, 1_048_576)
    }

    /// Most bytes of a side that goes to every task. Inside one process a broadcast moves nothing: the
    /// threshold is what a table may take of memory.
    var broadcastThreshold: Double { Double(settings.broadcastBytes) * (cluster.workers == 1 ? 8 : 1) }

    /// Spreads both sides by the hash of the keys, keeping a side that is spread so already. Returns the
    /// order of
    /// the keys that both sides are hashed in.
    private func partition(_ sides: inout JoinSides, keys: EquiKeys) throws(EngineError) -> [Int] {
        let leftOrder = existingOrder(sides.left, keys.left)
        let rightOrder = existingOrder(sides.right, keys.right)
        if let leftOrder, leftOrder == rightOrder, sides.left.tasks == sides.right.tasks { return leftOrder }
        if let leftOrder, sides.left.tasks > 1 {
            sides.right = try hashed(
                sides.right, by: leftOrder.map { keys.right[$0] }, partitions: sides.left.tasks)
            return leftOrder
        }
        if let rightOrder, sides.right.tasks > 1 {
            sides.left = try hashed(
                sides.left, by: rightOrder.map { keys.left[$0] }, partitions: sides.right.tasks)
            return rightOrder
        }
        let order = Array(keys.left.indices)
        let partitions = sizing.partitions(byteCount: max(sides.leftBytes, sides.rightBytes))
        sides.left = try hashed(sides.left, by: keys.left, partitions: partitions)
        sides.right = try hashed(sides.right, by: keys.right, partitions: partitions)
        return order
    }

    /// The order of key positions by which the plan's rows are spread already, all keys being used.
    private func existingOrder(_ built: BuiltPlan, _ keys: [Expression]) -> [Int]? {
        let ids = keys.map { $0.columnReference?.id }
        for list in built.hashedBy where list.count == keys.count {
            let order = list.compactMap { id in ids.firstIndex(of: id) }
            if Set(order).count == keys.count { return order }
        }
        return nil
    }

    func hashed(_ built: BuiltPlan, by keys: [Expression], partitions: Int) throws(EngineError) -> BuiltPlan {
        if partitions == 1 { return gathered(built) }
        var resolved: [Expression] = []
        for key in keys { resolved.append(try built.resolve(key)) }
        let ids = keys.compactMap { $0.columnReference?.id }
        return BuiltPlan(
            plan: .exchange(.hash(resolved, partitions: partitions), input: built.plan), output: built.output,
            tasks: partitions, hashedBy: ids.count == keys.count ? [ids] : [])
    }

    // MARK: other joins

    /// Compares all pairs. The right side is held in memory, so the smaller one goes there where the kind
    /// allows.
    private func nestedLoop(
        _ given: JoinSides, condition: Expression?, required: Set<ColumnID>,
        asked: JoinHints.Choice = .sizes
    ) throws(EngineError) -> BuiltPlan {
        var sides = given
        let canSwap = sides.kind == .inner || sides.kind == .cross
        let mustSwap = sides.kind == .right
        var isLeftHeld = sides.leftBytes < sides.rightBytes
        if case .broadcast(let side) = asked { isLeftHeld = side == .left }
        if mustSwap || (canSwap && isLeftHeld) {
            sides = JoinSides(
                mustSwap ? .left : sides.kind, sides.right, sides.left, sides.rightSize, sides.leftSize)
        }
        if sides.kind == .full {
            sides.left = gathered(sides.left)
            sides.right = gathered(sides.right)
        } else if !(sides.left.isSingle && sides.right.isSingle) {
            sides.right.plan = .exchange(.broadcast, input: sides.right.plan)
        }
        let output = sides.output(required: required)
        let combined = sides.combined
        let resolved = try condition.map { condition throws(EngineError) in
            try ColumnPositions(sides.left.output + sides.right.output).resolve(condition)
        }
        let columns = output.map { combined[$0] }
        let join = PhysicalNestedLoopJoin(
            kind: sides.kind, left: sides.left.plan, right: sides.right.plan, condition: resolved,
            output: output,
            schema: columns.schema)
        return BuiltPlan(
            plan: .nestedLoopJoin(join), output: columns, tasks: sides.left.tasks,
            hashedBy: sides.left.hashedBy)
    }
}
