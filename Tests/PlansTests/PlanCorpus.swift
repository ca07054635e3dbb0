import Columns
import Vocabulary

@testable import Plans

/// Holds one plan part of every kind that the codec must carry; `PlanKinds` says which kinds there are.
enum PlanCorpus {
    static let schema = Schema([
        Field("a", .int32, nullable: false), Field("b", .decimal(precision: 20, scale: 3)),
        Field("c", .string),
    ])
    static let relation = FileRelation(
        format: .csv,
        files: [
            FileEntry(
                path: "in/x=1/f.csv", byteCount: 10, partitionValues: [Literal(.integer(1), .int32)],
                rowCount: 0),
            FileEntry(path: "in/x=2/g.csv", byteCount: 20, partitionValues: [.null(.int32)]),
        ],
        dataSchema: schema, partitionSchema: Schema([Field("x", .int32)]),
        options: ["header": "true", "sep": ";"], name: "csv.`in`")
    static let scan = PhysicalPlan.scan(
        PhysicalScan(
            index: 1, relation: relation, columns: [3, 0, 2],
            filters: [.call(FunctionCall("is_null", [.input(0, .int32)], type: .boolean))],
            output: [1, 2]))

    static let external = ExternalRelation(
        source: .jdbc, options: ["url": "env:PG_URI", "dbtable": "t"], name: "t", schema: schema,
        splits: [
            ExternalSplit(payload: [0, 255], byteCount: 7), ExternalSplit(payload: [], byteCount: 0),
        ], rowCount: 3, notes: ["cursor": "9"])

    static let types: [DataType] = [
        .null, .boolean, .int8, .int16, .int32, .int64, .float, .double,
        .decimal(precision: 1, scale: 0), .decimal(precision: 38, scale: 38), .string, .binary, .date,
        .timestamp, .timestampNTZ, .yearToMonth, .dayToSecond, .interval(IntervalFields(.month, .month)),
        .interval(IntervalFields(.hour, .second)), .calendarInterval, .variant, .time(precision: 0),
        .time(precision: 6), .unsupported("DECIMAL(50, 2)"),
        .array(.int8, containsNull: true), .array(.array(.date, containsNull: true), containsNull: false),
        .structure([]), .structure([Field("n", .string), Field("", .int16, nullable: false)]),
        .map(key: .string, value: .double, valueContainsNull: false),
        .map(key: .int64, value: .structure([Field("é", .null)]), valueContainsNull: true),
        .calendarInterval, .variant,
    ]

    static let scalars: [Scalar] = [
        .null, .boolean(false), .boolean(true), .integer(0), .integer(-1), .integer(.min), .integer(.max),
        .decimal(0), .decimal(-1), .decimal(.min), .decimal(.max), .float(-0.0), .float(.infinity),
        .double(0), .double(.leastNonzeroMagnitude), .double(-.infinity), .string(""),
        .string("grün\u{0}🦀"), .binary([]), .binary([0, 255]), .array([]), .array([.null, .integer(1)]),
        .structure([]), .structure([.string("x"), .null, .structure([.array([.boolean(true)])])]),
        .map(keys: [], values: []),
        .map(keys: [.string("k"), .string("")], values: [.double(1), .null]),
    ]

    static let expressions: [Expression] =
        scalars.map { .literal(Literal($0, .int32)) } + types.map { .literal(.null($0)) } + [
            .column(ColumnReference(id: ColumnID(3), name: "a", type: .int32, nullable: false)),
            .column(ColumnReference(id: ColumnID(0), name: "", type: .string)),
            .input(0, .string), .input(4_000, .binary),
            .call(FunctionCall("add", [.input(0, .int32), .literal(.int32(0))], type: .int32, ansi: false)),
            .call(FunctionCall("now", [], type: .timestamp, ansi: true)),
            .cast(.input(0, .int32), to: .string, mode: .ansi),
            .cast(.input(0, .int32), to: .string, mode: .legacy),
            .cast(.input(0, .int32), to: .string, mode: .try),
            .conditional(
                [ConditionalBranch(condition: .input(0, .boolean), result: .literal(.int32(1)))],
                otherwise: .literal(.null(.int32)), type: .int32),
            .conditional([], otherwise: nil, type: .int32),
            .inList(.input(0, .int32), [.int32(1), .null(.int32)]),
            .member(.input(0, .structure([Field("x", .date)])), index: 0, type: .date),
        ]

    static let key = SortKey(.input(0, .int32), ascending: false, nullsFirst: true)
    static let otherKey = SortKey(.input(1, .string), ascending: true, nullsFirst: false)
    static let call = AggregateCall(
        "sum", [.input(0, .int32)], distinct: true, filter: .input(1, .boolean), type: .int64, ansi: false)
    static let count = AggregateCall("count", [], type: .int64)

    static func read(_ mode: ShuffleRead.Mode) -> PhysicalPlan {
        .shuffleRead(ShuffleRead(stage: StageID(0), mode: mode, schema: schema))
    }

    static func hashJoin(_ kind: JoinKind, build: PhysicalHashJoin.Side, residual: Expression?)
        -> PhysicalPlan
    {
        .hashJoin(
            PhysicalHashJoin(
                kind: kind, left: scan, right: read(.all(partition: 0)), leftKeys: [.input(0, .int32)],
                rightKeys: [.input(1, .int32)], residual: residual, build: build,
                buildIsShared: build == .right, output: [2, 0], schema: schema))
    }

    static func aggregate(_ mode: AggregateMode) -> PhysicalPlan {
        .aggregate(
            PhysicalAggregate(
                mode: mode, groups: [.input(0, .int32)], aggregates: [call, count], schema: schema,
                input: scan))
    }

    static let window = PhysicalPlan.window(
        PhysicalWindow(
            partition: [.input(0, .int32)], order: [key],
            calls: [
                WindowCall("row_number", [], type: .int32),
                WindowCall(
                    "sum", [.input(0, .int32)],
                    frame: WindowFrame(
                        start: .rows(-3), end: .value(.input(1, .int64), key: .input(0, .int64))),
                    ignoresNulls: true, type: .int64, ansi: false),
                WindowCall("max", [], frame: WindowFrame(start: .peers, end: .rows(2)), type: .int64),
                WindowCall(
                    "min", [], frame: WindowFrame(start: .unboundedPreceding, end: .unboundedFollowing),
                    type: .int64),
            ], schema: schema, input: scan))

    static let generators: [PhysicalPlan] = [
        (true, false, true), (false, true, false), (false, false, false),
    ]
    .map { isOuter, givesPosition, hasRows in
        .generate(
            Generator(
                .literal(.null(.array(.int32, containsNull: hasRows))), isOuter: isOuter,
                givesPosition: givesPosition),
            kept: hasRows ? [0] : [], schema: schema, input: scan)
    }

    static let range = PhysicalPlan.range(
        NumberRange(start: -5, step: -2, count: 1 << 40), schema: Schema([Field("id", .int64)]), tasks: 3)

    static func recursion(_ limits: RecursionLimits) -> PhysicalPlan {
        let table = PhysicalPlan.workingTable(level: 1, schema: range.schema)
        return .recursion(
            PhysicalRecursion(
                level: 1, anchor: range, step: table, schema: range.schema, limits: limits))
    }

    static let joinKinds: [JoinKind] = [
        .inner, .left, .right, .full, .leftSemi, .leftAnti, .cross, .leftAntiNullAware,
    ]

    static let nodes: [PhysicalPlan] =
        [
            range, .workingTable(level: 0, schema: schema), .collect(limit: 7, input: scan),
            recursion(RecursionLimits()),
            recursion(RecursionLimits(levels: nil, rows: nil)),
            scan, read(.partition), read(.partitionRanges([0..<3, 0..<0, 3..<9])),
            read(.partitionRanges([])), read(.sameTask(partition: 1)), read(.all(partition: 0)),
            read(.slices([ShuffleSlice(partitions: 1..<3, producers: 0..<4)])),
            .values(rows: [[.int32(1)], [.null(.int32)], []], schema: schema),
            .values(rows: [], schema: Schema([])),
            .filter([.input(0, .boolean)], input: scan),
            .project([.input(0, .boolean)], schema: schema, input: scan),
            aggregate(.complete), aggregate(.partial), aggregate(.final),
            .aggregate(
                PhysicalAggregate(mode: .final, groups: [], aggregates: [], schema: schema, input: scan)),
            .nestedLoopJoin(
                PhysicalNestedLoopJoin(
                    kind: .full, left: scan, right: scan, condition: nil, output: [], schema: Schema([]))),
            .nestedLoopJoin(
                PhysicalNestedLoopJoin(
                    kind: .cross, left: scan, right: scan, condition: .input(0, .boolean), output: [1],
                    schema: schema)),
            .sort([key], limit: nil, input: scan), .sort([key, otherKey], limit: 0, input: scan),
            .limit(count: nil, offset: 3, input: scan), .limit(count: 0, offset: 0, input: scan),
            .union([scan, scan, scan], schema: schema), .union([], schema: schema),
            .expand([[.input(0, .int32)], [.literal(.null(.int32))], []], schema: schema, input: scan),
            .externalScan(
                PhysicalExternalScan(
                    index: 1, relation: external, columns: [2, 0], filters: [.input(0, .boolean)], output: [1]
                )),
            .describe(external),
            .describe(ExternalRelation(source: .command, options: [:], name: "")),
            .externalWrite(ExternalRelation(source: .rest, options: ["a": ""], name: "r"), input: scan),
            .singleRow(input: scan), .rangeBounds([key], partitions: 8, input: scan), window,
        ]
        + generators
        + joinKinds.map { hashJoin($0, build: .right, residual: nil) } + [
            hashJoin(.inner, build: .left, residual: .input(2, .boolean))
        ] + partitionings.map { .exchange($0, input: scan) }

    static let partitionings: [Partitioning] = [
        .hash([.input(0, .int32)], partitions: 4), .hash([], partitions: 1),
        .range([key, otherKey], partitions: 2, bounds: StageID(1)), .rowsAndSample([key]), .broadcast,
        .single, .roundRobin(partitions: 1),
    ]

    static let writes: [FileWrite] = FileFormat.allCases.flatMap { format in
        [FileWrite.Mode.overwrite, .append, .errorIfExists, .ignore].map { mode in
            FileWrite(
                path: "out", format: format, mode: mode, dynamicPartitionOverwrite: mode == .overwrite,
                partitionColumns: mode == .append ? [] : [2, 0], options: ["compression": "zstd"],
                schema: schema)
        }
    }

    static let outputs: [StageOutput] =
        partitionings.map { .shuffle($0) } + writes.map { .files($0) } + [.manifest]

    static let settings = SessionSettings(
        ansi: false, timeZone: "Europe/Berlin", nowMicroseconds: -5, shufflePartitions: 9,
        broadcastBytes: 0, options: ["etl.x": "y", "spark.z": ""])

    static func fragment(_ plan: PhysicalPlan, output: StageOutput = .shuffle(.single)) -> TaskFragment {
        TaskFragment(
            stage: StageID(7), taskIndex: 2, taskCount: 5, plan: plan, output: output,
            splits: [[], [FileSplit(file: 1, start: 5, end: 20, byteCount: 15)]], settings: settings)
    }

    /// A fragment that computes `expression` and nothing else.
    static func fragment(_ expression: Expression) -> TaskFragment {
        fragment(
            .project([expression], schema: schema, input: .values(rows: [], schema: Schema([]))))
    }

    /// Every fragment: one for each expression, node and output.
    static let fragments: [TaskFragment] =
        expressions.map { fragment($0) } + nodes.map { fragment($0) }
        + outputs.map { fragment(scan, output: $0) }

    static let graphs: [StageGraph] = [
        StageGraph(
            stages: [
                Stage(
                    id: StageID(0), name: "scan csv.`in`", plan: scan, output: outputs[0], taskCount: 2,
                    splits: [
                        [[], [FileSplit(file: 0, start: 0, end: 10, byteCount: 10)]],
                        [[], [FileSplit(file: 1, start: 0, end: 20, byteCount: 20)]],
                    ]),
                Stage(
                    id: StageID(1), name: "sort", plan: .sort([key], limit: nil, input: read(.partition)),
                    output: .shuffle(.single), taskCount: 4, dependencies: [StageID(0)]),
            ], result: .rows(stage: StageID(1), schema: schema)),
        StageGraph(
            stages: [
                Stage(id: StageID(0), name: "", plan: scan, output: .files(writes[0]), taskCount: 1)
            ], result: .files(stage: StageID(0), write: writes[0])),
        StageGraph(stages: [], result: .rows(stage: StageID(0), schema: Schema([]))),
        StageGraph(
            stages: [
                Stage(
                    id: StageID(0), name: "describe t", plan: .describe(external), output: .manifest,
                    taskCount: 1)
            ], result: .manifest(stage: StageID(0))),
    ]
}
