import Plans
import SQLSyntax
import Vocabulary

extension Binder {
    /// Spreads a query's rows as its hints ask for, or its DISTRIBUTE BY.
    func spread(
        _ bound: BoundRelation, _ hints: [HintSyntax], by expressions: [ExpressionSyntax] = []
    ) throws(EngineError) -> LogicalPlan {
        var plan = bound.plan
        // The first one is the outermost.
        for hint in hints.reversed() {
            if let whole = Self.whole(hint) { plan = .hinted(whole, input: plan) }
            if let asked = try repartition(hint, bound.scope) { plan = .repartition(asked, input: plan) }
        }
        if expressions.isEmpty { return plan }
        let context = BindContext(scope: bound.scope, clause: "DISTRIBUTE BY")
        // By columns that the list leaves out, rows stay where they are: no result depends on it.
        let keys = expressions.compactMap { try? SortKey(bind($0, context)) }
        return keys.count < expressions.count
            ? plan : .repartition(Repartition(.hash, keys: keys), input: plan)
    }

    /// Marks a query's rows as a side of the join above by its hints that name no relation.
    func asked(_ plan: LogicalPlan, _ hints: [HintSyntax]) -> LogicalPlan {
        hints.compactMap(Self.whole).reversed().reduce(plan) { .hinted($1, input: $0) }
    }

    private static func whole(_ hint: HintSyntax) -> JoinStrategy? {
        hint.arguments.isEmpty ? JoinStrategy(hint: hint.name.text) : nil
    }

    private static let partitionings: [String: Repartition.Method] = [
        "REPARTITION": .roundRobin, "REPARTITION_BY_RANGE": .range, "COALESCE": .fewer,
        "REBALANCE": .roundRobin,
    ]

    private func repartition(_ hint: HintSyntax, _ scope: Scope) throws(EngineError) -> Repartition? {
        let name = hint.name.text.uppercased()
        guard let method = Self.partitionings[name] else { return nil }
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

    // MARK: Joins

    /// Binds the FROM of a SELECT: its hints about joins mark the relations that they name.
    func relation(_ syntax: RelationSyntax, hinted hints: [HintSyntax]) throws(EngineError) -> BoundRelation {
        let saved = openHints
        defer { openHints = saved }
        openHints = try joinHints(hints)
        let hints = openHints
        let bound = try relation(syntax)
        for hint in hints {
            let missing = hint.relations.filter { !hint.found.contains($0) }
            if missing.isEmpty { continue }
            let list = missing.map { $0.joined(separator: ".") }.joined(separator: ", ")
            notes?.add(hints: [
                "The hint \(hint.name.text) has no effect on \(list)\(place(of: hint.name)): FROM has no "
                    + "relation of this name or alias."
            ])
        }
        return bound
    }

    /// Marks a relation that hints name.
    func marked(
        _ bound: BoundRelation, by hints: [OpenHint], named name: [String]
    ) -> BoundRelation {
        var marked = bound
        for hint in hints.reversed() {
            if hint.finds(name) { marked.plan = .hinted(hint.strategy, input: marked.plan) }
        }
        return marked
    }

    private func joinHints(_ hints: [HintSyntax]) throws(EngineError) -> [OpenHint] {
        var open: [OpenHint] = []
        for hint in hints {
            guard let strategy = JoinStrategy(hint: hint.name.text) else {
                noteUnknown(hint)
                continue
            }
            var relations: [[String]] = []
            for argument in hint.arguments {
                switch argument.kind {
                case .column(let parts): relations.append(parts.map { $0.text.lowercased() })
                case .literal(.string(let text)):
                    relations.append(text.lowercased().split(separator: ".").map(String.init))
                default:
                    throw .user(
                        "INVALID_HINT", "\(hint.name.text) takes names of relations.",
                        at: location(argument.span))
                }
            }
            if !relations.isEmpty { open.append(OpenHint(strategy, hint.name, relations)) }
        }
        return open
    }

    private func noteUnknown(_ hint: HintSyntax) {
        let name = hint.name.text.uppercased()
        if Self.partitionings[name] != nil { return }
        let near = Suggestion.nearest(to: name, among: JoinStrategy.names + Self.partitionings.keys.sorted())
        notes?.add(hints: [
            "There is no hint \(hint.name.text)\(place(of: hint.name)): it has no effect."
                + (near.map { " Did you mean \($0)?" } ?? "")
        ])
    }

    private func place(of name: NameSyntax) -> String {
        let place = location(name.span)
        return " (\(place.file):\(place.line):\(place.column))"
    }
}

/// Holds a hint about joins while the FROM beside it is bound.
final class OpenHint {
    let strategy: JoinStrategy
    let name: NameSyntax
    /// Parts of the names of relations, lower case.
    let relations: [[String]]
    /// Those of them that are there.
    private(set) var found: Set<[String]> = []

    init(_ strategy: JoinStrategy, _ name: NameSyntax, _ relations: [[String]]) {
        self.strategy = strategy
        self.name = name
        self.relations = relations
    }

    /// Whether the hint names a relation: by its name as written, or the last parts of it.
    func finds(_ relation: [String]) -> Bool {
        let lowered = relation.map { $0.lowercased() }
        guard let name = relations.first(where: { $0.count > 0 && lowered.suffix($0.count) == $0[...] })
        else { return false }
        found.insert(name)
        return true
    }
}
