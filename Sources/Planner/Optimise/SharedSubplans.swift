import Columns
import Plans
import Vocabulary

/// Finds what a plan computes more than once and had better compute once: common table expressions and views
/// that are used twice are bound twice, and correlated subqueries read the outer query's rows again.
///
/// Two subplans are alike when they compute the same but for the numbers of their columns and for columns
/// that one of them does not give. So columns and plans get names by what they are made of, the same wherever
/// the same is computed; projections are looked through.
struct SharedSubplans {
    /// One place at which a subplan stands.
    struct Use {
        var plan: LogicalPlan
        /// By the columns that the place gives.
        var names: [ColumnID: String]
        /// Names of the columns that are read above.
        var read: Set<String>
        /// Numbers of the first node of the subplan and of the one behind it, parents first.
        fileprivate var nodes: Range<Int>
    }

    /// The places at which one shared subplan stands, in the order of the plan.
    struct Group {
        let uses: [Use]
        /// Names of the columns that are read above any of the places.
        let read: Set<String>
        /// Whether each place gives all of these.
        let isComplete: Bool

        fileprivate init(_ uses: [Use]) {
            self.uses = uses
            let read = uses.reduce(into: Set<String>()) { $0.formUnion($1.read) }
            self.read = read
            isComplete = uses.allSatisfy { read.isSubset(of: $0.names.values) }
        }
    }

    private(set) var groups: [Group] = []

    /// Says what a column is, over the names of the columns below.
    private enum Meaning: Hashable {
        case position(Int)
        case left(String), right(String)
        case value(Expression)
        case group(Expression)
        case aggregate(AggregateCall)
        case window(WindowCall, partition: [Expression], order: [SortKey])
    }
    /// Says what a node computes, over the names of the columns below and the numbers of the inputs' shapes.
    private struct Shape: Hashable {
        var kind: String
        var relation: ScanRelation?
        var expressions: [Expression] = []
        var order: [SortKey] = []
        var inputs: [Int] = []
    }
    private struct Form {
        var shape: Int
        var names: [ColumnID: String]
    }

    private var meanings: [Meaning: String] = [:]
    private var shapes: [Shape: Int] = [:]
    private var uses: [(shape: Int, use: Use)] = []
    private var nodeCount = 0
    private let estimator: CardinalityEstimator

    init(_ plan: LogicalPlan, _ estimator: CardinalityEstimator) {
        self.estimator = estimator
        guard Self.readsTwice(plan) else { return }
        _ = visit(plan, required: plan.output.idSet, reach: .all)
        choose()
    }

    /// The columns that each use gives so that all of its group are equal.
    var outputs: Outputs {
        var result = Outputs()
        for group in groups where group.isComplete {
            for use in group.uses {
                result.add(use.plan, Set(use.names.filter { group.read.contains($0.value) }.keys))
            }
        }
        return result
    }

    /// Holds what shared subplans give.
    struct Outputs {
        /// By labels, of which several plans may have one.
        private var byLabel: [String: [(plan: LogicalPlan, columns: Set<ColumnID>)]] = [:]

        fileprivate mutating func add(_ plan: LogicalPlan, _ columns: Set<ColumnID>) {
            byLabel[plan.label, default: []].append((plan, columns))
        }

        /// Returns what a plan gives when it is a shared one; else nil.
        func of(_ plan: LogicalPlan) -> Set<ColumnID>? {
            if byLabel.isEmpty { return nil }
            return byLabel[plan.label]?.first { $0.plan == plan }?.columns
        }
    }

    private static func readsTwice(_ plan: LogicalPlan) -> Bool {
        var seen: Set<String> = []
        var found = false
        plan.forEach { node in
            let leaf: String? =
                switch node {
                case .scan(let scan): scan.relation.name
                case .range(let range, _): "\(range)"
                default: nil
                }
            if let leaf, !seen.insert(leaf).inserted { found = true }
        }
        return found
    }

    // MARK: Choosing

    /// Greatest subplans first; those inside of a chosen one count once for all its places.
    private mutating func choose() {
        var byShape: [Int: [Use]] = [:]
        for (shape, use) in uses { byShape[shape, default: []].append(use) }
        let repeated = byShape.keys.sorted().compactMap { byShape[$0] }.filter { $0.count > 1 }
        for uses in repeated.sorted(by: { $0[0].nodes.count > $1[0].nodes.count }) {
            let computed = uses.filter { use in
                !groups.contains { chosen in
                    chosen.uses.dropFirst().contains { $0.nodes.contains(use.nodes.lowerBound) }
                }
            }
            if computed.count > 1, pays(uses[0], times: computed.count) { groups.append(Group(uses)) }
        }
    }

    /// Work of a row that is joined, grouped or sorted, in bytes moved.
    private static let rowWork = 16.0
    /// Work that is worth a stage of its own.
    private static let stageWork = 4e6
    /// Writing rows and reading them again is this much dearer than passing them on.
    private static let keptWork = 4.0

    private func pays(_ use: Use, times: Int) -> Bool {
        var work = 0.0
        use.plan.forEach { node in
            switch node {
            case .scan(var scan):
                scan.filters = []
                let rows = estimator.estimate(.scan(scan))
                work += rows.byteCount(of: scan.output)
            case .range(let range, let output): work += Double(range.count) * Double(8 * output.count)
            case .join, .aggregate, .window, .sort:
                for child in node.children { work += estimator.estimate(child).rows * Self.rowWork }
            default: break
            }
        }
        let columns = use.plan.output.filter { use.names[$0.id].map(use.read.contains) ?? false }
        let given = estimator.estimate(use.plan)
        let kept = given.byteCount(of: columns) + given.rows
        return work * Double(times - 1) > Self.stageWork + kept * Self.keptWork * Double(times)
    }

    // MARK: Names

    /// Says which nodes below a place may be shared.
    private enum Reach {
        case all
        /// Rows below a limit are not all asked for: only what gives none before it has read all.
        case blocking
        /// A recursion runs in one task.
        case none
    }

    /// Returns what a plan computes; nil for what is not looked into, or may differ each time.
    private mutating func visit(_ plan: LogicalPlan, required: Set<ColumnID>, reach: Reach) -> Form? {
        let first = nodeCount
        nodeCount += 1
        let needed = Self.needed(plan, required)
        let reachBelow = Self.reach(below: plan, reach)
        var below: [Form?] = []
        for child in plan.children { below.append(visit(child, required: needed, reach: reachBelow)) }
        let inputs = below.compactMap { $0 }
        guard inputs.count == below.count, plan.expressions.allSatisfy({ $0.isDeterministic }),
            let form = self.form(of: plan, inputs)
        else { return nil }
        let mayShare: Bool
        switch plan {
        case .join: mayShare = reach == .all
        case .aggregate, .window: mayShare = reach != .none
        default: mayShare = false
        }
        if mayShare {
            let read = required.compactMap { form.names[$0] }
            let use = Use(plan: plan, names: form.names, read: Set(read), nodes: first..<nodeCount)
            uses.append((form.shape, use))
        }
        return form
    }

    private static func reach(below plan: LogicalPlan, _ reach: Reach) -> Reach {
        switch (plan, reach) {
        case (_, .none), (.recursion, _): .none
        case (.limit(_, _, .sort), _), (.aggregate, _), (.window, _), (.sort, _): .all
        case (.limit, _): .blocking
        default: reach
        }
    }

    /// The columns that a plan's inputs must give.
    private static func needed(_ plan: LogicalPlan, _ required: Set<ColumnID>) -> Set<ColumnID> {
        func columns(_ expressions: [Expression]) -> Set<ColumnID> {
            expressions.reduce(into: []) { $1.collectColumns(into: &$0) }
        }
        switch plan {
        case .project(let list, _):
            return columns(list.filter { required.contains($0.output.id) }.map(\.expression))
        case .aggregate, .expand: return columns(plan.expressions)
        case .union, .distinct, .recursion: return Set(plan.children.flatMap { $0.output.map(\.id) })
        default: return required.union(columns(plan.expressions))
        }
    }

    private mutating func form(of plan: LogicalPlan, _ inputs: [Form]) -> Form? {
        let known = inputs.first?.names ?? [:]
        var names: [ColumnID: String] = [:]
        var shape = Shape(kind: "", inputs: inputs.map(\.shape))
        switch plan {
        case .scan(let scan):
            // A source outside of the storage may give other rows the next time.
            guard case .files = scan.relation else { return nil }
            for (column, position) in zip(scan.output, scan.columns) {
                names[column.id] = name(.position(position))
            }
            shape.kind = "scan"
            shape.relation = scan.relation
            shape.expressions = scan.filters.map { Self.over(names, $0) }
        case .range(let range, let output):
            for column in output { names[column.id] = name(.position(0)) }
            shape.kind = "\(range)"
        case .project(let list, _):
            for item in list {
                let passed = item.expression.columnReference.flatMap { known[$0.id] }
                names[item.output.id] = passed ?? name(.value(Self.over(known, item.expression)))
            }
            return Form(shape: inputs[0].shape, names: names)
        case .filter(let condition, _):
            names = known
            shape.kind = "filter"
            shape.expressions = [Self.over(known, condition)]
        case .aggregate(let groups, let aggregates, _):
            shape.kind = "aggregate"
            for group in groups {
                let key = Self.over(known, group.expression)
                shape.expressions.append(key)
                names[group.output.id] = name(.group(key))
            }
            for item in aggregates {
                let call = item.call.mapExpressions { Self.over(known, $0) }
                names[item.output.id] = name(.aggregate(call))
            }
        case .join(let kind, _, _, let condition):
            for (id, below) in inputs[0].names { names[id] = name(.left(below)) }
            for (id, below) in inputs[1].names { names[id] = name(.right(below)) }
            shape.kind = "join \(kind.label)"
            shape.expressions = condition.map { [Self.over(names, $0)] } ?? []
            let given = plan.output.idSet
            names = names.filter { given.contains($0.key) }
        case .window(let window):
            names = known
            let partition = window.partition.map { Self.over(known, $0) }
            let order = window.order.map { key in key.mapExpressions { Self.over(known, $0) } }
            for item in window.calls {
                let call = item.call.mapExpressions { Self.over(known, $0) }
                names[item.output.id] = name(.window(call, partition: partition, order: order))
            }
            // Which calls there are changes nothing about the rows.
            return Form(shape: number(Shape(kind: "window", inputs: shape.inputs)), names: names)
        case .sort(let keys, _):
            names = known
            shape.kind = "sort"
            shape.order = keys.map { key in key.mapExpressions { Self.over(known, $0) } }
        case .hinted:
            names = known
            shape.kind = plan.label
        case .limit(let count, let offset, _):
            names = known
            shape.kind = "limit \(count ?? -1) \(offset)"
        default: return nil
        }
        return Form(shape: number(shape), names: names)
    }

    private mutating func name(_ meaning: Meaning) -> String {
        if let known = meanings[meaning] { return known }
        let name = "c\(meanings.count)"
        meanings[meaning] = name
        return name
    }

    private mutating func number(_ shape: Shape) -> Int {
        if let known = shapes[shape] { return known }
        shapes[shape] = shapes.count
        return shapes.count - 1
    }

    /// Returns the expression over names instead of the columns of one place.
    private static func over(_ names: [ColumnID: String], _ expression: Expression) -> Expression {
        expression.rewritten { part in
            guard case .column(let column) = part, let name = names[column.id] else { return part }
            return .column(ColumnReference(id: ColumnID(0), name: name, type: column.type))
        }
    }
}
