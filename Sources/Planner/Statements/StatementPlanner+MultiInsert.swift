import Columns
import Plans
import SQLSyntax
import Vocabulary

// `FROM source INSERT INTO a SELECT … INSERT OVERWRITE TABLE b SELECT …`: one source, several outputs, which
// become visible together.
extension StatementPlanner {
    /// Holds what several inserts write, and the source that they have in common.
    struct Targets {
        var source: LogicalPlan
        var targets: [Target]
        var changes: [StoreChange] = []
        var warnings: [String] = []
    }

    func multiInsert(_ inserts: MultiInsertSyntax) throws(EngineError) -> PlannedStatement {
        let targets = try targets(of: inserts, runs: true)
        if targets.targets.isEmpty { return PlannedStatement(work: .none) }
        let steps = try multiSteps(targets)
        return PlannedStatement(
            work: .stages(steps[0].graph), change: targets.changes.isEmpty ? nil : .store(targets.changes),
            warnings: targets.warnings)
    }

    func multiSteps(_ targets: Targets) throws(EngineError) -> [QueryPlanner.Steps] {
        try queryPlanner.plan(targets.targets.map { ($0.plan, $0.write) }, from: targets.source)
    }

    /// Binds the source once, and each insert over it; in a statement that runs those that write.
    func targets(of inserts: MultiInsertSyntax, runs: Bool = false) throws(EngineError) -> Targets {
        let binder = Binder(catalog: catalog, settings: settings, source: source, notes: notes)
        var found = Targets(source: try binder.bindSource(of: inserts), targets: [])
        for statement in inserts.inserts {
            let target: Target
            switch statement.kind {
            case .insertTable(let insert):
                try refuseExternal(try catalog.relation(named: insert.table.map(\.text)), at: statement.span)
                target = try tableWrite(insert, span: statement.span, binder: binder)
                if runs, try isThere(insert) { continue }
                if case .store(let changes)? = unanalysed(insert)?.change { found.changes += changes }
            case .insertDirectory(let insert):
                if ExternalSource(rawValue: insert.format.text.lowercased()) != nil {
                    throw externalRefusal(at: insert.format.span)
                }
                let bound = try binder.bind(insert.query)
                target = Target(
                    plan: bound, write: try directoryWrite(insert, bound, span: statement.span))
                found.warnings += OptionNames.warnings(insert.options, target.write.format, source)
            default: throw .internal("A statement among several inserts is none.")
            }
            if let place = found.targets.firstIndex(where: { Self.areTogether($0.write, target.write) }) {
                found.targets[place].plan = Self.united(found.targets[place].plan, target.plan)
                continue
            }
            try checkApart(target.write, from: found.targets.map(\.write), at: statement.span)
            found.targets.append(target)
        }
        return found
    }

    private func refuseExternal(_ relation: CatalogRelation?, at span: SourceSpan) throws(EngineError) {
        if case .external? = relation { throw externalRefusal(at: span) }
    }

    private func externalRefusal(at span: SourceSpan) -> EngineError {
        .user(
            "UNSUPPORTED_FEATURE.MULTI_INSERT",
            "Several inserts of one source write files; what a connector takes is written by an INSERT alone",
            remedy: "Write INSERT … SELECT … FROM the source as a statement of its own.", at: location(span))
    }

    /// Whether the rows of two inserts are added to the same files, and so are written as one.
    private static func areTogether(_ first: FileWrite, _ second: FileWrite) -> Bool {
        first.mode == .append && first == second
    }

    private static func united(_ first: LogicalPlan, _ second: LogicalPlan) -> LogicalPlan {
        guard case .union(let inputs, let output) = first else {
            let output = first.output.enumerated().map { place, column in
                ColumnReference(
                    id: ColumnID(rawValue: UInt32.max / 4 * 3 + UInt32(place)), name: column.name,
                    type: column.type)
            }
            return .union([first, second], output: output)
        }
        return .union(inputs + [second], output: output)
    }

    /// Throws where an insert would replace what another one of the statement writes.
    private func checkApart(
        _ write: FileWrite, from others: [FileWrite], at span: SourceSpan
    ) throws(EngineError) {
        let clash = others.first { other in
            (write.mode == .overwrite && Self.isAt(other.path, orBelow: write.path))
                || (other.mode == .overwrite && Self.isAt(write.path, orBelow: other.path))
                || write.path == other.path
        }
        guard let clash else { return }
        throw .user(
            "UNSUPPORTED_FEATURE.MULTI_INSERT",
            "Two inserts of the statement write to the same place, which one of them replaces: \(clash.path)",
            remedy: "Make one of them a statement of its own, behind this one.", at: location(span))
    }

    private static func isAt(_ path: String, orBelow root: String) -> Bool {
        func whole(_ path: String) -> String { path.hasSuffix("/") ? path : path + "/" }
        return whole(path).hasPrefix(whole(root))
    }
}
