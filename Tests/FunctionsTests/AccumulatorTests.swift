import Columns
import Functions
import Kernels
import Memory
import Plans
import Testing
import Vocabulary

@Suite struct AccumulatorTests {
    private let settings = SessionSettings()

    private func accumulator(_ name: String, _ types: [DataType], distinct: Bool = false) throws
        -> Accumulator
    {
        let (_, result) = try FunctionRegistry.shared.resolve(name, argumentTypes: types, settings: settings)
        let arguments = types.enumerated().map { Expression.input($0.offset, $0.element) }
        let call = AggregateCall(name, arguments, distinct: distinct, type: result)
        return try AggregateFunction.make(call: call, argumentTypes: types)
    }

    /// Computes in one go, and through two partial states that are merged; both must agree.
    private func results(
        _ name: String, _ columns: [Vector], groups: [UInt32], count groupCount: Int, distinct: Bool = false
    ) throws -> [Scalar] {
        let types = columns.map(\.type)
        let whole = try accumulator(name, types, distinct: distinct)
        whole.resize(groups: groupCount)
        try whole.update(groups: groups, arguments: columns, count: groups.count)
        let direct = try whole.results(from: 0, count: groupCount)[0]

        let merged = try accumulator(name, types, distinct: distinct)
        merged.resize(groups: groupCount)
        let half = groups.count / 2
        for (from, to) in [(0, half), (half, groups.count)] {
            let part = try accumulator(name, types, distinct: distinct)
            part.resize(groups: groupCount)
            try part.update(
                groups: Array(groups[from..<to]),
                arguments: columns.map { $0.sliced(from: from, count: to - from) },
                count: to - from)
            let states = part.states(from: 0, count: groupCount)
            #expect(states.map(\.type) == part.stateTypes)
            try merged.merge(groups: (0..<UInt32(groupCount)).map { $0 }, states: states, count: groupCount)
        }
        let combined = try merged.results(from: 0, count: groupCount)[0]
        let expected = (0..<groupCount).map { direct.scalar(at: $0) }
        #expect((0..<groupCount).map { combined.scalar(at: $0) } == expected, "\(name)")
        return expected
    }

    @Test("sums whose overflow flags come as a constant, as shuffles send equal ones, are merged as they are")
    func constantFlags() throws {
        for count in stride(from: 8, through: 2048, by: 8) {
            let sum = try accumulator("try_sum", [.int64])
            sum.resize(groups: count)
            let sums = Vector.of(.int64, (0..<count).map { .integer(Int64($0)) })
            let flags = Vector.constant(.of(.int8, [.integer(0)]), count: count)
            try sum.merge(groups: (0..<UInt32(count)).map { $0 }, states: [sums, flags], count: count)
            let results = try sum.results(from: 0, count: count)[0]
            #expect((0..<count).allSatisfy { results.scalar(at: $0) == .integer(Int64($0)) }, "\(count)")
        }
    }

    @Test("sum and avg of one column have the same states; other aggregates and types do not")
    func sameStates() throws {
        let types: [DataType] = [.double, .int32, .decimal(precision: 12, scale: 2)]
        for type in types {
            let sum = try accumulator("sum", [type])
            let average = try accumulator("avg", [type])
            let isShared = type != .int32
            #expect(sum.hasSameStates(as: average) == isShared)
            #expect(average.hasSameStates(as: sum) == isShared)
            #expect(try !sum.hasSameStates(as: accumulator("min", [type])))
            guard isShared else { continue }
            let rows: [Scalar] = [.null, .double(2.5), .double(4)]
            let column = Vector.of(
                type, type == .double ? rows : [.null, .decimal(250), .decimal(400)])
            for part in [sum, average] {
                part.resize(groups: 2)
                try part.update(groups: [0, 1, 1], arguments: [column], count: 3)
            }
            let states = [sum, average].map { $0.states(from: 0, count: 2).map { $0.scalar(at: 1) } }
            #expect(states[0] == states[1])
        }
        let wide = try accumulator("avg", [.decimal(precision: 20, scale: 2)])
        #expect(try !wide.hasSameStates(as: accumulator("sum", [.decimal(precision: 12, scale: 2)])))
    }

    private let groups: [UInt32] = [0, 1, 0, 1, 0, 0]
    private let numbers = Vector.of(
        .int32, [.integer(4), .integer(7), .integer(1), .null, .integer(4), .null])

    @Test("counts, sums, averages and extremes of integers; a group without values is null")
    func integers() throws {
        func run(_ name: String) throws -> [Scalar] { try results(name, [numbers], groups: groups, count: 3) }
        #expect(try run("count") == [.integer(3), .integer(1), .integer(0)])
        #expect(try run("sum") == [.integer(9), .integer(7), .null])
        #expect(try run("avg") == [.double(3), .double(7), .null])
        #expect(try run("min") == [.integer(1), .integer(7), .null])
        #expect(try run("max") == [.integer(4), .integer(7), .null])
        #expect(try run("bit_or") == [.integer(5), .integer(7), .null])
        #expect(try run("mode") == [.integer(4), .integer(7), .null])
        #expect(
            try run("collect_set") == [
                .array([.integer(4), .integer(1)]), .array([.integer(7)]), .array([]),
            ])
        #expect(try run("approx_count_distinct") == [.integer(2), .integer(1), .integer(0)])
    }

    @Test("decimals keep Spark's result types")
    func decimals() throws {
        let vector = Vector.of(
            .decimal(precision: 15, scale: 2),
            [.decimal(150), .decimal(200), .decimal(100), .null, .decimal(75), .null])
        #expect(
            try results("sum", [vector], groups: groups, count: 3) == [.decimal(325), .decimal(200), .null])
        #expect(
            try results("avg", [vector], groups: groups, count: 3) == [
                .decimal(1_083_333), .decimal(2_000_000), .null,
            ])
        let resolved = try FunctionRegistry.shared.resolve(
            "avg", argumentTypes: [vector.type], settings: settings)
        #expect(resolved.result == .decimal(precision: 19, scale: 6))
    }

    @Test("strings: extremes, first, last, and DISTINCT counts")
    func strings() throws {
        let long = "a string that is not inline"
        let vector = Vector.of(
            .string, [.string("b"), .string("z"), .string(long), .null, .string("b"), .null])
        func run(_ name: String) throws -> [Scalar] { try results(name, [vector], groups: groups, count: 3) }
        #expect(try run("min") == [.string(long), .string("z"), .null])
        #expect(try run("max") == [.string("b"), .string("z"), .null])
        #expect(try run("first") == [.string("b"), .string("z"), .null])
        #expect(try run("last") == [.null, .null, .null])
        let distinct = try results("count", [vector], groups: groups, count: 3, distinct: true)
        #expect(distinct == [.integer(2), .integer(1), .integer(0)])
        #expect(
            try results("max_by", [vector, numbers], groups: groups, count: 3) == [
                .string("b"), .string("z"), .null,
            ])
    }

    @Test("statistics of doubles")
    func statistics() throws {
        let vector = Vector.of(.double, [.double(2), .double(4), .double(4), .null, .double(6), .null])
        func run(_ name: String) throws -> [Scalar] { try results(name, [vector], groups: groups, count: 3) }
        #expect(try run("var_pop")[0] == .double(8.0 / 3))
        #expect(try run("stddev_samp") == [.double(2), .null, .null])
        #expect(try run("median") == [.double(4), .double(4), .null])
    }

    @Test("min and max of doubles put NaN above all numbers")
    func notANumber() throws {
        let vector = Vector.of(.double, [.double(.nan), .double(1), .double(2), .null, .double(-1), .null])
        #expect(try results("min", [vector], groups: groups, count: 2) == [.double(-1), .double(1)])
        let whole = try accumulator("max", [.double])
        whole.resize(groups: 1)
        try whole.updateSingle(arguments: [vector], count: 6)
        guard case .double(let value) = try whole.results(from: 0, count: 1)[0].scalar(at: 0) else {
            Issue.record("no maximum")
            return
        }
        #expect(value.isNaN)
    }

    @Test("a sum beyond 64 bits fails")
    func overflow() throws {
        let vector = Vector.of(.int64, [.integer(.max), .integer(1)])
        let sum = try accumulator("sum", [.int64])
        sum.resize(groups: 1)
        #expect(throws: EngineError.self) { try sum.updateSingle(arguments: [vector], count: 2) }
    }
}
