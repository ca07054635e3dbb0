import Plans
import SQLSyntax
import Vocabulary

extension Binder {
    /// Spreads a query's rows as its hints ask for, or its DISTRIBUTE BY.
    ///
    /// Hints about joins are taken and change nothing: sizes decide, and what is measured meanwhile.
    func spread(
        _ bound: BoundRelation, _ hints: [HintSyntax], by expressions: [ExpressionSyntax] = []
    ) throws(EngineError) -> LogicalPlan {
        var plan = bound.plan
        // The first one is the outermost.
        for hint in hints.reversed() {
            if let asked = try repartition(hint, bound.scope) { plan = .repartition(asked, input: plan) }
        }
        if expressions.isEmpty { return plan }
        let context = BindContext(scope: bound.scope, clause: "DISTRIBUTE BY")
        // By columns that the list leaves out, rows stay where they are: no result depends on it.
        let keys = expressions.compactMap { try? SortKey(bind($0, context)) }
        return keys.count < expressions.count
            ? plan : .repartition(Repartition(.hash, keys: keys), input: plan)
    }

    private func repartition(_ hint: HintSyntax, _ scope: Scope) throws(EngineError) -> Repartition? {
        let name = hint.name.text.uppercased()
        let methods: [String: Repartition.Method] = [
            "REPARTITION": .roundRobin, "REPARTITION_BY_RANGE": .range, "COALESCE": .fewer,
            "REBALANCE": .roundRobin,
        ]
        guard let method = methods[name] else { return nil }
        var count: Int?
        var keys: [SortKey] = []
        for (place, argument) in hint.arguments.enumerated() {
            if place == 0, case .literal(.int32(let number)) = argument.kind {
                count = Int(number)
                continue
            }
            keys.append(SortKey(try bind(argument, BindContext(scope: scope, clause: "a hint"))))
        }
        if let count, !(1...Repartition.mostTasks).contains(count) {
            throw .user(
                "INVALID_HINT", "\(name) takes a number from 1 to \(Repartition.mostTasks).",
                at: location(hint.name.span))
        }
        let needsKeys = method == .range
        if (method == .fewer && (count == nil || !keys.isEmpty)) || (needsKeys && keys.isEmpty) {
            throw .user(
                "INVALID_HINT",
                needsKeys
                    ? "\(name) takes columns, and a number before them." : "\(name) takes a number alone.",
                at: location(hint.name.span))
        }
        return Repartition(method == .roundRobin && !keys.isEmpty ? .hash : method, count: count, keys: keys)
    }
}
