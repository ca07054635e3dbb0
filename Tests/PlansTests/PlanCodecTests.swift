import Columns
import Testing
import Vocabulary

@testable import Plans

@Suite("Plan codec")
struct PlanCodecTests {
    private static let schema = Schema([
        Field("a", .int32, nullable: false), Field("b", .decimal(precision: 20, scale: 3)),
        Field("c", .string),
    ])
    private static let relation = FileRelation(
        format: .csv,
        files: [
            FileEntry(
                path: "in/x=1/f.csv", byteCount: 10, partitionValues: [Literal(.integer(1), .int32)],
                rowCount: 0),
            FileEntry(path: "in/x=2/g.csv", byteCount: 20, partitionValues: [.null(.int32)]),
        ],
        dataSchema: schema, partitionSchema: Schema([Field("x", .int32)]),
        options: ["header": "true", "sep": ";"],
        name: "csv.`in`")
    private static let scan = PhysicalPlan.scan(
        PhysicalScan(
            index: 1, relation: relation, columns: [3, 0, 2],
            filters: [.call(FunctionCall("is_null", [.input(0, .int32)], type: .boolean))],
            output: [1, 2]))

    private static func fragment(_ plan: PhysicalPlan, output: StageOutput = .shuffle(.single))
        -> TaskFragment
    {
        TaskFragment(
            stage: StageID(7), taskIndex: 2, taskCount: 5, plan: plan, output: output,
            splits: [[], [FileSplit(file: 1, start: 5, end: 20, byteCount: 15)]],
            settings: SessionSettings(
                ansi: false, timeZone: "Europe/Berlin", nowMicroseconds: -5, shufflePartitions: 9,
                broadcastBytes: 0,
                options: ["etl.x": "y", "spark.z": ""]))
    }

    private static func roundTrip(_ fragment: TaskFragment) throws -> TaskFragment {
        try PlanCodec.decode(try PlanCodec.encode(fragment))
    }

    private static let literals: [Literal] = [
        .null(.null), .boolean(false), .boolean(true), .int32(-1), .int64(.min), .int64(.max),
        Literal(
            .decimal(.min), .decimal(precision: 38, scale: 0)),
        Literal(.decimal(0), .decimal(precision: 1, scale: 1)), Literal(.float(-0.0), .float),
        .double(.infinity), .string(""), .string("grün\u{0}"), Literal(.binary([0, 255]), .binary),
        Literal(.integer(-1), .date), Literal(.integer(1), .timestamp), Literal(.integer(1), .timestampNTZ),
        Literal(.integer(3), .yearMonthInterval), Literal(.integer(3), .dayTimeInterval),
        Literal(.array([.null, .integer(1)]), .array(.int8, containsNull: true)),
        Literal(
            .structure([.string("x"), .null]),
            .structure([Field("n", .string), Field("m", .int16, nullable: false)])),
        Literal(
            .map(keys: [.string("k")], values: [.double(1)]),
            .map(key: .string, value: .double, valueContainsNull: false)),
    ]

    private static let expressions: [Expression] =
        literals.map { .literal($0) } + [
            .column(ColumnReference(id: ColumnID(3), name: "a", type: .int32, nullable: false)),
            .input(0, .string), .input(4_000, .binary),
            .call(FunctionCall("add", [.input(0, .int32), .literal(.int32(0))], type: .int32, ansi: false)),
            .cast(.input(0, .int32), to: .string, mode: .try),
            .cast(.input(0, .int32), to: .string, mode: .legacy),
            .conditional(
                [ConditionalBranch(condition: .input(0, .boolean), result: .literal(.int32(1)))],
                otherwise: .literal(.null(.int32)), type: .int32),
            .conditional([], otherwise: nil, type: .int32),
            .inList(.input(0, .int32), [.int32(1), .null(.int32)]),
            .member(.input(0, .structure([Field("x", .date)])), index: 0, type: .date),
        ]

    @Test("every expression and literal survives the wire", arguments: expressions)
    func expression(_ expression: Expression) throws {
        let plan = PhysicalPlan.project([expression], schema: Self.schema, input: Self.scan)
        #expect(try Self.roundTrip(Self.fragment(plan)) == Self.fragment(plan))
    }

    private static let key = SortKey(.input(0, .int32), ascending: false, nullsFirst: true)
    private static let call = AggregateCall(
        "sum", [.input(0, .int32)], distinct: true, filter: .input(1, .boolean), type: .int64, ansi: false)
    private static func read(_ mode: ShuffleRead.Mode) -> PhysicalPlan {
        .shuffleRead(ShuffleRead(stage: StageID(0), mode: mode, schema: schema))
    }

    private static let nodes: [PhysicalPlan] = [
        scan, read(.partition), read(.partitionRanges([0..<3, 0..<0, 3..<9])), read(.sameTask(partition: 1)),
        read(.all(partition: 0)),
        .values(rows: [[.int32(1)], [.null(.int32)], []], schema: schema),
        .values(rows: [], schema: Schema([])),
        .filter([.input(0, .boolean)], input: scan),
        .aggregate(
            PhysicalAggregate(
                mode: .partial, groups: [.input(0, .int32)], aggregates: [call], schema: schema,
                input: scan)),
        .aggregate(PhysicalAggregate(mode: .final, groups: [], aggregates: [], schema: schema, input: scan)),
        .hashJoin(
            PhysicalHashJoin(
                kind: .leftAntiNullAware, left: scan, right: read(.all(partition: 0)),
                leftKeys: [.input(0, .int32)],
                rightKeys: [.input(1, .int32)], residual: .input(2, .boolean), build: .right,
                buildIsShared: true,
                output: [2, 0], schema: schema)),
        .nestedLoopJoin(
            PhysicalNestedLoopJoin(
                kind: .full, left: scan, right: scan, condition: nil, output: [], schema: Schema([]))),
        .sort([key], limit: nil, input: scan), .sort([key, key], limit: 0, input: scan),
        .limit(count: nil, offset: 3, input: scan), .limit(count: 0, offset: 0, input: scan),
        .union([scan, scan, scan], schema: schema),
        .expand([[.input(0, .int32)], [.literal(.null(.int32))]], schema: schema, input: scan),
        .window(
            PhysicalWindow(
                partition: [.input(0, .int32)], order: [key],
                calls: [
                    WindowCall("row_number", [], type: .int32),
                    WindowCall(
                        "sum", [.input(0, .int32)],
                        frame: WindowFrame(
                            start: .rows(-3), end: .value(.input(1, .int64), key: .input(0, .int64))),
                        ignoresNulls: true, type: .int64, ansi: false),
                    WindowCall(
                        "max", [], frame: WindowFrame(start: .peers, end: .rows(2)), type: .int64),
                ], schema: schema, input: scan)),
        .generate(
            Generator(
                .literal(.null(.array(.int32, containsNull: true))), isOuter: true, givesPosition: true),
            kept: [0], schema: schema, input: scan),
        .singleRow(input: scan), .rangeBounds([key], partitions: 8, input: scan),
        .exchange(.roundRobin(partitions: 3), input: scan),
    ]

    @Test("every operator survives the wire", arguments: nodes)
    func node(_ plan: PhysicalPlan) throws {
        #expect(try Self.roundTrip(Self.fragment(plan)) == Self.fragment(plan))
    }

    private static let outputs: [StageOutput] = [
        .shuffle(.hash([.input(0, .int32)], partitions: 4)),
        .shuffle(.range([key], partitions: 2, bounds: StageID(1))),
        .shuffle(.rowsAndSample([key])), .shuffle(.broadcast), .shuffle(.roundRobin(partitions: 1)),
        .files(
            FileWrite(
                path: "out", format: .parquet, mode: .errorIfExists, dynamicPartitionOverwrite: true,
                partitionColumns: [2, 0], options: ["compression": "zstd"], schema: schema)),
    ]

    @Test("every output survives the wire", arguments: outputs)
    func output(_ output: StageOutput) throws {
        #expect(
            try Self.roundTrip(Self.fragment(Self.scan, output: output))
                == Self.fragment(Self.scan, output: output))
    }

    @Test("a plan of another version is refused by name")
    func otherVersion() throws {
        var bytes = try PlanCodec.encode(Self.fragment(Self.scan))
        #expect(bytes[0] == 0x08)
        bytes[1] = 2
        #expect { try PlanCodec.decode(bytes) } throws: {
            ($0 as? EngineError)?.code == "INCOMPATIBLE_VERSION"
        }
    }

    @Test("a plan cut short anywhere is an error, never a trap")
    func truncated() throws {
        let bytes = try PlanCodec.encode(Self.fragment(Self.nodes[10]))
        for count in 0..<bytes.count {
            #expect(throws: EngineError.self) { try PlanCodec.decode(Array(bytes[..<count])) }
        }
    }

    @Test("damaged bytes are an error or another plan, never a trap")
    func damaged() throws {
        let bytes = try PlanCodec.encode(Self.fragment(Self.nodes[10], output: Self.outputs[5]))
        for position in bytes.indices {
            for flip in [UInt8(0xFF), 0x01, 0x80] {
                var copy = bytes
                copy[position] ^= flip
                _ = try? PlanCodec.decode(copy)
            }
        }
        #expect(try PlanCodec.decode(bytes).stage == StageID(7))
    }

    @Test("an expression nested deeper than the limit is refused")
    func tooDeep() throws {
        var expression = Expression.input(0, .boolean)
        for _ in 0..<400 { expression = .call(FunctionCall("not", [expression], type: .boolean)) }
        let bytes = try PlanCodec.encode(Self.fragment(.filter([expression], input: Self.scan)))
        #expect { try PlanCodec.decode(bytes) } throws: { ($0 as? EngineError)?.code == "CORRUPT_MESSAGE" }
    }

    @Test("a subquery cannot be sent")
    func subquery() {
        let plan = LogicalPlan.values(rows: [], output: [])
        let expression = Expression.subquery(SubqueryExpression(kind: .exists, plan: plan, type: .boolean))
        #expect(throws: EngineError.self) {
            try PlanCodec.encode(Self.fragment(.filter([expression], input: Self.scan)))
        }
    }
}
