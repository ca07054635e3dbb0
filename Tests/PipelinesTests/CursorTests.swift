import Testing
import Vocabulary

@testable import Pipelines

/// Holds the SQL that finds how far a read came.
@Suite("The greatest cursor")
struct CursorTests {
    @Test("of a column that holds no texts is its plain maximum")
    func plain() {
        #expect(ExtractColumns().greatest("`c`", nil) == "CAST(max(`c`) AS STRING)")
    }

    @Test("is set by hand to a value of its own kind only")
    func forms() throws {
        for (stored, good, bad) in [
            ("42", ["0", "-1", "1e3", "7.5"], ["nonsense", "", "2024-01-01", "0x10", "nan"]),
            (
                "2024-02-01T00:00:00Z",
                ["2024-01-01", "2024-01-01 10:00", "2024-01-01T10:00:00.5+02:00"],
                ["nonsense", "5", "2024-13-01", "2024-01-01T25:00", "2024-01-01x"]
            ), ("abc", ["5", "nonsense"], []),
        ] {
            for value in good { try CursorForm.check(value, like: stored, of: "s") }
            for value in bad {
                #expect(throws: EngineError.self, "\(value) for \(stored)") {
                    try CursorForm.check(value, like: stored, of: "s")
                }
            }
        }
        try CursorForm.check("anything", like: nil, of: "s")
    }

    /// Values of a column, and the greatest of them.
    static let texts: [(values: [String], greatest: String)] = [
        (["2024-01-01T03:00:00+0200", "2024-01-01T02:30:00+0000"], "2024-01-01T02:30:00+0000"),
        (["2024-01-01T03:00:00+02", "2024-01-01 01:30:00", "2024-01-01"], "2024-01-01 01:30:00"),
        (["2024-01-01T03:00-05", "2024-01-01T07:59:59Z"], "2024-01-01T03:00-05"),
        (
            ["2024-01-01T02:00:00.1234561+02:00", "2024-01-01 00:00:00.12345670 Z"],
            "2024-01-01 00:00:00.12345670 Z"
        ),
        (["2024-01-01T03:00:00+0200", "2024-01-01T02:30:00+0000", "later"], "later"),
        (["2024-13-01T00:00:00Z", "2024-02-01T00:00:00Z"], "2024-13-01T00:00:00Z"),
        (["9", "a'b", ""], "a'b"), (["9", "10", "-11.5"], "10"),
        (["9007199254740993", "9007199254740992", "1e3"], "9007199254740993"),
    ]

    @Test(
        "of texts is the greatest number or the latest instant where all are such, in any zone",
        arguments: texts
    )
    func latest(values: [String], greatest: String) async throws {
        var columns = ExtractColumns()
        columns.hasTextCursor = true
        let bench = try await RunBench([:])
        let rows = (values.map(SQLText.value) + ["NULL"]).map { "(\($0))" }.joined(separator: ", ")
        for zone in ["UTC", "Asia/Tokyo"] {
            func found(_ what: String) async throws -> String? {
                try await bench.plainRows(
                    "SET spark.sql.session.timeZone = \(zone); SELECT \(what) FROM VALUES \(rows) AS v(c)"
                ).first
            }
            let form = try await found(CursorForm.found(in: "c")).flatMap(CursorForm.init(rawValue:))
            #expect(try await found(columns.greatest("c", form)) == greatest, "\(String(describing: form))")
            #expect(try await found("bool_and(\((form ?? .text).isUpTo("c", greatest)))") == "true")
        }
    }
}
