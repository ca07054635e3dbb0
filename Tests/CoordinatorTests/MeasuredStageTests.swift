import Testing

@testable import Coordinator

@Suite("What EXPLAIN ANALYZE says of rows")
struct MeasuredStageTests {
    @Test(
        "rows stand beside those that were expected, and how far off that was where it is worth a word",
        arguments: [
            (5, nil, "rows 5"), (5, 5.2, "rows 5, expected 5"), (104, 100, "rows 104, expected 100"),
            (106, 100, "rows 106, expected 100 (1.1 × more)"), (0, 0.2, "rows 0, expected 0"),
            (0, 40, "rows 0, expected 40 (40 × fewer)"), (3, 0, "rows 3, expected 0 (3.0 × more)"),
            (100, 251, "rows 100, expected 251 (2.5 × fewer)"), (7, .infinity, "rows 7"), (7, .nan, "rows 7"),
        ] as [(Int, Double?, String)])
    func rows(count: Int, expected: Double?, text: String) {
        #expect(MeasuredStage.rows(count, expected: expected) == text)
    }

    @Test("an estimate beyond all numbers is no trap")
    func huge() {
        #expect(MeasuredStage.rows(1, expected: 1e300).hasSuffix("fewer)"))
        #expect(MeasuredStage.rows(1, expected: -4) == "rows 1, expected 0")
    }
}
