import Plans
import SQLSyntax
import Vocabulary

/// Says that a stretch of a job's text asks for what a stage does.
package struct StageMark: Hashable, Sendable {
    package var stage: StageID
    package var span: SourceSpan
}

/// Finds where the text asks for the operators of each stage, so that a reader sees which of them run.
///
/// Calls, casts and aggregates know their places. Operators do not, as optimising moves and merges them:
/// their places are found by what stays the same, the names of tables and of the columns of their keys. What
/// is not found is not marked.
package struct StageMarks {
    private let source: SQLSource
    /// Of the statement, and of the views that statements before it made.
    private let places: SyntaxPlaces
    private let viewPlaces: [SyntaxPlaces]
    /// Paths of the files that views show, by the views' names in lower case.
    private let viewPaths: [String: String]

    /// `statements` are the job's up to the one that is asked about, which is the last.
    package init(_ statements: ArraySlice<StatementSyntax>, source: SQLSource) {
        self.source = source
        var views: [SyntaxPlaces] = []
        var paths: [String: String] = [:]
        for case .createView(let view) in statements.dropLast().map(\.kind) {
            switch view.content {
            case .query(let query, _): views.append(SyntaxPlaces(query))
            case .files(_, let options, _):
                let name = view.name.last?.text.lowercased() ?? ""
                paths[name] = options.first { $0.key.lowercased() == "path" }?.value
            }
        }
        viewPlaces = views
        viewPaths = paths
        places = statements.last.map { SyntaxPlaces($0) } ?? SyntaxPlaces()
    }

    /// Returns the marks of a statement's stages; those of one stage do not overlap.
    package func marks(of graph: StageGraph) -> [StageMark] {
        // Inserts are planned in the order in which they are written, but for those that are put together.
        let writers = graph.writes.map(\.stage)
        return graph.stages.flatMap { stage -> [StageMark] in
            var spans: [SourceSpan] = []
            stage.plan.forEach { add($0, to: &spans) }
            if let place = writers.firstIndex(of: stage.id) {
                spans += writers.count == places.targets.count ? [places.targets[place]] : places.targets
            }
            return StageMarks.merged(spans.map { trimmed($0) }).map { StageMark(stage: stage.id, span: $0) }
        }
    }

    private func add(_ plan: PhysicalPlan, to spans: inout [SourceSpan]) {
        for expression in plan.ownExpressions { add(expression, to: &spans) }
        switch plan {
        case .scan(let scan): spans += tables(scan.relation.name)
        case .externalScan(let scan): spans += tables(scan.relation.name)
        case .values, .generate: spans += found { $0.functions }
        case .externalWrite: spans += places.targets
        case .aggregate(let aggregate):
            for call in aggregate.aggregates { add(call.origin, to: &spans) }
            let keys = aggregate.schema.fields.prefix(aggregate.groups.count).map { $0.name.lowercased() }
            if !keys.isEmpty { spans += named(keys) { $0.groups } }
            if aggregate.aggregates.isEmpty { spans += found { $0.distincts } }
        case .hashJoin(let join):
            for (left, right) in zip(join.leftKeys, join.rightKeys) {
                let names = Set([name(left, in: join.left), name(right, in: join.right)].compactMap { $0 })
                spans += found { $0.equalities.filter { $0.names == names }.map(\.span) }
            }
        case .nestedLoopJoin: spans += found { $0.crosses }
        case .window(let window): for call in window.calls { add(call.origin, to: &spans) }
        case .sort(let keys, let limit, let input):
            spans += named(keys.compactMap { name($0.expression, in: input) }) { $0.orders }
            if limit != nil { spans += found { $0.limits } }
        case .limit: spans += found { $0.limits }
        default: break
        }
    }

    /// Leaves out white space around what is marked.
    private func trimmed(_ span: SourceSpan) -> SourceSpan {
        var (start, end) = (Int(span.start), Int(span.end))
        while start < end, source.bytes[start] <= 0x20 { start += 1 }
        while start < end, source.bytes[end - 1] <= 0x20 { end -= 1 }
        return SourceSpan(start: start, end: end)
    }

    /// Looks for places of these names; where there is none, as of aliases, all are meant.
    private func named(_ names: [String], _ look: (SyntaxPlaces) -> [SyntaxPlaces.Named]) -> [SourceSpan] {
        let wanted = Set(names)
        let hits = found { look($0).filter { wanted.contains($0.name) }.map(\.span) }
        return hits.isEmpty ? look(places).map(\.span) : hits
    }

    /// Looks in the statement, and in the views' queries where it says nothing.
    private func found(_ look: (SyntaxPlaces) -> [SourceSpan]) -> [SourceSpan] {
        let own = look(places)
        return own.isEmpty ? viewPlaces.flatMap(look) : own
    }

    private func tables(_ relation: String) -> [SourceSpan] {
        let name = relation.lowercased()
        return found { places in
            places.tables.filter { $0.name == name || viewPaths[$0.name]?.lowercased() == name }.map(\.span)
        }
    }

    private func name(_ expression: Expression, in input: PhysicalPlan) -> String? {
        switch expression {
        case .input(let place, _):
            let fields = input.schema.fields
            return place < fields.count ? fields[place].name.lowercased() : nil
        case .cast(let inner, _, _, _): return name(inner, in: input)
        default: return nil
        }
    }

    // MARK: Origins

    private func add(_ expression: Expression, to spans: inout [SourceSpan]) {
        expression.forEach {
            switch $0 {
            case .call(let call): add(call.origin, to: &spans)
            case .cast(_, _, _, let origin): add(origin, to: &spans)
            default: break
            }
        }
    }

    private func add(_ origin: Origin, to spans: inout [SourceSpan]) {
        guard let location = origin.location, location.file == source.file,
            let span = source.span(of: location)
        else { return }
        spans.append(span)
    }

    /// Joins spans that touch or overlap.
    private static func merged(_ spans: [SourceSpan]) -> [SourceSpan] {
        var result: [SourceSpan] = []
        for span in spans.sorted(by: { $0.start < $1.start }) where span.end > span.start {
            if let last = result.last, span.start <= last.end {
                result[result.count - 1] = last.union(span)
            } else {
                result.append(span)
            }
        }
        return result
    }
}

extension PhysicalPlan {
    /// The expressions of this node only.
    fileprivate var ownExpressions: [Expression] {
        switch self {
        case .scan(let scan): scan.filters
        case .filter(let conditions, _): conditions
        case .project(let list, _, _): list
        case .expand(let lists, _, _): lists.flatMap { $0 }
        case .aggregate(let aggregate):
            aggregate.mode == .final
                ? []
                : aggregate.groups
                    + aggregate.aggregates.flatMap { $0.arguments + [$0.filter].compactMap { $0 } }
        case .hashJoin(let join): join.leftKeys + join.rightKeys + [join.residual].compactMap { $0 }
        case .nestedLoopJoin(let join): [join.condition].compactMap { $0 }
        case .sort(let keys, _, _), .rangeBounds(let keys, _, _): keys.map(\.expression)
        case .window(let window): window.partition + window.order.map(\.expression)
        case .generate(let generator, _, _, _): [generator.list]
        default: []
        }
    }
}
