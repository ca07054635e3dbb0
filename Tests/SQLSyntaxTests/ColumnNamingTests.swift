import Foundation
import SQLSyntax
import Testing

@Suite("Names of columns without alias")
struct ColumnNamingTests {
    /// Lines of the table that Spark 4.1.1 gave: expression, name, type, nullable.
    static let cases: [[String]] = {
        guard let url = Bundle.module.url(forResource: "Cases/names", withExtension: "tsv"),
            let text = try? String(contentsOf: url, encoding: .utf8)
        else { return [] }
        return text.split(separator: "\n").map { $0.components(separatedBy: "\t") }
    }()

    /// Names that follow from the types of the operands; the binder gives them.
    static let needsTypes: Set<String> = [
        "d + interval 1 day", "d + interval '3' month", "d - interval 1 month", "ts + interval 1 hour",
        "ts - interval 2 days", "d + 1", "d - 1", "d + interval 1 hour",
        "date '2020-01-01' + interval '1' year",
        "date '1998-12-01' - interval '90' day", "2 * interval 1 day", "s.x + 1", "flag = 'true'",
        "explode(arr)", "s.*",
        "json_tuple(name, 'a')", "current_date", "named_struct('x', id).x + 1", "id = '1'",
    ]

    @Test("every expression of the table that Spark made has Spark's name")
    func sparkNames() throws {
        #expect(Self.cases.count > 600)
        for line in Self.cases where line[1] != "ERROR" && !Self.needsTypes.contains(line[0]) {
            let parts = SQLSource("SELECT " + line[0], file: "case")
            guard case .query(let query) = try SQLParser.statement(parts).kind,
                case .select(let select) = query.body, let item = select.items.first
            else {
                Issue.record("no select: \(line[0])")
                continue
            }
            let name = item.alias?.text ?? ColumnNaming().name(of: item.expression)
            #expect(name.replacingOccurrences(of: "\n", with: "\\n") == line[1], "\(line[0])")
        }
    }
}
