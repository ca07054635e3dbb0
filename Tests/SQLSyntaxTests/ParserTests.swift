import SQLSyntax
import Testing
import Vocabulary

@Suite("Parsing statements")
struct ParserTests {
    private func failure(_ text: String) -> EngineError? {
        do {
            _ = try SQLParser.statements(SQLSource(text, file: "job.sql"))
            return nil
        } catch { return error }
    }

    @Test("lengths of CHAR(n) and VARCHAR(n) are numbers of 32 bits")
    func lengths() {
        for type in ["CHAR", "VARCHAR"] {
            #expect(failure("CREATE TABLE t (c \(type)(2147483647)) USING parquet") == nil)
            for length in ["2147483648", "9000000000000000000"] {
                let error = failure("CREATE TABLE t (c \(type)(\(length))) USING parquet")
                #expect(error?.code == "PARSE_SYNTAX_ERROR")
            }
        }
    }

    @Test(
        "statements of the dialect parse",
        arguments: [
            "SELECT DISTINCT a, t.*, * EXCEPT (b) FROM t WHERE a > 1 GROUP BY a HAVING count(*) > 1 "
                + "ORDER BY a DESC "
                + "NULLS LAST, 2 LIMIT 10 OFFSET 5",
            "SELECT * FROM a JOIN b ON a.x = b.x LEFT OUTER JOIN c USING (y, z) NATURAL JOIN d CROSS JOIN e "
                + "LEFT SEMI JOIN f ON true LEFT ANTI JOIN g ON a.x = g.x FULL JOIN h ON a.x = h.x, "
                + "i, LATERAL (SELECT 1)",
            "SELECT * FROM (a JOIN b ON a.x = b.x) JOIN (SELECT 1 AS x) AS s (x) ON s.x = a.x",
            "SELECT * FROM ((SELECT 1) UNION ALL (SELECT 2)) t",
            "SELECT * FROM parquet.`s3://bucket/path/*.parquet` AS p, json.`x`, csv.`y`",
            "SELECT * FROM range(1, 10, 2) r JOIN VALUES (1, 'a'), (2, 'b') AS v(i, s) ON r.id = v.i",
            "VALUES (1, 'a'), (2, 'b')", "VALUES 1, 2", "TABLE t", "FROM t SELECT a",
            "(SELECT 1) UNION SELECT 2",
            "WITH a AS (SELECT 1 AS x), b(y) AS (SELECT x FROM a) SELECT * FROM a, b",
            "SELECT 1 UNION SELECT 2 INTERSECT SELECT 3 EXCEPT ALL SELECT 4 MINUS SELECT 5 ORDER BY "
                + "1 LIMIT ALL",
            "SELECT a, sum(b) FROM t GROUP BY GROUPING SETS ((a, b), a, ()) ",
            "SELECT a FROM t GROUP BY ROLLUP (a, (b, c)), CUBE (d)",
            "SELECT a FROM t GROUP BY a, b WITH ROLLUP",
            "SELECT a, sum(b) FROM t GROUP BY ALL ORDER BY ALL DESC",
            "SELECT a FROM t QUALIFY row_number() OVER w = 1 WINDOW w AS (PARTITION BY a ORDER BY b)",
            "SELECT a FROM t DISTRIBUTE BY a SORT BY b DESC", "SELECT a FROM t CLUSTER BY a",
            "SELECT col FROM t LATERAL VIEW OUTER explode(arr) e AS col WHERE col > 1",
            "CREATE OR REPLACE TEMPORARY VIEW v USING csv OPTIONS (path 'a', header 'true', "
                + "inferSchema true, a.b=1)",
            "CREATE TEMP VIEW v (a INT COMMENT 'x', b STRUCT<c: ARRAY<MAP<STRING, INT>>>) USING "
                + "json OPTIONS (path 'a')",
            "CREATE TEMPORARY VIEW v (a, b) AS SELECT 1, 2", "DROP VIEW IF EXISTS v", "DROP TABLE t",
            "INSERT OVERWRITE DIRECTORY 'out/' USING parquet OPTIONS (compression 'snappy') SELECT * FROM t",
            "INSERT OVERWRITE LOCAL DIRECTORY USING csv OPTIONS ('path' = 'x') SELECT 1",
            "WITH a AS (SELECT 1) INSERT OVERWRITE DIRECTORY 'o' USING csv SELECT * FROM a",
            "INSERT INTO t SELECT 1", "INSERT INTO TABLE t (a, b) VALUES (1, 2)",
            "INSERT OVERWRITE t PARTITION (a = 1, b) TABLE x",
            "CREATE TABLE IF NOT EXISTS t USING parquet OPTIONS (a 'b') PARTITIONED BY (x, y) "
                + "LOCATION '/p' COMMENT 'c' "
                + "AS SELECT 1 AS x, 2 AS y",
            "CREATE TABLE t (a INT NOT NULL, b DECIMAL(10,2)) USING csv", "EXPLAIN FORMATTED SELECT 1",
            "EXPLAIN ANALYZE INSERT OVERWRITE DIRECTORY 'o' USING csv SELECT 1",
            "SET spark.sql.ansi.enabled = false", "SET TIME ZONE 'UTC'", "SET", "DESCRIBE t", "SHOW TABLES",
            "SHOW TABLES IN default LIKE 'a*'", "SHOW COLUMNS IN t", "SHOW DATABASES",
            "SHOW CREATE TABLE t", "CACHE LAZY TABLE t", "CACHE TABLE c AS SELECT 1",
            "UNCACHE TABLE IF EXISTS c",
            "CLEAR CACHE", "REFRESH TABLE t", "ANALYZE TABLE t COMPUTE STATISTICS FOR ALL COLUMNS",
            "USE default",
            "TABLE t |> WHERE a > 1 |> EXTEND a + 1 AS b |> SET a = 2 |> DROP c |> AS x "
                + "|> ORDER BY a |> LIMIT 2",
            "FROM t |> AGGREGATE sum(a) AS s GROUP BY b |> JOIN u ON s = d |> SELECT s |> UNION ALL SELECT 1",
            "SELECT * FROM t PIVOT (sum(a) AS s FOR (b, c) IN ((1, 2) AS x, (3, 4)))",
            "SELECT * FROM t UNPIVOT INCLUDE NULLS ((v, w) FOR n IN ((a, b) AS x, (c, d))) AS u",
            "SELECT * FROM t TABLESAMPLE (10 PERCENT) REPEATABLE (3) AS s",
            "WITH RECURSIVE a(n) MAX RECURSION LEVEL 3 AS (SELECT 1 UNION ALL SELECT n FROM a) SELECT 1",
            "DECLARE OR REPLACE VARIABLE a, b INT DEFAULT 1", "SET VAR a = 1, b = DEFAULT",
            "SET VARIABLE (a, b) = (SELECT 1, 2)", "DROP TEMPORARY VARIABLE IF EXISTS a",
            "EXECUTE IMMEDIATE 'SELECT ?' || x INTO a, b USING (1 AS p, q)", "USE SCHEMA d",
            "CREATE SCHEMA IF NOT EXISTS d COMMENT 'c' LOCATION 'l' WITH DBPROPERTIES (a = 1)",
            "DROP DATABASE IF EXISTS d CASCADE", "ALTER DATABASE d SET DBPROPERTIES ('a' = 'b')",
            "CREATE OR REPLACE VIEW v (a COMMENT 'x', b) COMMENT 'c' TBLPROPERTIES (p = 'q') AS SELECT 1, 2",
            "ALTER VIEW v AS SELECT 1", "ALTER TABLE t ADD COLUMNS (a INT COMMENT 'x', b STRING)",
            "ALTER TABLE t ADD IF NOT EXISTS PARTITION (a = 1) PARTITION (a = 2)",
            "ALTER TABLE t DROP IF EXISTS PARTITION (a = 1)",
            "ALTER TABLE t CHANGE COLUMN a a INT COMMENT 'x'",
            "ALTER TABLE t UNSET TBLPROPERTIES IF EXISTS ('a', b.c)", "MSCK REPAIR TABLE t SYNC PARTITIONS",
            "TRUNCATE TABLE t", "CREATE TABLE t LIKE u", "COMMENT ON TABLE t IS NULL",
            "SHOW PARTITIONS t PARTITION (a = 1)", "SHOW TBLPROPERTIES t ('a')", "DESC EXTENDED t a",
            "SHOW TABLE EXTENDED IN d LIKE 't*'", "DESCRIBE DATABASE EXTENDED d",
            "SELECT * FROM IDENTIFIER(lower(x)) WHERE IDENTIFIER(y || 'z') = 1",
            "SELECT * FROM IDENTIFIER('t' || '.u') WHERE IDENTIFIER('a') = 1",
            "SELECT date, timestamp, first, last, interval, end, case FROM t AS values",
            "SELECT * FROM t TABLESAMPLE_not_a_keyword",
            "select count(*) filter (where a > 1), max(all b) from t;",
            "SELECT transform(a, (x, i) -> x + i), f(a => 1, b => 2), x.y[0].z::int FROM t",
            "SELECT CASE a WHEN 1 THEN CASE WHEN b THEN 2 END ELSE 3 END, a -- comment\n /* a /* "
                + "nested */ b */ FROM t",
            "SELECT a.end, struct(1 AS a, 2 AS b).a FROM a", "SELECT 1 AS `a``b`, 2024_x FROM `my table`",
            "SELECT * FROM a WHERE (x, y) IN (SELECT 1, 2) AND EXISTS (SELECT 1) AND z = (SELECT 1)",
            "SELECT a FROM t WHERE d >= date '1994-01-01' AND d < date '1994-01-01' + interval '1' year",
            "SELECT CAST(a AS STRUCT<x: ARRAY<ARRAY<INT>>>) FROM t",
            "SELECT substring(a FROM 1 FOR 2), trim(both from b) FROM t",
        ])
    func parses(_ text: String) {
        #expect(throws: Never.self) { try SQLParser.statements(SQLSource(text)) }
    }

    @Test("statements split at semicolons outside of strings and comments")
    func splitting() throws {
        let text = "SELECT ';' AS a; -- not; here\nSELECT \"b;\" /* ; /* ; */ ; */ FROM `t;`;;\n SET a=b;"
        let statements = try SQLParser.statements(SQLSource(text))
        #expect(statements.count == 3)
        #expect(statements[2].kind == .set(key: "a", value: "b"))
    }

    @Test("operators bind as in Spark")
    func precedence() throws {
        func text(_ sql: String) throws -> String {
            ColumnNaming().text(try SQLParser.expression(SQLSource(sql)))
        }
        #expect(try text("1 + 2 * 3 - 4") == "((1 + (2 * 3)) - 4)")
        #expect(try text("a OR b AND NOT c = d") == "(a OR (b AND (NOT (c = d))))")
        #expect(try text("a | b ^ c & d << 1 + 2") == "(a | (b ^ (c & (d << (1 + 2)))))")
        #expect(try text("a = b IS NULL") == "((a = b) IS NULL)")
        #expect(try text("a || b + c") == "(concat(a, b) + c)")
        #expect(try text("- a * b") == "((- a) * b)")
        #expect(try text("a BETWEEN 1 AND 2 AND b") == "(between(a, 1, 2) AND b)")
    }

    @Test(
        "misspelt keywords are named with the one that was meant",
        arguments: [
            ("SELEC a FROM t", "SELECT", 1), ("SELECT a FORM t", "FROM", 10),
            ("SELECT a FROM t WEHRE a > 1", "WHERE", 17),
            ("SELECT a FROM t GROPU BY a", "GROUP", 17), ("SELECT a FROM t ODRER BY a", "ORDER", 17),
            ("CREAT TEMPORARY VIEW v AS SELECT 1", "CREATE", 1),
        ])
    func suggestions(_ text: String, _ keyword: String, _ column: Int) throws {
        let error = try #require(failure(text))
        #expect(error.code == "PARSE_SYNTAX_ERROR")
        #expect(error.remedy == "Did you mean '\(keyword)'?")
        #expect(error.location?.column == column)
    }

    @Test(
        "paths without backquotes are told how to be written",
        arguments: [
            ("SELECT a, count(*) FROM json. GROUP BY a", "A shell takes backquotes"),
            ("SELECT * FROM parquet.", "A shell takes backquotes"),
            ("SELECT * FROM t JOIN csv. ON 1 = 2 3", "A shell takes backquotes"),
            ("SELECT * FROM json.data/raw/", "Put the path into backquotes: json.`path/`."),
            ("SELECT * FROM 'data/raw'", "Name a file's format before its path"),
        ])
    func paths(_ text: String, _ remedy: String) throws {
        let error = try #require(failure(text))
        #expect(error.code == "PARSE_SYNTAX_ERROR")
        #expect(error.remedy?.contains(remedy) == true, "\(error)")
        #expect(failure("SELECT a.b FROM json.`x` a WHERE EXTRACT(YEAR FROM '2020-01-01') > 1") == nil)
        #expect(failure("SELECT * FROM json.b WEHRE c > 1")?.remedy?.contains("WHERE") == true)
    }

    @Test("an error names file, line, column, the line's text and the width to underline")
    func places() throws {
        let error = try #require(failure("SELECT 1;\nSELECT é, (a + FROM t"))
        #expect(
            error.location
                == SourceLocation(
                    file: "job.sql", line: 2, column: 16, lineText: "SELECT é, (a + FROM t", length: 4))
    }

    @Test("a place far in a long line has its true column, and what is near is shown")
    func longLines() throws {
        // Characters of one to many bytes, pairs of them that are one, and lines before and after.
        let items = ["x + 1, ", "'é', ", "'e\u{301}', ", "'👨‍👩‍👧', ", "'漢字', ", "`a b`, ", "\t12345, "]
        for count in [1, 40, 70, 500, 3_000] {
            let line = "SELECT " + (0..<count).map { items[$0 * 7 % 5 + $0 % 3] }.joined()
            let error = try #require(failure("SELECT 1;\n\(line) (a + FROM t -- é\n"))
            let place = try #require(error.location)
            #expect(place.line == 2 && place.column == line.count + 7, "\(count): \(place)")
            #expect(place.length == 4)
            let column = place.lineTextColumn - 1
            #expect(place.lineText.dropFirst(column).hasPrefix("FROM t -- é"), "\(place)")
            #expect(place.lineText.prefix(column) == (line + " (a + ").suffix(column))
            #expect(place.lineText.count < 700)
        }
    }

    @Test(
        "wrong statements are errors of the user",
        arguments: [
            "", ";", "SELECT", "SELECT 1 +", "SELECT (1", "SELECT 'abc", "SELECT `a", "/* a",
            "SELECT a b c",
            "SELECT CAST(a AS TEXT)", "SELECT DECIMAL 1",
            "SELECT 1e999",
            "SELECT 300Y", "SELECT interval 1 month 1 day", "SELECT interval 'x' day", "SELECT X'ZZ'",
            "SELECT ?",
            "SELECT \u{0}", "INSERT t", "UPDATE t SET a = 1",
            "SELECT * FROM t TABLESAMPLE (1 FISH)",
            "SELECT CAST(a AS DECIMAL(39,2))", "EXPLAIN EXPLAIN SELECT 1", "SELECT a FROM t WHERE",
            "SELECT 1 2",
        ])
    func errors(_ text: String) throws {
        let error = try #require(failure(text))
        #expect(error.blame == .user)
        #expect(!error.message.isEmpty)
    }
}
