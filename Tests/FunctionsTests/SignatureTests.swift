import Columns
import Plans
import Testing
import Vocabulary

@testable import Functions

@Suite("Types of arguments")
struct SignatureTests {
    private static let types: [DataType] = [
        .null, .boolean, .int8, .int16, .int32, .int64, .float, .double, .decimal(precision: 3, scale: 1),
        .decimal(precision: 38, scale: 38), .string, .binary, .date, .timestamp, .timestampNTZ,
        .yearToMonth, .dayToSecond, .calendarInterval, .variant, .time(precision: 3),
        .array(.int32, containsNull: true), .array(.null, containsNull: true),
        .map(key: .string, value: .int32, valueContainsNull: true),
        .map(key: .null, value: .null, valueContainsNull: true),
        .structure([Field("a", .int32)]),
    ]

    private let registry = FunctionRegistry.shared

    /// Says what is wrong with the types that a call gets: an error that is nobody's, or a cast that there is
    /// none of.
    private func fault(_ name: String, _ types: [DataType], _ settings: SessionSettings) -> String? {
        let call = "\(name)(\(types.map(\.sqlName).joined(separator: ", ")))"
        do {
            let typing = try registry.resolve(name, argumentTypes: types, settings: settings)
            if typing.coercedTypes.count != types.count { return "\(call): \(typing.coercedTypes)" }
            return nil
        } catch let misfit as ArgumentMismatch {
            let isNamed = misfit.argument < types.count && misfit.error.code.hasPrefix("DATATYPE_MISMATCH.")
            return isNamed ? nil : "\(call): \(misfit)"
        } catch let error as EngineError {
            return error.blame == .user || error.blame == .data ? nil : "\(call): \(error)"
        } catch {
            return "\(call): \(error)"
        }
    }

    @Test("every function says of every type whether it takes it", arguments: [true, false])
    func everyType(ansi: Bool) {
        var settings = SessionSettings()
        settings.ansi = ansi
        var faults: [String] = []
        for name in registry.names {
            var calls: [[DataType]] = [[]]
            for type in Self.types {
                for count in 1...4 { calls.append([DataType](repeating: type, count: count)) }
                for other in Self.types { calls.append([type, other]) }
            }
            faults += calls.compactMap { fault(name, $0, settings) }
        }
        #expect(faults.isEmpty, "\(faults.prefix(20).joined(separator: "\n"))")
    }

    @Test(
        "an argument of a wrong type is named, with Spark's kind of mismatch",
        arguments: [
            ("size", [DataType.string], 0, "UNEXPECTED_INPUT_TYPE", "(\"ARRAY\" or \"MAP\") type"),
            ("array_size", [.int32], 0, "UNEXPECTED_INPUT_TYPE", "\"ARRAY\" type"),
            ("array_contains", [.int32, .int32], 0, "UNEXPECTED_INPUT_TYPE", "\"ARRAY\" type"),
            (
                "array_insert", [.int32, .int32, .int32], 0, "ARRAY_FUNCTION_DIFF_TYPES",
                "[\"INT\", \"INT\"]"
            ),
            (
                "array_remove", [.array(.int32, containsNull: true), .binary], 1,
                "ARRAY_FUNCTION_DIFF_TYPES", "\"ARRAY<INT>\", \"BINARY\""
            ),
            ("array_union", [.string, .string], 0, "BINARY_ARRAY_DIFF_TYPES", "two \"ARRAY\""),
            ("map_concat", [.int32], 0, "MAP_CONCAT_DIFF_TYPES", "[\"INT\"]"),
            ("hex", [.array(.int32, containsNull: true)], 0, "UNEXPECTED_INPUT_TYPE", "BIGINT"),
            ("percentile_approx", [.int32, .double, .binary], 2, "UNEXPECTED_INPUT_TYPE", "INT"),
        ] as [(String, [DataType], Int, String, String)])
    func kinds(name: String, types: [DataType], argument: Int, subclass: String, words: String) {
        let misfit = #expect(throws: ArgumentMismatch.self) {
            try registry.resolve(name, argumentTypes: types, settings: SessionSettings())
        }
        #expect(misfit?.argument == argument)
        #expect(misfit?.error.code == "DATATYPE_MISMATCH.\(subclass)")
        #expect(misfit?.error.message.contains(words) == true, "\(misfit?.error.message ?? "")")
    }
}
