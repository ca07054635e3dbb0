/// An expression with the place where it stands.
struct TemplateExpression: Sendable {
    indirect enum Kind: Sendable {
        case value(TemplateValue)
        case name(String)
        case list([TemplateExpression])
        case map([(TemplateExpression, TemplateExpression)])
        case attribute(TemplateExpression, String)
        case element(TemplateExpression, TemplateExpression)
        case slice(TemplateExpression, from: TemplateExpression?, to: TemplateExpression?)
        case call(TemplateExpression, TemplateArguments)
        case filter(TemplateExpression, String, TemplateArguments)
        case test(TemplateExpression, String, TemplateArguments, isNegated: Bool)
        case not(TemplateExpression)
        case negative(TemplateExpression)
        case binary(String, TemplateExpression, TemplateExpression)
        case choice(condition: TemplateExpression, TemplateExpression, otherwise: TemplateExpression?)
    }
    var kind: Kind
    var offset: Int
    var length: Int
    /// Longest way down to a leaf.
    var height = 0
}

extension TemplateExpression.Kind {
    /// The height of an expression of this kind.
    var height: Int {
        switch self {
        case .value, .name: 0
        case .list(let items): 1 + TemplateExpression.Kind.highest(items)
        case .map(let pairs): 1 + TemplateExpression.Kind.highest(pairs.map(\.0) + pairs.map(\.1))
        case .attribute(let of, _), .not(let of), .negative(let of): 1 + of.height
        case .element(let left, let right), .binary(_, let left, let right):
            1 + max(left.height, right.height)
        case .call(let of, let given), .filter(let of, _, let given), .test(let of, _, let given, _):
            1 + TemplateExpression.Kind.highest([of] + given.positional + given.named.map(\.1))
        case .slice(let of, let from, let to): 1 + max(of.height, from?.height ?? 0, to?.height ?? 0)
        case .choice(let condition, let value, let otherwise):
            1 + max(condition.height, value.height, otherwise?.height ?? 0)
        }
    }

    private static func highest(_ items: [TemplateExpression]) -> Int { items.map(\.height).max() ?? 0 }
}

/// Arguments as they are written.
struct TemplateArguments: Sendable {
    var positional: [TemplateExpression] = []
    var named: [(String, TemplateExpression)] = []
}

/// A statement or a stretch of text.
indirect enum TemplateNode: Sendable {
    case text(String, offset: Int)
    case output(TemplateExpression)
    /// An expression whose value nobody wants: `{% do %}`.
    case evaluation(TemplateExpression)
    case branches([(condition: TemplateExpression?, body: [TemplateNode])])
    case loop(TemplateLoop)
    case set(names: [String], TemplateExpression)
    case setBlock(name: String, [TemplateNode])
    /// `{% set names.attribute = value %}`, of what `namespace()` gave.
    case setAttribute(name: String, String, TemplateExpression)
    case macro(TemplateMacro)
}

/// `{% for a, b in list if condition %} … {% else %} … {% endfor %}`
struct TemplateLoop: Sendable {
    var names: [String]
    var list: TemplateExpression
    var condition: TemplateExpression?
    var body: [TemplateNode]
    var otherwise: [TemplateNode]
}

/// A macro as it is written; its place is in the source that holds it.
struct TemplateMacro: Sendable {
    var name: String
    var parameters: [(name: String, value: TemplateExpression?)]
    var body: [TemplateNode]
    var offset: Int
}
