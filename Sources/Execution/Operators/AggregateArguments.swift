import Columns
import Functions
import Kernels
import Memory
import Plans
import Vocabulary

/// Knows where the arguments or states of one aggregate call lie, and feeds its accumulator.
struct AggregateArguments {
    private let call: AggregateCall
    /// Positions of the arguments among the evaluated columns.
    private let arguments: Range<Int>
    private let filter: Int?
    var origin: Origin { call.origin }
    /// Positions of the states in a final aggregation's input.
    let states: Range<Int>

    init(_ call: AggregateCall, expressions: inout [Expression], stateStart: inout Int) throws {
        self.call = call
        arguments = expressions.count..<(expressions.count + call.arguments.count)
        expressions += call.arguments
        if let condition = call.filter {
            filter = expressions.count
            expressions.append(condition)
        } else {
            filter = nil
        }
        let types = call.arguments.map(\.type)
        let stateCount = try AggregateFunction.make(call: call, argumentTypes: types).stateTypes.count
        states = stateStart..<(stateStart + stateCount)
        stateStart += stateCount
    }

    /// Says whether the other call sees the same values of the same rows.
    func hasSameRows(as other: AggregateArguments) -> Bool {
        call.arguments == other.call.arguments && call.filter == other.call.filter
            && call.distinct == other.call.distinct
            && call.arguments.allSatisfy(\.dependsOnRowOnly) && call.filter?.dependsOnRowOnly ?? true
    }

    func makeAccumulator() throws -> Accumulator {
        try AggregateFunction.make(call: call, argumentTypes: call.arguments.map(\.type))
    }

    /// Adds the rows that pass the call's filter. `groups` nil: all rows belong to group 0.
    func update(
        _ accumulator: Accumulator, columns: [Vector], groups: UnsafePointer<UInt32>?, count: Int
    ) throws {
        guard let filter else {
            let values = Array(columns[arguments])
            guard let groups else { return try accumulator.updateSingle(arguments: values, count: count) }
            return try accumulator.update(groups: groups, arguments: values, count: count)
        }
        let passed = Selecting.selectTrue(columns[filter])
        if passed.count == 0 { return }
        let values = columns[arguments].map { $0.gathered(passed.rows, count: passed.count) }
        guard let groups else {
            return try accumulator.updateSingle(arguments: values, count: passed.count)
        }
        let kept = Buffer(byteCount: passed.count * 4)
        let numbers = kept.pointer(as: UInt32.self)
        var i = 0
        while i < passed.count {
            numbers[i] = groups[Int(passed.rows[i])]
            i &+= 1
        }
        try accumulator.update(groups: numbers, arguments: values, count: passed.count)
        withExtendedLifetime(kept) {}
    }
}
