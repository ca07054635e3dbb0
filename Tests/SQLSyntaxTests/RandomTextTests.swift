import ProcessorTime
import SQLSyntax
import SeededRandom
import Testing
import Vocabulary

@Suite("Any text at all")
struct RandomTextTests {
    /// Parses, and prints what parses: neither may trap.
    private func survive(_ text: String) {
        let source = SQLSource(text)
        if let statements = try? SQLParser.statements(source) {
            for statement in statements {
                _ = source.location(statement.span)
                if case .query(let query) = statement.kind, case .select(let select) = query.body {
                    for item in select.items { _ = ColumnNaming().name(of: item.expression) }
                }
            }
        }
        _ = try? SQLParser.type(source)
        _ = try? SQLParser.expression(source)
    }

    @Test("random bytes give an error, never a trap")
    func bytes() {
        var generator = SplitMix(state: 1)
        for _ in 0..<3000 {
            let count = Int.random(in: 0...120, using: &generator)
            survive(
                String(
                    decoding: (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) },
                    as: UTF8.self))
        }
    }

    @Test("random sequences of tokens give an error or a tree, never a trap")
    func tokens() {
        let words = [
            "SELECT", "FROM", "WHERE", "GROUP", "BY", "(", ")", ",", ".", "*", "a", "b", "`c`", "'s'", "1",
            "1.5", "1e3",
            "-", "+", "/", "||", "=", "<", ">", ">>", ">>>", "<=>", "AND", "OR", "NOT", "IN", "BETWEEN",
            "LIKE", "IS", "NULL",
            "CASE", "WHEN", "THEN", "ELSE", "END", "CAST", "AS", "INT", "DECIMAL", "ARRAY", "STRUCT", "MAP",
            "INTERVAL", "DAY",
            "TO", "JOIN", "ON", "USING", "LEFT", "LATERAL", "VIEW", "UNION", "ALL", "WITH", "VALUES", "ORDER",
            "LIMIT",
            "OFFSET", "CREATE", "TEMPORARY", "TABLE", "INSERT", "OVERWRITE", "DIRECTORY", "OPTIONS",
            "EXPLAIN", "SET", ";",
            "->", "=>", "::", "[", "]", "TRIM", "EXTRACT", "SUBSTRING", "POSITION", "OVER", "FILTER",
            "EXISTS", "DISTINCT",
            "GROUPING", "SETS", "ROLLUP", "X", "DATE", "r'x'", "!", "~", "PARTITION", "NATURAL", "FROM",
            "BOTH", "ROW",
        ]
        var generator = SplitMix(state: 2)
        for _ in 0..<20000 {
            let count = Int.random(in: 1...30, using: &generator)
            survive(
                (0..<count).map { _ in words.randomElement(using: &generator) ?? "" }.joined(separator: " "))
        }
    }

    @Test("every truncation of a statement gives an error or a tree, never a trap")
    func truncations() {
        let text = """
            WITH a AS (SELECT x, sum(y) FILTER (WHERE z > 1.5e3) AS s FROM parquet.`p` GROUP BY
            ROLLUP (x, (y, z)))
            SELECT CASE WHEN a.x LIKE 'é\\_%' ESCAPE '!' THEN trim(BOTH 'x' FROM a.s) ELSE
            m['k'][0].f::decimal(10,2) END,
              interval '1 02:03:04.5' day to second, transform(q, (v, i) -> v + i), row_number()
              OVER (PARTITION BY b
              ORDER BY c DESC NULLS LAST ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) /* c */
            FROM a LEFT JOIN (VALUES (1, date '2020-01-01')) AS v(i, d) USING (x), range(10)
            WHERE (a.x, 1) IN (SELECT 1, 2) AND NOT EXISTS (SELECT 1) ORDER BY ALL LIMIT 10 OFFSET 2;
            INSERT OVERWRITE DIRECTORY 'o' USING csv OPTIONS (header true) SELECT * EXCEPT (a, b) FROM t
            """
        for count in 0...text.utf8.count {
            survive(String(decoding: Array(text.utf8.prefix(count)), as: UTF8.self))
        }
    }

    @Test("10 MB of text is refused at once")
    func largeText() {
        let text = String(repeating: "SELECT a FROM t; ", count: 620_000)
        let spent = ProcessorTime.of {
            #expect(throws: EngineError.self) { try SQLParser.statements(SQLSource(text)) }
        }
        #expect(spent < .seconds(2))
    }

    @Test(
        "deep nesting and long chains give an error within a moment",
        arguments: [
            "(", "SELECT (", "NOT ", "- ", "f(", "CASE WHEN ", "SELECT * FROM (", "CAST(", "a[", "EXPLAIN ",
            "substring(",
            "trim(", "((", "WITH a AS (", "x -> ", "ARRAY<", "a IN (", "1 + ", "SELECT 1 UNION ", "a.",
            "a::int::", "~",
            "interval ", "EXISTS (SELECT ", "ROLLUP (", "position(", "1 BETWEEN ", "a JOIN ",
        ])
    func depth(_ piece: String) {
        let spent = ProcessorTime.of {
            survive(String(repeating: piece, count: 5000))
            survive("SELECT " + String(repeating: piece, count: 5000) + "1")
            survive("SELECT * FROM t GROUP BY " + String(repeating: piece, count: 5000) + "1")
        }
        #expect(spent < .seconds(3), "\(piece) took \(spent)")
    }

    @Test("thousands of terms of AND and OR are no nesting")
    func longConditions() throws {
        let text = "SELECT 1 WHERE " + (0..<8000).map { "a = \($0)" }.joined(separator: " OR ")
        #expect(throws: Never.self) { try SQLParser.statements(SQLSource(text)) }
    }
}
