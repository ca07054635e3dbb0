import Columns
import Kernels
import Plans
import Vocabulary

/// Turns expressions into nodes; equal deterministic expressions share one.
struct Compiler {
    private var nodes: [Expression: Node] = [:]
    private var seen: [Expression: Int] = [:]
    private(set) var slotCount = 0
    private let settings: SessionSettings
    private let zone: Zone

    init(_ settings: SessionSettings) throws {
        self.settings = settings
        zone = try Zone.named(settings.timeZone)
    }

    mutating func compile(_ expression: Expression) throws -> Node {
        if let known = nodes[expression] {
            if known.slot == nil, !(known is InputNode), !(known is LiteralNode) {
                known.slot = slotCount
                slotCount += 1
            }
            return known
        }
        let node = try build(expression)
        if Self.isDeterministic(expression) { nodes[expression] = node }
        return node
    }

    private mutating func build(_ expression: Expression) throws -> Node {
        switch expression {
        case .input(let ordinal, let type): return InputNode(ordinal, type)
        case .literal(let literal): return LiteralNode(literal)
        case .member(let inner, let index, let type): return MemberNode(try compile(inner), index, type)
        case .cast(let inner, let type, let mode, let origin):
            if inner.type == type { return try compile(inner) }
            return CastNode(try compile(inner), type, mode, zone, origin)
        case .inList(let value, let list): return InListNode(try compile(value), list)
        case .conditional(let branches, let otherwise, let type):
            let compiled = try branches.map { (try compile($0.condition), try compile($0.result)) }
            return ConditionalNode(compiled, try otherwise.map { try compile($0) }, type)
        case .call(let call): return try build(call)
        case .column(let reference):
            throw EngineError.internal("column \(reference.name) was not bound to an input before evaluation")
        case .subquery: throw EngineError.internal("a subquery was not rewritten before evaluation")
        }
    }

    private mutating func build(_ call: FunctionCall) throws -> Node {
        if call.name == LambdaForm.variable, case .literal(let number)? = call.arguments.first {
            return LambdaVariableNode(Int(number.value.integerValue), call.type)
        }
        let arguments = try call.arguments.map { try compile($0) }
        if let form = LambdaForm(rawValue: call.name), form != .arraySort || arguments.count > 1 {
            let end = form.inputCount + form.bodyCount
            guard arguments.count > end else { throw EngineError.internal("\(call.name) lacks its lambda") }
            let numbers = call.arguments[end...].compactMap { $0.literalValue?.value.integerValue }
            return LambdaNode(
                form, Array(arguments[..<form.inputCount]), Array(arguments[form.inputCount..<end]),
                numbers.map { Int($0) }, call.type, call.origin,
                keepsLastKey: MapFunctions.keepsLast(settings))
        }
        switch call.name {
        case "and", "or":
            guard var node = arguments.first else {
                throw EngineError.internal("\(call.name) without arguments")
            }
            for next in arguments.dropFirst() { node = LogicNode(node, next, isAnd: call.name == "and") }
            return node
        case "coalesce": return CoalesceNode(arguments, call.type)
        case StoredColumn.function: return StoreNode(call, arguments, zone)
        case CharPadding.function: return CharPaddingNode(call, arguments)
        case RowNumberNode.function: return RowNumberNode(task: settings.taskIndex)
        default:
            if let node = try RandomNode.of(call, arguments, task: settings.taskIndex, zone) { return node }
        }
        guard let function = FunctionRegistry.shared.scalar(named: call.name) else {
            throw FunctionRegistry.shared.unknown(call.name)
        }
        return CallNode(function, call, arguments, settings, zone)
    }

    static func isDeterministic(_ expression: Expression) -> Bool {
        var result = true
        expression.forEach {
            if case .call(let call) = $0,
                FunctionRegistry.shared.scalar(named: call.name)?.isDeterministic == false
            {
                result = false
            }
        }
        return result
    }
}
