import Columns
import Kernels
import Testing

@Suite("Kernel matrix of casts")
struct CastMatrixTests {
    private static let numbers: [DataType] =
        [.float, .double] + KernelMatrixTests.integers + KernelMatrixTests.decimals
    private static let intervals: [DataType] = [
        .yearToMonth, .dayToSecond, .interval(IntervalFields(.year, .year)),
        .interval(IntervalFields(.day, .day)),
        .interval(IntervalFields(.hour, .second)), .interval(IntervalFields(.second, .second)),
    ]

    /// The casts that Spark has between types whose values are not text.
    static let pairs: [[DataType]] = {
        var list: [[DataType]] = []
        for from in numbers + [.boolean] {
            for to in numbers + [.boolean, .string, .timestamp] where to != from { list.append([from, to]) }
            if from.isIntegral { list.append([from, .binary]) }
            if from.isIntegral || from.isDecimal { list += intervals.map { [from, $0] } }
        }
        for to in numbers + [.boolean, .date, .timestampNTZ, .string] { list.append([.timestamp, to]) }
        list += [[.date, .timestamp], [.date, .timestampNTZ], [.date, .string]]
        list += [[.timestampNTZ, .date], [.timestampNTZ, .timestamp], [.timestampNTZ, .string]]
        for from in intervals {
            let alike = intervals.filter { $0.isYearMonthInterval == from.isYearMonthInterval && $0 != from }
            let plain = numbers.filter { !$0.isFloating }
            list += (alike + plain + [.string]).map { [from, $0] }
        }
        return list
    }()

    static let nested: [[DataType]] = [
        [.array(.int32, containsNull: true), .array(.int8, containsNull: true)],
        [.array(.string, containsNull: true), .array(.int32, containsNull: true)],
        [.array(.double, containsNull: true), .array(.decimal(precision: 20, scale: 3), containsNull: true)],
        [
            .structure([Field("a", .int32), Field("b", .string)]),
            .structure([Field("c", .int8), Field("d", .int64)]),
        ],
        [
            .map(key: .string, value: .int64, valueContainsNull: true),
            .map(key: .string, value: .int16, valueContainsNull: true),
        ],
    ]

    private func check(_ from: DataType, _ to: DataType, pool: [Scalar]? = nil) {
        var check = MatrixCheck(
            MatrixOperation(
                name: "cast to \(to.sqlName)", types: [from], result: to, modes: [.error, .null, .legacy],
                takesAnyForm: true, pools: pool.map { [$0] },
                kernel: { operands, _, mode in try Casting.cast(operands[0], to: to, mode: mode, zone: .utc)
                },
                reference: { row, mode in CastReference.cast(row[0], from, to, mode) }))
        check.run()
        for difference in check.differences { Issue.record("\(difference)") }
        #expect(check.rowsSeen > 1000)
    }

    @Test("casts among numbers, times and intervals", arguments: pairs)
    func values(_ types: [DataType]) { check(types[0], types[1]) }

    @Test("casts of elements and members", arguments: nested)
    func elements(_ types: [DataType]) { check(types[0], types[1]) }

    @Test("casts of texts", arguments: numbers + [.boolean, .binary])
    func texts(_ type: DataType) {
        let texts = [
            "", " ", " 12 ", "0", "-0", "1", "+5", "--5", "-", "+", ".", "1.", ".5", "-.5", "1.9", "-1.9",
            "127", "128",
            "-128", "-129", "32768", "2147483647", "2147483648", "-2147483648", "9223372036854775807",
            "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "999999999999999999",
            "99999999999999999999999999999999999999", "999999999999999999999999999999999999999",
            "0.00000000000000000000000000000000000001", "0.999999999999999999999999999999999999995", "12.345",
            "999.995",
            "1.00000017881393432617187499", "1.00000017881393432617187501", "16777217", "twelve bytes",
            "thirteen byte",
            "1 2", "true", " TRUE ", "f", "Yes", "no", "y", "2", "١",
        ]
        check(.string, type, pool: texts.map { .string($0) })
    }

    @Test(
        "texts of times and intervals read back",
        arguments: [DataType.date, .timestamp, .timestampNTZ] + intervals)
    func roundTrip(_ type: DataType) throws {
        // A text has no sign for the least value: its digits alone are one too many.
        let least = type.physical == .int32 ? Int64(Int32.min) : Int64.min
        let unit = type.intervalFields.map { $0.last == .second ? 1 : $0.last.amount } ?? 1
        let values = MatrixValues.pool(type, count: 61, seed: 5).map { Scalar.integer($0.long / unit * unit) }
            .filter { type.intervalFields == nil || $0.long > least + unit }
        for form in MatrixForm.allCases {
            let vector = form.vector(type, values, values.indices.map { $0 % 5 == 1 })
            let text = try Casting.cast(vector, to: .string, mode: .error, zone: .utc)
            let back = try Casting.cast(text, to: type, mode: .error, zone: .utc).flattened()
            for row in values.indices {
                #expect(back.scalar(at: row) == (row % 5 == 1 ? .null : values[row]), "\(form), row \(row)")
            }
        }
    }
}
