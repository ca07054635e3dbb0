import Columns
import Testing

/// Holds the rule of what INSERT stores, which statements and incremental models share.
@Suite("Store assignment")
struct StoringTests {
    static let pairs: [(from: DataType, to: DataType, isStorable: Bool)] = [
        (.int64, .int8, true), (.double, .decimal(precision: 3, scale: 1), true), (.null, .date, true),
        (.date, .timestamp, true), (.timestampNTZ, .date, true), (.boolean, .string, true),
        (.int32, .boolean, false), (.boolean, .int32, false), (.string, .int32, false),
        (.int64, .timestamp, false), (.date, .int32, false), (.calendarInterval, .string, false),
        (.array(.int32, containsNull: true), .string, false), (.variant, .variant, true),
        (.time(precision: 6), .time(precision: 2), true), (.string, .time(precision: 6), false),
        (.unsupported("INTERVAL"), .string, false),
    ]

    @Test("takes numbers, times and texts of their kind, and texts of anything plain", arguments: pairs)
    func storable(from: DataType, to: DataType, isStorable: Bool) {
        #expect(from.isStorable(as: to) == isStorable)
    }

    @Test("types that differ only in what may be null are the same with nulls")
    func nulls() {
        let a = DataType.structure([
            Field("x", .array(.int32, containsNull: false), nullable: false),
            Field("m", .map(key: .string, value: .date, valueContainsNull: false)),
        ])
        let b = DataType.structure([
            Field("x", .array(.int32, containsNull: true)),
            Field("m", .map(key: .string, value: .date, valueContainsNull: true), nullable: false),
        ])
        #expect(a != b && a.withNulls == b.withNulls)
    }
}
