import Columns
import Functions
import Testing

@testable import Planner

@Suite("Binding expressions, against Spark's names and types")
struct BindExpressionTests {
    /// Expressions that Spark 4.1 knows and Millrace refuses, each with an error that says so.
    static let unsupported: Set<String> = [
        "UNRESOLVED_ROUTINE", "UNSUPPORTED_FEATURE.LAMBDA_FUNCTION", "UNSUPPORTED_FEATURE.WINDOW_FUNCTION",
    ]

    @Test("expressions have the names and types that Spark gives them")
    func sparkNamesAndTypes() throws {
        var checked = 0
        for line in BindFixture.table("expressions") where line[1] != "ERROR" {
            let (text, name, type) = (line[0], line[1], line[2])
            do {
                let plan = try BindFixture.plan("SELECT \(text) FROM t")
                let column = plan.output[0]
                #expect(
                    column.name.split(separator: "\n").joined(separator: "\\n") == name, "name of \(text)")
                #expect(BindFixture.simple(column.type) == type, "type of \(text)")
                checked += 1
            } catch {
                #expect(Self.unsupported.contains(error.code), "\(text): \(error)")
            }
        }
        #expect(checked > 600)
    }

    @Test("wrong expressions fail with Spark's error class and a place")
    func sparkErrors() throws {
        for line in BindFixture.table("expressions") where line[1] == "ERROR" && !line[2].isEmpty {
            guard let error = BindFixture.failure("SELECT \(line[0]) FROM t") else {
                Issue.record("no error: \(line[0])")
                continue
            }
            #expect(error.code == line[2] || Self.unsupported.contains(error.code), "\(line[0]): \(error)")
            #expect(error.location != nil, "\(line[0])")
        }
    }
}
