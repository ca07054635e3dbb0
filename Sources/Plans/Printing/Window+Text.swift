import Columns

extension WindowCall: CustomStringConvertible {
    /// The call with its frame.
    package var description: String { text { $0.description } }

    /// Returns the call's text with its expressions as `print` shows them.
    func text(_ print: (Expression) -> String) -> String {
        let list = arguments.map(print).joined(separator: ", ")
        let nulls = ignoresNulls ? " IGNORE NULLS" : ""
        return "\(function)(\(list))\(nulls) \(frame.start.text(print, isStart: true)) TO "
            + frame.end.text(print, isStart: false)
    }
}

extension WindowBound {
    fileprivate func text(_ print: (Expression) -> String, isStart: Bool) -> String {
        switch self {
        case .unboundedPreceding: "UNBOUNDED PRECEDING"
        case .rows(0): "CURRENT ROW"
        case .rows(let distance): distance < 0 ? "\(-distance) PRECEDING" : "\(distance) FOLLOWING"
        case .peers: isStart ? "FIRST PEER" : "LAST PEER"
        case .value(let value, let key): "\(print(key)) \(isStart ? ">=" : "<=") \(print(value))"
        case .unboundedFollowing: "UNBOUNDED FOLLOWING"
        }
    }
}

extension LogicalWindow {
    /// This operator alone, on one line.
    var label: String {
        let functions = calls.map { "\($0.call) AS \($0.output)" }.joined(separator: ", ")
        let keys = partition.map(\.description).joined(separator: ", ")
        return "Window [\(functions)], [\(keys)], [\(order.map(\.description).joined(separator: ", "))]"
    }
}

extension PhysicalWindow {
    /// This operator alone, on one line.
    var label: String {
        let names = input.schema
        let functions = calls.map { call in call.text { $0.text(over: names) } }.joined(separator: ", ")
        let keys = partition.map { $0.text(over: names) }.joined(separator: ", ")
        let sort = order.map { $0.text(over: names) }.joined(separator: ", ")
        return "Window [\(functions)], [\(keys)], [\(sort)]"
    }
}
