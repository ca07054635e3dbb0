import Columns
import Testing

@testable import Execution

/// Which declared types a Parquet column is read as: what Spark 4.1 took of every pair of these types, less
/// unscaled decimals and days as plain integers and the reverse, which it takes as well.
@Suite("Widening of Parquet columns")
struct ParquetWideningTests {
    private static func decimal(_ precision: Int, _ scale: Int) -> DataType {
        .decimal(precision: precision, scale: scale)
    }

    private static let decimals = [
        decimal(3, 1), decimal(5, 2), decimal(5, 3), decimal(9, 2), decimal(10, 0), decimal(10, 2),
        decimal(10, 3), decimal(11, 1), decimal(20, 0), decimal(20, 3),
    ]
    private static let all =
        [
            .boolean, .int8, .int16, .int32, .int64, .float, .double, .string, .binary, .date, .timestamp,
            .timestampNTZ,
        ] + decimals

    private static let ofIntegers: Set<DataType> = [
        .int8, .int16, .int32, .int64, .double, decimal(20, 3), decimal(10, 0), decimal(20, 0),
        decimal(11, 1),
    ]
    /// What each type is read as beside itself.
    private static let taken: [DataType: Set<DataType>] = [
        .int8: ofIntegers, .int16: ofIntegers, .int32: ofIntegers, .int64: [decimal(20, 0)],
        .float: [.double], .string: [.binary], .binary: [.string], .date: [.timestampNTZ],
        decimal(3, 1): [
            decimal(5, 3), decimal(10, 3), decimal(10, 2), decimal(9, 2), decimal(20, 3), decimal(5, 2),
            decimal(11, 1),
        ],
        decimal(5, 2): [decimal(10, 3), decimal(10, 2), decimal(9, 2), decimal(20, 3)],
        decimal(5, 3): [decimal(10, 3), decimal(20, 3)],
        decimal(9, 2): [decimal(10, 3), decimal(10, 2), decimal(20, 3)],
        decimal(10, 0): [decimal(20, 3), decimal(20, 0), decimal(11, 1)],
        decimal(10, 2): [decimal(20, 3)], decimal(10, 3): [decimal(20, 3)],
        decimal(11, 1): [decimal(20, 3)],
    ]

    @Test("a column is read as wider types only, whatever it is nested in")
    func pairs() {
        for found in Self.all {
            for wanted in Self.all {
                let expected = found == wanted || Self.taken[found]?.contains(wanted) == true
                #expect(
                    ParquetWidening.takes(found, as: wanted) == expected,
                    "\(found.sqlName) as \(wanted.sqlName)")
                let inArrays = ParquetWidening.takes(
                    .array(found, containsNull: true), as: .array(wanted, containsNull: true))
                let inStructures = ParquetWidening.takes(
                    .structure([Field("a", found)]), as: .structure([Field("a", wanted)]))
                #expect(inArrays == expected && inStructures == expected)
            }
        }
        #expect(!ParquetWidening.takes(.int32, as: .array(.int32, containsNull: true)))
    }

    @Test("timestamps with and without zone stand for one another, and the integers of intervals for them")
    func storedAlike() {
        let shape = { (found: DataType, wanted: DataType, isParquet: Bool) in
            StructureShape.type(found, like: wanted, isParquet: isParquet)
        }
        #expect(shape(.timestamp, .timestampNTZ, true) == .timestampNTZ)
        #expect(shape(.timestamp, .timestampNTZ, false) == .timestamp)
        #expect(shape(.int64, .dayToSecond, true) == .dayToSecond)
        #expect(shape(.int32, .yearToMonth, true) == .yearToMonth)
        #expect(shape(.int64, .yearToMonth, true) == .int64)
    }
}
