import Columns

@testable import Plans

// The cases of Plans' enumerations, as Swift does not list those that carry values. Each switch is
// exhaustive: a new case does not build before it stands here, and `PlanCodecTests` fails before the corpus
// holds one.

enum TypeKind: CaseIterable {
    case null, boolean, int8, int16, int32, int64, float, double, decimal, string, binary, date, timestamp,
        timestampNTZ, yearMonthInterval, dayTimeInterval, calendarInterval, variant, time,
        unsupported, array, structure, map

    init(_ type: DataType) {
        self =
            switch type {
            case .null: .null
            case .boolean: .boolean
            case .int8: .int8
            case .int16: .int16
            case .int32: .int32
            case .int64: .int64
            case .float: .float
            case .double: .double
            case .decimal: .decimal
            case .string: .string
            case .binary: .binary
            case .date: .date
            case .timestamp: .timestamp
            case .timestampNTZ: .timestampNTZ
            case .yearMonthInterval: .yearMonthInterval
            case .dayTimeInterval: .dayTimeInterval
            case .calendarInterval: .calendarInterval
            case .variant: .variant
            case .time: .time
            case .unsupported: .unsupported
            case .array: .array
            case .structure: .structure
            case .map: .map
            }
    }
}

enum ScalarKind: CaseIterable {
    case null, boolean, integer, decimal, float, double, string, binary, array, structure, map

    init(_ value: Scalar) {
        self =
            switch value {
            case .null: .null
            case .boolean: .boolean
            case .integer: .integer
            case .decimal: .decimal
            case .float: .float
            case .double: .double
            case .string: .string
            case .binary: .binary
            case .array: .array
            case .structure: .structure
            case .map: .map
            }
    }
}

enum ExpressionKind: CaseIterable {
    case column, input, literal, call, cast, conditional, inList, member

    /// Nil for a subquery, which never travels.
    init?(_ expression: Expression) {
        switch expression {
        case .column: self = .column
        case .input: self = .input
        case .literal: self = .literal
        case .call: self = .call
        case .cast: self = .cast
        case .conditional: self = .conditional
        case .inList: self = .inList
        case .member: self = .member
        case .subquery: return nil
        }
    }
}

enum NodeKind: CaseIterable {
    case scan, shuffleRead, values, filter, project, aggregate, hashJoin, nestedLoopJoin, sort, limit, union,
        expand, singleRow, rangeBounds, exchange, window, generate, externalScan, describe, externalWrite,
        range, recursion, workingTable, collect

    init(_ plan: PhysicalPlan) {
        self =
            switch plan {
            case .scan: .scan
            case .shuffleRead: .shuffleRead
            case .values: .values
            case .filter: .filter
            case .project: .project
            case .aggregate: .aggregate
            case .hashJoin: .hashJoin
            case .nestedLoopJoin: .nestedLoopJoin
            case .sort: .sort
            case .limit: .limit
            case .union: .union
            case .expand: .expand
            case .singleRow: .singleRow
            case .rangeBounds: .rangeBounds
            case .exchange: .exchange
            case .externalScan: .externalScan
            case .describe: .describe
            case .externalWrite: .externalWrite
            case .window: .window
            case .generate: .generate
            case .range: .range
            case .recursion: .recursion
            case .workingTable: .workingTable
            case .collect: .collect
            }
    }
}

enum ReadKind: CaseIterable {
    case partition, partitionRanges, slices, sameTask, all

    init?(_ plan: PhysicalPlan) {
        guard case .shuffleRead(let read) = plan else { return nil }
        switch read.mode {
        case .partition: self = .partition
        case .partitionRanges: self = .partitionRanges
        case .slices: self = .slices
        case .sameTask: self = .sameTask
        case .all: self = .all
        }
    }
}

enum PartitioningKind: CaseIterable {
    case hash, range, rowsAndSample, broadcast, single, roundRobin

    init(_ partitioning: Partitioning) {
        self =
            switch partitioning {
            case .hash: .hash
            case .range: .range
            case .rowsAndSample: .rowsAndSample
            case .broadcast: .broadcast
            // Is in no plan that travels.
            case .single, .shared: .single
            case .roundRobin: .roundRobin
            }
    }
}

enum OutputKind: CaseIterable {
    case shuffle, files, manifest

    init(_ output: StageOutput) {
        self =
            switch output {
            case .shuffle: .shuffle
            case .files: .files
            case .manifest: .manifest
            }
    }
}

enum WriteKind: CaseIterable {
    case overwrite, append, errorIfExists, ignore

    init(_ mode: FileWrite.Mode) {
        self =
            switch mode {
            case .overwrite: .overwrite
            case .append: .append
            case .errorIfExists: .errorIfExists
            case .ignore: .ignore
            }
    }
}

enum ResultKind: CaseIterable {
    case rows, files, manifest

    init(_ result: StatementResult) {
        self =
            switch result {
            case .rows: .rows
            case .files: .files
            case .manifest: .manifest
            }
    }
}

/// The cases of an enumeration of small numbers, without a list of them.
func everyCase<Value: RawRepresentable<UInt8>>(_ type: Value.Type) -> [Value] {
    (UInt8.min...UInt8.max).compactMap { Value(rawValue: $0) }
}
