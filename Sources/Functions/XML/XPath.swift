import Vocabulary

/// Holds an expression of XPath 1.0 (https://www.w3.org/TR/xpath-10), without variables and namespaces.
indirect enum XPath: Sendable {
    case number(Double)
    case text(String)
    case path(Path)
    /// A path that goes on from the nodes of an expression, of which predicates keep some.
    case filtered(XPath, [XPath], [Step])
    case negated(XPath)
    case binary(Operator, XPath, XPath)
    case call(String, [XPath])

    enum Operator: String, Sendable {
        case or, and, equal = "=", notEqual = "!=", less = "<", lessOrEqual = "<=", greater = ">"
        case greaterOrEqual = ">=", plus = "+", minus = "-", times = "*", div, mod, union = "|"

        var strength: Int {
            switch self {
            case .or: 1
            case .and: 2
            case .equal, .notEqual: 3
            case .less, .lessOrEqual, .greater, .greaterOrEqual: 4
            case .plus, .minus: 5
            case .times, .div, .mod: 6
            case .union: 8
            }
        }
    }

    struct Path: Sendable {
        var isAbsolute: Bool
        var steps: [Step]
    }

    struct Step: Sendable {
        var axis: Axis
        var test: Test
        var predicates: [XPath] = []

        static let anyBelow = Step(axis: .descendantOrSelf, test: .node)
    }

    enum Axis: String, Sendable {
        case child, descendant, parent, ancestor, attribute, following, preceding
        case followingSibling = "following-sibling", precedingSibling = "preceding-sibling"
        case descendantOrSelf = "descendant-or-self", ancestorOrSelf = "ancestor-or-self"
        case itself = "self"

        /// Whether positions count backwards from the node.
        var isReverse: Bool {
            [.parent, .ancestor, .ancestorOrSelf, .preceding, .precedingSibling].contains(self)
        }
    }

    enum Test: Sendable {
        case name(String)
        case any, node, text, comment
        case instruction(String?)
    }
}
