import Columns
import Plans
import SQLSyntax
import Vocabulary

extension Binder {
    func join(_ join: JoinSyntax, at span: SourceSpan) throws(EngineError) -> BoundRelation {
        if join.isLateral {
            if let bound = try lateralGenerator(join, at: span) { return bound }
            return try lateralJoin(join, at: span)
        }
        let left = try relation(join.left)
        let right = try relation(join.right)
        let kind = Self.kind(join.kind)
        switch join.condition {
        case .using(let names): return try joinUsing(names, kind, left, right)
        case .natural where kind == .cross || kind == .leftSemi || kind == .leftAnti:
            throw .user(
                "INCOMPATIBLE_JOIN_TYPES", "A NATURAL join cannot be a semi, anti or cross join.",
                remedy: "Name the columns in USING or ON.", at: location(span))
        case .natural:
            let others = Set(right.scope.starColumns([]).map(\.loweredName))
            let shared = left.scope.starColumns([]).filter { others.contains($0.loweredName) }
            return try joinUsing(shared.map { NameSyntax($0.reference.name, span: span) }, kind, left, right)
        case .none: return joined(kind, left, right, nil)
        case .on(let condition):
            let context = BindContext(scope: left.scope.joined(right.scope), clause: "JOIN … ON")
            let bound = try bind(condition, context)
            return joined(kind, left, right, try self.condition(bound, "JOIN … ON", at: condition.span))
        }
    }

    /// Binds a join whose right side may refer to the columns of the left one.
    private func lateralJoin(_ join: JoinSyntax, at span: SourceSpan) throws(EngineError) -> BoundRelation {
        guard [.inner, .cross, .left].contains(join.kind) else {
            throw .user(
                "INVALID_LATERAL_JOIN_TYPE",
                "A \(join.kind.rawValue) JOIN with LATERAL is not allowed: its right side takes rows "
                    + "from the left.", remedy: "Use an inner, a cross or a left join.",
                at: location(join.right.span))
        }
        let left = try relation(join.left)
        outer.append(OuterQuery(context: BindContext(scope: left.scope, clause: "LATERAL")))
        let depth = outer.count
        let right: BoundRelation
        let references: [ColumnReference]
        do {
            right = try relation(join.right)
            references = outer.removeLast().references
        } catch {
            if outer.count >= depth { outer.removeLast(outer.count - depth + 1) }
            throw error
        }
        var condition: Expression?
        switch join.condition {
        case .none: break
        case .on(let syntax):
            let context = BindContext(scope: left.scope.joined(right.scope), clause: "JOIN … ON")
            condition = try self.condition(bind(syntax, context), "JOIN … ON", at: syntax.span)
        case .natural, .using:
            throw .user(
                "UNSUPPORTED_FEATURE.LATERAL_JOIN_USING", "A LATERAL join takes its condition from ON.",
                remedy: "Write ON with the columns of both sides.", at: location(span))
        }
        var bound = joined(Self.kind(join.kind), left, right, condition)
        if case .join(let kind, let mine, let theirs, let test) = bound.plan {
            bound.plan = .lateralJoin(kind, left: mine, right: theirs, condition: test, outer: references)
        }
        return bound
    }

    private static func kind(_ kind: JoinSyntax.Kind) -> JoinKind {
        switch kind {
        case .inner: .inner
        case .left: .left
        case .right: .right
        case .full: .full
        case .semi: .leftSemi
        case .anti: .leftAnti
        case .cross: .cross
        }
    }

    /// Joins two relations; the scope takes the nullability that the join gives their columns.
    private func joined(
        _ kind: JoinKind, _ left: BoundRelation, _ right: BoundRelation, _ condition: Expression?
    ) -> BoundRelation {
        let isPlain = kind == .cross || kind == .inner
        let actual: JoinKind = !isPlain ? kind : condition == nil ? .cross : .inner
        let plan = LogicalPlan.join(actual, left: left.plan, right: right.plan, condition: condition)
        var nullable: [ColumnID: Bool] = [:]
        for column in plan.output { nullable[column.id] = column.nullable }
        var columns = left.scope.columns
        if kind != .leftSemi, kind != .leftAnti { columns += right.scope.columns }
        for index in columns.indices {
            if let value = nullable[columns[index].reference.id] { columns[index].reference.nullable = value }
        }
        return BoundRelation(plan, Scope(columns: columns))
    }

    /// Joins on equal columns of the same name. Each appears once and first: the left's, the right's for a
    /// right join, the one that is not null for a full join. Both sides stay reachable by qualified names.
    private func joinUsing(
        _ names: [NameSyntax], _ kind: JoinKind, _ left: BoundRelation, _ right: BoundRelation
    ) throws(EngineError) -> BoundRelation {
        var conditions: [Expression] = []
        var pairs: [(left: ColumnReference, right: ColumnReference)] = []
        for name in names {
            let a = try usingColumn(name, left.scope, side: "left")
            let b = try usingColumn(name, right.scope, side: "right")
            let (first, second) = padded(.column(a), .column(b))
            conditions.append(try call("equal", [first, second], at: name.span))
            pairs.append((a, b))
        }
        var bound = joined(kind, left, right, .conjunction(conditions))
        if kind == .leftSemi || kind == .leftAnti || names.isEmpty { return bound }
        func current(_ reference: ColumnReference) -> Scope.Column? {
            bound.scope.columns.first { $0.reference.id == reference.id }
        }
        var shared: [Scope.Column] = []
        var hidden: [Scope.Column] = []
        var coalesced: [NamedExpression] = []
        for pair in pairs {
            guard var a = current(pair.left), var b = current(pair.right) else { continue }
            switch kind {
            case .full:
                let value = try call(
                    "coalesce", [.column(a.reference), .column(b.reference)], at: names[0].span)
                let output = newColumn(a.reference.name, value.type)
                coalesced.append(NamedExpression(value, as: output))
                shared.append(Scope.Column(reference: output, qualifier: []))
                a.isVisible = false
                b.isVisible = false
                hidden += [a, b]
            case .right:
                a.isVisible = false
                shared.append(b)
                hidden.append(a)
            default:
                b.isVisible = false
                shared.append(a)
                hidden.append(b)
            }
        }
        let used = Set(pairs.flatMap { [$0.left.id, $0.right.id] })
        let rest = bound.scope.columns.filter { !used.contains($0.reference.id) }
        if !coalesced.isEmpty {
            let kept = bound.plan.output.map { NamedExpression(.column($0), as: $0) }
            bound.plan = .project(coalesced + kept, input: bound.plan)
        }
        bound.scope = Scope(columns: shared + rest + hidden)
        return bound
    }

    private func usingColumn(_ name: NameSyntax, _ scope: Scope, side: String) throws(EngineError)
        -> ColumnReference
    {
        let found = scope.matches([name])
        if found.count > 1 { throw ambiguous([name], found, at: name.span) }
        if let match = found.first { return match.column.reference }
        throw .user(
            "UNRESOLVED_USING_COLUMN_FOR_JOIN",
            "The column \(name.text) of USING is not on the \(side) side of the join.",
            remedy: suggestion(for: [name], in: scope), at: location(name.span))
    }
}
