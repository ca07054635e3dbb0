import Columns
import Testing
import Vocabulary

@testable import Protocol

@Suite("Schemas of results as bytes")
struct ResultSchemaTests {
    private static let types: [DataType] = [
        .null, .boolean, .int8, .int16, .int32, .int64, .float, .double, .decimal(precision: 1, scale: 1),
        .decimal(precision: 38, scale: 0), .string, .binary, .date, .timestamp, .timestampNTZ,
        .calendarInterval, .variant, .yearToMonth, .dayToSecond, .interval(IntervalFields(.hour, .minute)),
        .time(precision: 0), .time(precision: 6), .unsupported("INTERVAL"),
        .array(.decimal(precision: 5, scale: 2), containsNull: false),
        .structure([]), .structure([Field("é", .array(.date, containsNull: true), nullable: false)]),
        .map(key: .string, value: .structure([Field("v", .null)]), valueContainsNull: true),
    ]

    /// Names each type's case; a new case does not build before it stands here.
    private static func caseName(_ type: DataType) -> String {
        switch type {
        case .null, .boolean, .int8, .int16, .int32, .int64, .float, .double, .string, .binary, .date,
            .timestamp, .timestampNTZ, .calendarInterval, .variant:
            "\(type)"
        case .yearMonthInterval: "year-month interval"
        case .dayTimeInterval: "day-time interval"
        case .time: "time"
        case .unsupported: "unsupported"
        case .decimal: "decimal"
        case .array: "array"
        case .structure: "structure"
        case .map: "map"
        }
    }

    @Test("every type reads back as it was written", arguments: types)
    func roundTrip(_ type: DataType) throws {
        let schema = Schema([Field("a", type), Field("", type, nullable: false)])
        #expect(try Schema(wireBytes: schema.wireBytes) == schema)
    }

    @Test(
        "the session's zone follows the schema; a head without one means UTC", arguments: ["UTC", "+02:00"])
    func zone(_ name: String) throws {
        let schema = Schema([Field("a", .timestamp)])
        let head = ResultFraming.head(schema, timeZone: name)
        var parser = ResultParser()
        head.withUnsafeBytes { parser.append($0) }
        #expect(try parser.readSchema() == schema)
        #expect(parser.timeZone == name)
        #expect((head == ResultFraming.head(schema)) == (name == "UTC"))
    }

    @Test("the types above are all that there are")
    func coverage() { #expect(Set(Self.types.map(Self.caseName)).count == 23) }

    @Test("a schema cut short or damaged is an error or another schema, never a trap")
    func damage() {
        let bytes = Schema(Self.types.map { Field("n", $0) }).wireBytes
        for count in bytes.indices {
            #expect(throws: EngineError.self) { try Schema(wireBytes: Array(bytes[..<count])) }
        }
        for position in bytes.indices {
            for value in UInt8.min...UInt8.max {
                var copy = bytes
                copy[position] = value
                _ = try? Schema(wireBytes: copy)
            }
        }
    }

    @Test("a type nested deeper than the limit is refused")
    func tooDeep() {
        // One column: no name, nullable, then arrays of arrays without end.
        let bytes: [UInt8] = [1, 0, 1] + Array(repeating: [33, 1], count: 100_000).flatMap { $0 }
        #expect { try Schema(wireBytes: bytes) } throws: {
            ($0 as? EngineError)?.message.contains("too deeply") == true
        }
    }
}
