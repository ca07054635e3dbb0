import Columns
import Functions
import Memory
import Plans
import Shuffle
import Testing
import Vocabulary

@testable import Execution

/// Window functions over partitions that do not fit in memory give the same values from disk.
@Suite("Windows beyond memory")
struct WindowSpillTests {
    /// Gives rows sorted by partition and order: partitions of very different sizes, peers from none to
    /// thousands, and nulls.
    private final class Rows: Operator {
        static let schema = Schema([
            Field("part", .int64), Field("ord", .int64), Field("value", .int64), Field("text", .string),
            Field("real", .double),
        ])
        private let sizes: [Int]
        private var part = 0
        private var row = 0

        init(_ sizes: [Int]) { self.sizes = sizes }

        func next() throws -> Pull {
            var rows: [[Scalar]] = []
            while part < sizes.count, rows.count < 4000 {
                rows.append(values())
                row += 1
                if row == sizes[part] { (part, row) = (part + 1, 0) }
            }
            guard !rows.isEmpty else { return .finished }
            let columns = Rows.schema.fields.enumerated().map { at, field in
                Vector.of(field.type, rows.map { $0[at] })
            }
            return .batch(Batch(columns: columns, count: rows.count))
        }

        private func values() -> [Scalar] {
            let mixed = (row &* 7919 &+ part &* 31) % 1009
            return [
                part == 0 ? .null : .integer(Int64(part)),
                row < 100 ? .null : .integer(Int64(order)),
                mixed % 4 == 0 ? .null : .integer(Int64(mixed)),
                .string("text number \(mixed)"), .double(Double(mixed) / 8),
            ]
        }

        /// Ever more rows are peers; those between 9000 and 21,000 all are.
        private var order: Int {
            if row < 1000 { return row / 3 }
            return row < 9000 || row > 21_000 ? 400 + row / 200 : 445
        }
    }

    private static let sizes = [3, 24_000, 5, 1, 17_000, 700]

    private static func input(_ at: Int) -> Expression { .input(at, Rows.schema[at].type) }

    private static func moved(_ distance: Int64) -> WindowBound {
        .value(
            .call(FunctionCall("add", [input(1), .literal(.int64(distance))], type: .int64)), key: input(1))
    }

    private func run(_ memoryBytes: Int, _ calls: [WindowCall], isWhole: Bool = false) throws
        -> (rows: [[Scalar]], spilledBytes: Int)
    {
        let fields = calls.enumerated().map { Field("w\($0.offset)", $0.element.type) }
        let plan = PhysicalWindow(
            partition: isWhole ? [] : [Self.input(0)],
            order: isWhole ? [] : [SortKey(Self.input(1), ascending: true, nullsFirst: true)], calls: calls,
            schema: Schema(Rows.schema.fields + fields), input: .values(rows: [], schema: Rows.schema))
        return try ShortMemory.run(memoryBytes: memoryBytes, reading: ShortMemory.columns) { context in
            try WindowOperator(plan, input: Rows(Self.sizes), context: context)
        }
    }

    private func expectSame(_ calls: [WindowCall], isWhole: Bool = false) throws {
        let expected = try run(1 << 30, calls, isWhole: isWhole)
        #expect(expected.spilledBytes == 0)
        let found = try run(300_000, calls, isWhole: isWhole)
        #expect(found.spilledBytes > 10_000)
        try #require(found.rows.count == Rows.schema.count + calls.count)
        for (place, (one, other)) in zip(expected.rows, found.rows).enumerated() {
            let call = place < Rows.schema.count ? nil : calls[place - Rows.schema.count]
            let isSame = one == other && one.count == Self.sizes.reduce(0, +)
            #expect(isSame, "\(call.map { "\($0.function) \($0.frame) \($0.ignoresNulls)" } ?? "an input")")
        }
    }

    @Test("functions of a row's place")
    func places() throws {
        func call(_ name: String, _ type: DataType, _ arguments: [Expression] = []) -> WindowCall {
            WindowCall(name, arguments, type: type)
        }
        let calls = [
            call("row_number", .int32), call("rank", .int32), call("dense_rank", .int32),
            call("percent_rank", .double), call("cume_dist", .double),
            call("ntile", .int32, [.literal(.int32(7))]), call("ntile", .int32, [.literal(.int32(20_000))]),
        ]
        try expectSame(calls)
        try expectSame(calls, isWhole: true)
    }

    @Test("values of the rows before and after, with and without nulls and defaults")
    func neighbours() throws {
        var calls: [WindowCall] = []
        for name in ["lag", "lead"] {
            for (distance, ignoresNulls) in [(0, false), (1, true), (9000, false), (5000, true), (-3, true)] {
                for hasDefault in [false, true] {
                    let far = Expression.literal(.int32(Int32(distance)))
                    calls.append(
                        WindowCall(
                            name, [Self.input(2), far] + (hasDefault ? [Self.input(1)] : []),
                            ignoresNulls: ignoresNulls, type: .int64))
                }
            }
        }
        calls.append(WindowCall("lag", [Self.input(3)], type: .string))
        try expectSame(calls)
        try expectSame(calls, isWhole: true)
    }

    /// Frames of every kind that do not hold most of a partition for most rows.
    private static let frames = [
        WindowFrame.whole, WindowFrame(start: .unboundedPreceding, end: .rows(0)),
        WindowFrame(start: .unboundedPreceding, end: .rows(-3)),
        WindowFrame(start: .unboundedPreceding, end: .peers), WindowFrame(start: .rows(-40), end: .rows(20)),
        WindowFrame(start: .rows(2), end: .rows(30)), WindowFrame(start: .peers, end: .peers),
        WindowFrame(start: moved(-2), end: moved(1)), WindowFrame(start: .unboundedPreceding, end: moved(5)),
        WindowFrame(start: moved(3), end: .unboundedFollowing),
        WindowFrame(start: .peers, end: .unboundedFollowing),
    ]

    @Test("single values of frames of every kind, with and without nulls")
    func picks() throws {
        var calls: [WindowCall] = []
        for frame in Self.frames {
            for ignoresNulls in [false, true] {
                for name in ["first", "last", "any_value"] {
                    calls.append(
                        WindowCall(
                            name, [Self.input(2)], frame: frame, ignoresNulls: ignoresNulls, type: .int64))
                }
                calls.append(
                    WindowCall(
                        "nth_value", [Self.input(3), .literal(.int32(6000))], frame: frame,
                        ignoresNulls: ignoresNulls, type: .string))
            }
        }
        try expectSame(calls)
    }

    @Test("aggregates over frames of every kind")
    func aggregates() throws {
        var calls: [WindowCall] = []
        for frame in Self.frames {
            calls += [
                WindowCall("sum", [Self.input(2)], frame: frame, type: .int64),
                WindowCall("count", [], frame: frame, type: .int64),
                WindowCall("max", [Self.input(3)], frame: frame, type: .string),
                WindowCall("avg", [Self.input(4)], frame: frame, type: .double),
            ]
        }
        try expectSame(calls)
        let isGrowing = calls.filter { $0.frame == .whole || $0.frame.end == .rows(0) }
        try expectSame(isGrowing, isWhole: true)
    }

    @Test("lists of small frames are made; those that no memory is enough for are an error, not the end")
    func lists() throws {
        func list(_ frame: WindowFrame) -> WindowCall {
            WindowCall(
                "collect_list", [Self.input(2)], frame: frame, type: .array(.int64, containsNull: false))
        }
        try expectSame([list(WindowFrame(start: .rows(-2), end: .rows(1)))])
        for memoryBytes in [300_000, 100_000_000] {
            let error = #expect(throws: EngineError.self) {
                try run(memoryBytes, [list(WindowFrame(start: .unboundedPreceding, end: .rows(0)))])
            }
            #expect(error?.code == "OUT_OF_MEMORY" && error?.message.contains("collect_list") == true)
            #expect(error?.remedy?.contains("--memory") == true)
        }
    }

    @Test("partitions that fit are computed in memory however many they are")
    func small() throws {
        let plan = PhysicalWindow(
            partition: [Self.input(0)], order: [SortKey(Self.input(1), ascending: true, nullsFirst: true)],
            calls: [WindowCall("sum", [Self.input(2)], type: .int64)],
            schema: Schema(Rows.schema.fields + [Field("w", .int64)]),
            input: .values(rows: [], schema: Rows.schema))
        let sizes = Array(repeating: 500, count: 160)
        let found = try ShortMemory.run(memoryBytes: 300_000) { context in
            try WindowOperator(plan, input: Rows(sizes), context: context)
        }
        #expect(found.rows.count == 80_000 && found.spilledBytes == 0)
    }
}
