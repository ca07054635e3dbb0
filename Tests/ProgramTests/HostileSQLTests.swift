import Foundation
import Programs
import Testing

/// Gives etl-submit text that no person writes: it must answer before long, with a status of the contract,
/// and never by a signal.
@Suite("SQL text made to break things", .serialized)
struct HostileSQLTests {
    /// Runs a file of SQL; the answer must come from the program itself, before `seconds`, when it
    /// is killed.
    ///
    /// The times are ten times those of a machine that does nothing else.
    private func answer(_ bytes: Data, seconds: Int = 200) throws -> ProgramRun {
        let program = try Program()
        try program.write("job.sql", bytes)
        let run = try program.run(
            ["job.sql", "--output", "none", "--progress", "none"], limits: ProgramLimits(seconds: seconds))
        #expect([0, 1, 2].contains(run.status), "status \(run.status): \(run.errors.prefix(500))")
        #expect(run.status == 0 || run.errors.hasPrefix("error: ["), "\(run.errors.prefix(500))")
        #expect(run.errors.utf8.count < 20_000, "an error is to be read by people")
        #expect(try program.contents().count == 1)
        return run
    }

    private static func seeded(_ count: Int, _ seed: UInt64, _ make: (UInt64) -> [UInt8]) -> Data {
        var state = seed
        var bytes: [UInt8] = []
        while bytes.count < count {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            bytes += make(state >> 33)
        }
        return Data(bytes.prefix(count))
    }

    private static let words = """
        select from where group by order having a b c t ( ) , + - * / 1 2.5 'x' and or not case when then \
        else end join on left in between like is null as with union all limit over \
        partition ; values create view insert
        """.split(separator: " ").map { Array($0.utf8) + [32] }

    @Test("10 MB of random bytes and of words of the language are refused by size")
    func tenMegabytes() throws {
        let size = 10_000_000
        for text in [
            Self.seeded(size, 1) { [UInt8(truncatingIfNeeded: $0)] },
            Self.seeded(size, 2) { Self.words[Int($0) % Self.words.count] },
            Data("SELECT '".utf8) + Data(repeating: 120, count: size),
        ] {
            let run = try answer(text, seconds: 100)
            #expect(run.status == 1)
            #expect(
                run.errors == """
                    error: [SQL_TOO_LONG] The job's text is longer than 4.0 MiB: job.sql
                      = Split it into several jobs, or put long lists into a file and join with it.

                    """)
        }
    }

    @Test("as much as is taken, of random bytes and words", arguments: 0..<12)
    func random(seed: Int) throws {
        // Some 190,000 words: more than 250,000 would not be read as SQL.
        let size = seed < 6 ? 800_000 : 2_000
        let start = seed % 2 == 0 ? Data() : Data("SELECT ".utf8)
        let bytes = start + Self.seeded(size / 2, UInt64(seed)) { [UInt8(truncatingIfNeeded: $0)] }
        #expect(try answer(bytes).status == 2)
        // The same, as characters: what is no UTF-8 is refused before it is read as SQL.
        _ = try answer(Data(String(decoding: bytes, as: UTF8.self).utf8))
        let words = start + Self.seeded(size, UInt64(seed)) { Self.words[Int($0) % Self.words.count] }
        let run = try answer(words)
        #expect(run.status == 1 && !run.errors.contains("SQL_TOO_LONG"), "\(run.errors.prefix(500))")
    }

    /// Text, how often it stands there, what closes each, and the error.
    private static let bombs: [(String, Int, String, String)] = [
        ("(", 120_000, ")", tooDeep), ("NOT ", 240_000, "", tooDeep), ("- ", 240_000, "", tooDeep),
        ("array(", 80_000, ")", tooDeep), ("CASE WHEN true THEN ", 49_000, " END", tooDeep),
        ("(SELECT ", 80_000, ")", tooDeep), ("1 + ", 120_000, "", tooDeep), ("struct(", 80_000, ")", tooDeep),
        ("1 IN (", 60_000, ")", tooDeep), ("'a' || ", 120_000, "", tooDeep),
        ("true AND ", 120_000, "", "the limit is 10000 of AND"),
        ("x.", 120_000, "", "expected the end of the statement"), ("(", 490_000, ")", "SQL_TOO_LONG"),
        ("/*", 1_900_000, "", "UNCLOSED_BRACKETED_COMMENT"), ("`", 1, "", "identifier is not closed"),
        ("'", 1, "", "string is not closed"), ("\u{0}", 3, "", "PARSE_SYNTAX_ERROR"),
    ]
    private static let tooDeep = "nested too deeply, or chains too many operators: the limits are 128 levels"

    @Test("depth and length are refused for what they are", arguments: bombs.indices)
    func refused(bomb: Int) throws {
        let (opening, count, closing, error) = Self.bombs[bomb]
        let text =
            "SELECT " + String(repeating: opening, count: count) + "1"
            + String(repeating: closing, count: count)
        let run = try answer(Data(text.utf8.prefix(4 << 20)))
        #expect(run.status == 1 && run.errors.contains(error), "\(run.errors.prefix(500))")
    }

    @Test("tens of thousands of columns are taken")
    func wide() throws {
        #expect(try answer(Data("SELECT \(String(repeating: "1, ", count: 30_000))1".utf8)).status == 0)
    }

    @Test(
        "huge numbers and results",
        arguments: [
            String(repeating: "9", count: 200_000), "1e" + String(repeating: "9", count: 200_000),
            String(repeating: "9", count: 9_000) + "." + String(repeating: "9", count: 9_000) + "BD",
            "repeat('x', 2000000000)", "space(2000000000)", "lpad('x', 2000000000, 'y')",
            "rpad('x', 2000000000)",
        ])
    func huge(expression: String) throws {
        #expect(try answer(Data("SELECT \(expression)".utf8)).status == 1)
    }

    @Test("a list of a hundred thousand numbers, tens of thousands of rows of VALUES, and one word too many")
    func longLists() throws {
        let numbers = (0..<110_000).map { "\($0 * 7 % 1_000_003)" }.joined(separator: ",")
        let program = try Program()
        for (text, output) in [
            ("SELECT count(*) AS n FROM range(1000003) WHERE id IN (\(numbers))", "{\"n\":110000}\n"),
            (
                "SELECT count(*) AS n, sum(a) AS s FROM VALUES "
                    + (0..<40_000).map { "(\($0),'x\($0)')" }.joined(separator: ",") + " AS t(a, b)",
                "{\"n\":40000,\"s\":799980000}\n"
            ),
        ] {
            try program.write("long.sql", Data(text.utf8))
            let run = try program.run(
                ["long.sql", "--output", "json", "--progress", "none"], limits: ProgramLimits(seconds: 600))
            #expect(run.output == output, "\(run.errors.prefix(500))")
        }
        let run = try answer(Data("SELECT \(String(repeating: "1,", count: 500_000))1".utf8))
        #expect(run.errors.hasPrefix("error: [SQL_TOO_LONG]"), "\(run.errors.prefix(500))")
    }

    @Test("byte order mark, CRLF, only comments, invalid UTF-8")
    func odd() throws {
        #expect(try answer(Data("\u{FEFF}SELECT 1 AS a\r\n;\r\n-- end\r\n".utf8)).status == 0)
        #expect(try answer(Data(";;; ;\n-- x\n".utf8)).errors.hasPrefix("error: [PARSE_EMPTY_STATEMENT]"))
        #expect(try answer(Data()).errors.hasPrefix("error: [PARSE_EMPTY_STATEMENT]"))
        let invalid = Data([0x53, 0x45, 0x4C, 0x45, 0x43, 0x54, 0x20, 0x27, 0xFF, 0xFE, 0x27])
        #expect(try answer(invalid).status == 2)
    }

    @Test("chains of thousands of AND, OR and UNION ALL run, longer ones are refused by their number")
    func chains() throws {
        let program = try Program()
        func chained(_ count: Int, _ joiner: String, _ term: (Int) -> String) -> String {
            (0..<count).map(term).joined(separator: joiner)
        }
        let wheres = [
            ("id IN (" + chained(3_000, ",") { "\($0)" } + ") AND id IS NOT NULL", 50),
            (chained(3_000, " OR ") { "id IN (\($0))" }, 50),
            (chained(3_000, " AND ") { _ in "id IS NOT NULL" }, 50),
            (chained(3_000, " OR ") { "NOT id <> \($0)" }, 50),
            (chained(3_000, " AND ") { "id <> \($0 + 10)" }, 10),
        ]
        for (condition, count) in wheres {
            let run = try program.sql("SELECT count(*) AS n FROM range(50) WHERE \(condition)")
            #expect(run.status == 0 && run.output == "{\"n\":\(count)}\n", "\(run.errors.prefix(500))")
        }
        let union = chained(2_000, " UNION ALL ") { "SELECT \($0) AS a" }
        let united = try program.sql("SELECT count(*) AS n, sum(a) AS s FROM (\(union))")
        #expect(united.output == "{\"n\":2000,\"s\":1999000}\n", "\(united.errors.prefix(500))")
        let refused = try program.sql("SELECT " + chained(10_001, " OR ") { _ in "true" })
        #expect(refused.status == 1)
        #expect(refused.errors.contains("the limit is 10000 of OR"), "\(refused.errors.prefix(500))")
    }
}
