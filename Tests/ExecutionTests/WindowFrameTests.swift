import Columns
import Functions
import Plans
import SeededRandom
import Testing
import Vocabulary

@testable import Execution

/// Aggregates over frames, however they are computed, are those of the frames' rows.
@Suite("Aggregates over frames")
struct WindowFrameTests {
    /// Sizes of partitions: stretches of frames that are computed together end in the large ones.
    private static let sizes = [1, 70_000, 3, 500, 1, 64_000, 20, 2, 1]
    private static let count = sizes.reduce(0, +)

    private static let starts = sizes.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }

    /// Peers of one to four rows.
    private static func makeChunk() -> WindowChunk {
        let order = Vector.of(.int64, (0..<count).map { .integer(Int64($0 / 3 + $0 / 4)) })
        let key = SortKey(.input(0, .int64), ascending: true, nullsFirst: true)
        return WindowChunk(count: count, starts: starts, order: [order], keys: [key])
    }

    private static let columns: [DataType: Vector] = {
        var random = SplitMix(state: 7)
        func column(_ type: DataType, _ value: (Int) -> Scalar) -> Vector {
            .of(type, (0..<count).map { _ in random.roll(5) == 0 ? .null : value(random.roll(4000) - 2000) })
        }
        return [
            .int64: column(.int64) { .integer(Int64($0)) },
            .int32: column(.int32) { .integer(Int64($0)) },
            // Sums of eighths are exact, in whatever order.
            .double: column(.double) { .double(Double($0) / 8) },
            .float: column(.float) { .float($0 == 7 ? .nan : Float($0) / 8) },
            .decimal(precision: 12, scale: 2): column(.decimal(precision: 12, scale: 2)) {
                .decimal(Int128($0))
            },
            .decimal(precision: 30, scale: 2): column(.decimal(precision: 30, scale: 2)) {
                .decimal(Int128($0) << 70)
            },
            .string: column(.string) { .string("text number \($0)") },
            .boolean: column(.boolean) { .boolean($0 > 0) },
        ]
    }()

    private struct Call: CustomStringConvertible {
        var name: String
        var arguments: [DataType]
        var type: DataType
        var description: String { "\(name)(\(arguments))" }
    }

    private static let narrow = DataType.decimal(precision: 12, scale: 2)
    private static let wide = DataType.decimal(precision: 30, scale: 2)

    private static let calls = [
        Call(name: "count", arguments: [], type: .int64),
        Call(name: "count", arguments: [.string], type: .int64),
        Call(name: "count_if", arguments: [.boolean], type: .int64),
        Call(name: "sum", arguments: [.int32], type: .int64),
        Call(name: "try_sum", arguments: [.int64], type: .int64),
        Call(name: "sum", arguments: [.double], type: .double),
        Call(name: "avg", arguments: [.int32], type: .double),
        Call(name: "sum", arguments: [narrow], type: .decimal(precision: 22, scale: 2)),
        Call(name: "avg", arguments: [narrow], type: .decimal(precision: 16, scale: 6)),
        Call(name: "sum", arguments: [wide], type: .decimal(precision: 38, scale: 2)),
        Call(name: "min", arguments: [.int64], type: .int64),
        Call(name: "max", arguments: [.int32], type: .int32),
        Call(name: "max", arguments: [.float], type: .float),
        Call(name: "min", arguments: [.float], type: .float),
        Call(name: "min", arguments: [.double], type: .double),
        Call(name: "max", arguments: [wide], type: wide),
        Call(name: "min", arguments: [.string], type: .string),
        Call(name: "min_by", arguments: [.string, .int64], type: .string),
        Call(name: "max_by", arguments: [.int64, .boolean], type: .int64),
        Call(name: "bool_and", arguments: [.boolean], type: .boolean),
        Call(name: "bit_xor", arguments: [.int64], type: .int64),
        Call(name: "stddev_samp", arguments: [.double], type: .double),
        Call(name: "kurtosis", arguments: [.double], type: .double),
        Call(name: "corr", arguments: [.double, .double], type: .double),
    ]

    private static let frames = [
        WindowFrame(start: .unboundedPreceding, end: .rows(0)),
        WindowFrame(start: .unboundedPreceding, end: .peers),
        WindowFrame(start: .unboundedPreceding, end: .rows(-3)),
        WindowFrame(start: .unboundedPreceding, end: .rows(9)),
        WindowFrame(start: .rows(0), end: .unboundedFollowing),
        WindowFrame(start: .peers, end: .unboundedFollowing),
        WindowFrame(start: .rows(4), end: .unboundedFollowing),
        WindowFrame(start: .rows(-5), end: .unboundedFollowing),
        WindowFrame(start: .rows(-200), end: .rows(90)),
        WindowFrame(start: .rows(300), end: .rows(900)),
        WindowFrame(start: .rows(-70), end: .peers),
    ]

    /// Rows of which the frames are looked at: all of small partitions, and some of large ones, those beside
    /// the ends of stretches too.
    private static let rows: [Int] = {
        var rows: Set<Int> = []
        var random = SplitMix(state: 11)
        for (size, start) in zip(sizes, starts) {
            if size < 30 { rows.formUnion(start..<(start + size)) }
            rows.formUnion([start, start + size - 1, max(start, start + size - 4)])
            for _ in 0..<4 { rows.insert(start + random.roll(size)) }
        }
        for place in [65_535, 65_536, count - 65_537, count - 65_536, count - 65_535] { rows.insert(place) }
        return rows.sorted()
    }()

    @Test("frames of every kind", arguments: calls.indices)
    func everyKind(_ number: Int) throws {
        let shape = Self.calls[number]
        let values = try shape.arguments.map { try #require(Self.columns[$0]) }
        let runner = StageRunner(memoryBytes: 1 << 30)
        runner.pool.stop()
        let context = ShortMemory.context(runner.resources)
        let chunk = Self.makeChunk()
        for frame in Self.frames {
            let call = WindowCall(
                shape.name, shape.arguments.enumerated().map { .input($0.offset, $0.element) }, frame: frame,
                type: shape.type)
            let frames = WindowFrames(frame, chunk, start: nil, end: nil)
            let found = try WindowAggregates.result(call, values, frames, chunk, context)
            #expect(found.count == Self.count)
            for row in Self.rows {
                let (low, high) = (Int(frames.low[row]), Int(frames.high[row]))
                let state = try WindowAggregates.accumulator(call)
                state.resize(groups: 1)
                if high > low {
                    let part = values.map { $0.sliced(from: low, count: high - low) }
                    try state.updateSingle(arguments: part, count: high - low)
                }
                let expected = try state.results(from: 0, count: 1)[0].scalar(at: 0)
                let value = found.scalar(at: row)
                #expect(isSame(value, expected), "\(shape) over \(frame), row \(row): \(low)..<\(high)")
            }
        }
    }

    /// Whether two values are the same, but for the rounding of moments.
    private func isSame(_ a: Scalar, _ b: Scalar) -> Bool {
        if case .double(let x) = a, case .double(let y) = b {
            return x == y || (x.isNaN && y.isNaN) || abs(x - y) <= 1e-9 * max(1, abs(x), abs(y))
        }
        if case .float(let x) = a, case .float(let y) = b { return x == y || (x.isNaN && y.isNaN) }
        return a == b
    }

    @Test("a block that overflows in no frame is no error, a frame that does is one")
    func overflow() throws {
        let large = Int64.max / 20
        let numbers = (0..<400).map { Scalar.integer($0 % 100 < 50 ? large : -large) }
        let chunk = WindowChunk(count: 400, starts: [0, 400], order: [], keys: [])
        let runner = StageRunner(memoryBytes: 1 << 30)
        runner.pool.stop()
        let context = ShortMemory.context(runner.resources)
        func sum(_ frame: WindowFrame) throws -> Vector {
            let call = WindowCall("sum", [.input(0, .int64)], frame: frame, type: .int64, ansi: true)
            let frames = WindowFrames(frame, chunk, start: nil, end: nil)
            return try WindowAggregates.result(call, [.of(.int64, numbers)], frames, chunk, context)
        }
        #expect(throws: EngineError.self) { try sum(WindowFrame(start: .unboundedPreceding, end: .rows(0))) }
        #expect(throws: EngineError.self) { try sum(WindowFrame(start: .rows(-59), end: .rows(0))) }
        #expect(try sum(WindowFrame(start: .rows(-9), end: .rows(0))).count == 400)
    }
}
