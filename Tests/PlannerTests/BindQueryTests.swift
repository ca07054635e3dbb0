import Columns
import Plans
import SQLSyntax
import Testing
import Vocabulary

@testable import Planner

@Suite("Binding queries, against Spark's names and types")
struct BindQueryTests {
    @Test("queries have the columns that Spark gives them, and fail where Spark fails")
    func sparkSchemas() throws {
        let cases = BindFixture.table("queries")
        #expect(cases.count > 90)
        for line in cases where line[0] != "SELECT *" {
            do {
                let plan = try BindFixture.plan(line[0])
                let columns = plan.output.map { "\($0.name):\(BindFixture.simple($0.type))" }.joined(
                    separator: "|")
                #expect(columns == line[1], "\(line[0])")
            } catch {
                #expect(line[1] == "ERROR" && error.code == line[2], "\(line[0]): \(error)")
                #expect(error.location != nil)
            }
        }
    }

    @Test("ids of output columns are unique, whatever is repeated")
    func uniqueIDs() throws {
        let plan = try BindFixture.plan("SELECT id, id AS b, t.*, id + 0 FROM t ORDER BY b, price")
        let ids = plan.output.map(\.id)
        #expect(Set(ids).count == ids.count)
    }

    @Test("a misspelt column is suggested, with its place")
    func columnSuggestion() throws {
        let error = try #require(BindFixture.failure("SELECT id,\n  amuont * 2 FROM t"))
        #expect(error.code == "UNRESOLVED_COLUMN.WITH_SUGGESTION")
        #expect(error.remedy == "Did you mean 'amount'?")
        #expect(error.location?.line == 2)
        #expect(error.location?.column == 3)
        #expect(error.location?.length == 6)
    }

    @Test("a misspelt table and a misspelt function are suggested")
    func otherSuggestions() throws {
        var catalog = FixtureCatalog()
        catalog.relations["orders"] = catalog.relations["t"]
        let table = try #require(BindFixture.failure("SELECT 1 FROM ordes", catalog: catalog))
        #expect(table.code == "TABLE_OR_VIEW_NOT_FOUND")
        #expect(table.remedy == "Did you mean 'orders'?")
        let function = try #require(BindFixture.failure("SELECT uper(name) FROM t"))
        #expect(function.code == "UNRESOLVED_ROUTINE")
        #expect(function.remedy?.contains("upper") == true)
        #expect(function.location?.column == 8)
    }

    @Test("files are tables, and errors of the catalog get their place")
    func files() throws {
        let plan = try BindFixture.plan("SELECT p.b, a FROM parquet.`s3://x/*.parquet` p")
        #expect(plan.output.map(\.name) == ["b", "a"])
        let error = try #require(BindFixture.failure("SELECT * FROM csv.`missing`"))
        #expect(error.code == "PATH_NOT_FOUND")
        #expect(error.location?.column == 15)
    }

    @Test("a view binds by its own text, and one that refers to itself is refused")
    func views() throws {
        var catalog = FixtureCatalog()
        func view(_ sql: String, _ columns: [String] = []) throws -> CatalogRelation {
            let source = SQLSource(sql, file: "view.sql")
            guard case .query(let query) = try SQLParser.statement(source).kind else {
                throw EngineError.internal("")
            }
            return .view(ViewDefinition(query: query, columns: columns, source: source))
        }
        catalog.relations["v"] = try view("SELECT id AS x, name FROM t", ["p", "q"])
        catalog.relations["w"] = try view("SELECT * FROM w")
        catalog.relations["broken"] = try view("SELECT nosuch FROM t")
        #expect(
            try BindFixture.plan("SELECT v.p, q FROM v", catalog: catalog).output.map(\.name) == ["p", "q"])
        #expect(BindFixture.failure("SELECT * FROM w", catalog: catalog)?.code == "RECURSIVE_VIEW")
        #expect(BindFixture.failure("SELECT * FROM broken", catalog: catalog)?.location?.file == "view.sql")
    }

    @Test("correlated subqueries list the outer columns that they take, through every level")
    func correlation() throws {
        let plan = try BindFixture.plan(
            "SELECT id FROM t a WHERE EXISTS (SELECT 1 FROM t b WHERE b.qty > (SELECT max(c.id) FROM t c "
                + "WHERE c.name = a.name AND c.d = b.d))")
        guard case .project(_, .filter(.subquery(let exists), _)) = plan else {
            Issue.record("unexpected plan: \(plan)")
            return
        }
        #expect(exists.outerReferences.map(\.name) == ["name"])
        var inner: [String] = []
        exists.plan.forEach { node in
            for expression in node.expressions {
                expression.forEach {
                    if case .subquery(let scalar) = $0 { inner = scalar.outerReferences.map(\.name) }
                }
            }
        }
        #expect(inner.sorted() == ["d", "name"])
    }

    @Test("range gives its rows without listing large ones")
    func ranges() throws {
        #expect(RangeRows.count(start: 0, end: 10, step: 3) == 4)
        #expect(RangeRows.count(start: 10, end: 0, step: -3) == 4)
        #expect(RangeRows.count(start: 0, end: 10, step: -1) == 0)
        #expect(RangeRows.count(start: .min, end: .max, step: 1) == nil)
        #expect(
            try "\(BindFixture.plan("SELECT * FROM range(5, 9000000000000, 2)"))"
                .contains("Range [id#0], from 5 by 2, 4499999999998 rows"))
        #expect(
            BindFixture.failure("SELECT * FROM range(-9223372036854775807, 9223372036854775807)")?.code
                == "UNSUPPORTED_FEATURE.RANGE_SIZE")
    }

    @Test("common tables that use each other twice are refused before they fill memory")
    func explosion() throws {
        var sql = "WITH c0 AS (SELECT 1 AS x)"
        for level in 1...40 {
            sql += ", c\(level) AS (SELECT a.x FROM c\(level - 1) a JOIN c\(level - 1) b ON a.x = b.x)"
        }
        let error = try #require(BindFixture.failure(sql + " SELECT * FROM c40"))
        #expect(error.code == "UNSUPPORTED_FEATURE.RELATION_COUNT")
    }

    @Test("without ANSI mode strings and numbers meet as strings do in Spark's legacy rules")
    func legacyMode() throws {
        let plan = try BindFixture.plan(
            "SELECT coalesce(id, 'x') AS c, CAST(name AS INT) AS n FROM t", ansi: false)
        #expect(plan.output.map(\.type) == [.string, .int32])
    }

    @Test("the tallest trees that parse also bind, and long conditions do")
    func tallTrees() throws {
        let chain = (0..<380).map { _ in "id" }.joined(separator: " + ")
        #expect(throws: Never.self) {
            try BindFixture.plan("SELECT \(chain) AS x FROM t GROUP BY id ORDER BY \(chain), sum(\(chain))")
        }
        let nested = String(repeating: "upper(", count: 120) + "name" + String(repeating: ")", count: 120)
        #expect(throws: Never.self) { try BindFixture.plan("SELECT \(nested) FROM t") }
        let queries =
            String(repeating: "SELECT * FROM (", count: 50) + "t" + String(repeating: ")", count: 50)
        #expect(throws: Never.self) { try BindFixture.plan(queries) }
        let terms = (0..<3000).map { "id = \($0)" }.joined(separator: " OR ")
        #expect(throws: Never.self) { try BindFixture.plan("SELECT id FROM t WHERE \(terms)") }
    }

    @Test("random clauses bind or fail, never trap")
    func randomClauses() {
        let items = [
            "id", "name", "s", "s.x", "arr[0]", "m['a']", "*", "t.*", "1", "'x'", "NULL", "count(*)",
            "sum(id)", "max(s)",
            "d + interval 1 day", "id / 0", "CASE WHEN flag THEN id END",
            "(SELECT max(id) FROM t b WHERE b.id = t.id)",
            "id IN (SELECT qty FROM t)", "grouping(name)", "nosuch", "x", "sum(sum(id))", "CAST(arr AS INT)",
            "(id, name)",
            "upper(bin)", "s + 1", "m = m", "EXISTS (SELECT 1)", "CAST('x' AS DATE)", "interval 1 month * 2",
        ]
        let groups = [
            "", "GROUP BY 1", "GROUP BY name", "GROUP BY ALL", "GROUP BY ROLLUP (name, id)", "GROUP BY x, 2",
        ]
        let orders = [
            "", "ORDER BY 1", "ORDER BY x", "ORDER BY sum(id)", "ORDER BY ALL", "ORDER BY s", "LIMIT 1 + 1",
        ]
        let froms = [
            "FROM t", "", "FROM t JOIN t b ON t.id = b.id", "FROM t FULL JOIN t b USING (id, name)",
            "FROM range(5) t",
            "FROM t NATURAL JOIN t b", "FROM VALUES (1, 'a') t(id, name)",
            "FROM (SELECT 1 AS id, NULL AS name) t",
        ]
        var state: UInt64 = 7
        func pick(_ list: [String]) -> String {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return list[Int(state >> 33) % list.count]
        }
        var bound = 0
        for _ in 0..<6000 {
            let sql =
                "SELECT \(pick(["", "DISTINCT "]))\(pick(items)) AS x, \(pick(items)) \(pick(froms)) "
                + "\(pick(["", "WHERE " + pick(items)])) \(pick(groups)) "
                + "\(pick(["", "HAVING " + pick(items)])) \(pick(orders))"
            if BindFixture.failure(sql) == nil { bound += 1 }
        }
        #expect(bound > 150)
    }
}
