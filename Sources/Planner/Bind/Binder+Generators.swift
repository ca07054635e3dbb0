import Columns
import Functions
import Plans
import SQLSyntax
import Vocabulary

/// The functions that make several rows of one.
enum GeneratorNames {
    static let all: Set<String> = [
        "explode", "explode_outer", "posexplode", "posexplode_outer", "inline", "inline_outer", "stack",
        "json_tuple", "variant_explode", "variant_explode_outer",
    ]

    /// Returns the canonical name of a generator call, or nil.
    static func name(of expression: ExpressionSyntax) -> String? {
        guard case .call(let call) = expression.kind, call.window == nil else { return nil }
        return name(of: call)
    }

    static func name(of call: CallSyntax) -> String? {
        guard call.name.count == 1, let name = call.name.last?.text.lowercased(), all.contains(name) else {
            return nil
        }
        return name
    }
}

extension Binder {
    /// Binds a generator over the columns of `context`.
    func generator(
        _ call: CallSyntax, _ context: BindContext, isOuter: Bool = false, at span: SourceSpan
    ) throws(EngineError) -> Generator {
        let name = GeneratorNames.name(of: call) ?? ""
        let arguments = try call.arguments.map { argument throws(EngineError) in
            try bind(argument.value, context)
        }
        if name == "stack" {
            return Generator(try stack(arguments, at: span), isOuter: isOuter, givesMembers: true)
        }
        if name == "json_tuple" {
            return Generator(
                try self.call("json_tuple_row", arguments, at: span), isOuter: isOuter, givesMembers: true)
        }
        if name.hasPrefix("variant_explode"), arguments.count == 1 {
            return Generator(
                try self.call(VariantFunctions.explosion, arguments, at: span),
                isOuter: isOuter || name.hasSuffix("_outer"), givesMembers: true)
        }
        guard arguments.count == 1 else {
            throw .user(
                "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
                "The `\(name)` requires 1 parameters but the actual number is \(arguments.count).",
                at: location(span))
        }
        let generator = Generator(
            arguments[0], isOuter: isOuter || name.hasSuffix("_outer"),
            givesPosition: name.hasPrefix("pos"), givesMembers: name.hasPrefix("inline"))
        guard generator.fields != nil else {
            throw .user(
                "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
                "\(name) takes an \(generator.givesMembers ? "array of structures" : "array or a map"), "
                    + "not a value of type \(arguments[0].type.sqlName).", at: location(span))
        }
        return generator
    }

    /// `stack(n, a, b, …)` is an array of n structures.
    private func stack(_ arguments: [Expression], at span: SourceSpan) throws(EngineError) -> Expression {
        guard arguments.count >= 2, let literal = constant(arguments[0]),
            case .integer(let rows) = literal.value, rows > 0, rows <= 10_000
        else {
            throw .user(
                arguments.count < 2
                    ? "WRONG_NUM_ARGS.WITHOUT_SUGGESTION" : "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE",
                "stack takes a constant number of rows, at least 1, and the values of the rows.",
                at: location(span))
        }
        let values = Array(arguments.dropFirst())
        let width = (values.count + Int(rows) - 1) / Int(rows)
        var structures: [Expression] = []
        for row in 0..<Int(rows) {
            var members: [Expression] = []
            for column in 0..<width {
                let place = row * width + column
                let value = place < values.count ? values[place] : .literal(.null(.null))
                // As in Spark, a column's values must be of one type already; only NULL takes any.
                let types = values.indices.filter { $0 % width == column }.map { values[$0].type }
                let common = types.first { $0 != .null } ?? .null
                guard types.allSatisfy({ $0 == .null || $0.sqlName == common.sqlName }) else {
                    throw .user(
                        "DATATYPE_MISMATCH.STACK_COLUMN_DIFF_TYPES",
                        "Values of the column \(column) of stack have the types "
                            + types.map(\.sqlName).joined(separator: ", ") + ".",
                        remedy: "Cast them to one type.", at: location(span))
                }
                members += [.literal(.string("col\(column)")), cast(value, to: common)]
            }
            structures.append(try self.call("named_struct", members, at: span))
        }
        return try self.call("array", structures, at: span)
    }

    /// Puts a generator above a plan; `names` are the generated columns' names where they are given.
    func generated(
        _ generator: Generator, _ names: [NameSyntax], over plan: LogicalPlan, at span: SourceSpan
    ) throws(EngineError) -> (plan: LogicalPlan, columns: [ColumnReference]) {
        let columns = try generatedColumns(generator, names, at: span)
        return (.generate(generator, output: columns, input: plan), columns)
    }

    private func generatedColumns(
        _ generator: Generator, _ names: [NameSyntax], at span: SourceSpan
    ) throws(EngineError) -> [ColumnReference] {
        let fields = generator.fields ?? []
        if !names.isEmpty, names.count != fields.count {
            throw .user(
                "UDTF_ALIAS_NUMBER_MISMATCH",
                "\(names.count) names are given, but the function gives \(fields.count) columns.",
                at: location(span))
        }
        return fields.enumerated().map { place, field in
            newColumn(names.isEmpty ? field.name : names[place].text, field.type, nullable: field.nullable)
        }
    }

    /// Puts the generators of LATERAL VIEW clauses above a relation.
    func lateralViews(_ views: [LateralViewSyntax], _ bound: BoundRelation) throws(EngineError)
        -> BoundRelation
    {
        var result = bound
        for view in views {
            guard GeneratorNames.name(of: view.generator) != nil else {
                throw .user(
                    "UNSUPPORTED_GENERATOR.NOT_GENERATOR",
                    "LATERAL VIEW takes a function that makes rows, such as explode.", at: location(view.span)
                )
            }
            let context = BindContext(scope: result.scope, clause: "LATERAL VIEW")
            let generator = try generator(view.generator, context, isOuter: view.isOuter, at: view.span)
            let made = try generated(generator, view.columns, over: result.plan, at: view.span)
            result.plan = made.plan
            let qualifier = view.table.map { [$0.text.lowercased()] } ?? []
            result.scope.columns += made.columns.map { Scope.Column(reference: $0, qualifier: qualifier) }
        }
        return result
    }

    /// Puts the generators of a select list above the input, one after the other; `context` then knows their
    /// columns by the items' places.
    func selectGenerators(
        _ items: [SelectItemSyntax], _ plan: inout LogicalPlan, _ context: inout BindContext
    ) throws(EngineError) {
        for item in items where GeneratorNames.name(of: item.expression) != nil {
            guard case .call(let call) = item.expression.kind else { continue }
            let span = item.expression.span
            let generator = try generator(call, context, at: span)
            let made = try generated(generator, item.aliases, over: plan, at: span)
            plan = made.plan
            context.generated[span] = made.columns
        }
    }

    /// Binds the generators of a select list that groups, whose arguments are groups and aggregates; `context`
    /// then knows their columns by the items' places.
    func groupGenerators(
        _ items: [SelectItemSyntax], _ context: inout BindContext, _ rewriting: GroupRewriting
    ) throws(EngineError) -> [(generator: Generator, columns: [ColumnReference])] {
        var made: [(generator: Generator, columns: [ColumnReference])] = []
        for item in items where GeneratorNames.name(of: item.expression) != nil {
            guard case .call(let call) = item.expression.kind else { continue }
            let span = item.expression.span
            if !made.isEmpty {
                throw .user(
                    "UNSUPPORTED_GENERATOR.MULTI_GENERATOR",
                    "Only one function that makes rows stands in a select list that groups.",
                    remedy: "Group in a subquery, and select both from it.", at: location(span))
            }
            var generator = try generator(call, context, at: span)
            generator.list = try rewriting.rewritten(generator.list, at: span)
            let columns = try generatedColumns(generator, item.aliases, at: span)
            context.generated[span] = columns
            made.append((generator, columns))
        }
        return made
    }

    /// Binds `left [LEFT] JOIN LATERAL generator(…)`.
    func lateralGenerator(_ join: JoinSyntax, at span: SourceSpan) throws(EngineError) -> BoundRelation? {
        guard case .function(let call) = join.right.kind, GeneratorNames.name(of: call) != nil,
            join.condition == .none, join.kind == .cross || join.kind == .inner || join.kind == .left
        else { return nil }
        var left = try relation(join.left)
        let context = BindContext(scope: left.scope, clause: "LATERAL")
        let generator = try generator(call, context, isOuter: join.kind == .left, at: join.right.span)
        let made = try generated(
            generator, join.right.alias?.columns ?? [], over: left.plan, at: join.right.span)
        left.plan = made.plan
        let qualifier = join.right.alias.map { [$0.name.text.lowercased()] } ?? []
        left.scope.columns += made.columns.map { Scope.Column(reference: $0, qualifier: qualifier) }
        return left
    }
}
