import Testing

@Suite("Case files")
struct RecordFileTests {
    @Test("every case file is read, and there are thousands of records")
    func filesAreRead() throws {
        let counts = try RecordFile.paths().map { try RecordFile.read($0).records.count }
        #expect(counts.allSatisfy { $0 > 0 })
        #expect(counts.reduce(0, +) > 4500)
    }

    @Test("each kind of record is read")
    func kinds() throws {
        let text = """
            # first
            conf a=b=c

            query int decimal(3,1) rowsort
            SELECT 1,
              2.5
            ----
            1\t2.5

            columns
            SELECT 1 AS a
            ----
            a\tint

            statement ok
            DROP VIEW v

            statement error DIVIDE_BY_ZERO
            SELECT 1 / 0

            statement error
            SELECT

            query int nosort
            SELECT 1 WHERE false
            ----
            """
        let records = try RecordFile(path: "x.slt", text: text).records
        #expect(
            records.map(\.expectation) == [
                .setting(key: "a", value: "b=c"),
                .rows(types: ["int", "decimal(3,1)"], isSorted: true, lines: ["1\t2.5"]),
                .columns([.init(name: "a", type: "int")]), .success, .failure(code: "DIVIDE_BY_ZERO"),
                .failure(code: nil), .rows(types: ["int"], isSorted: false, lines: []),
            ])
        #expect(records.map(\.line) == [2, 4, 10, 15, 18, 21, 24])
        #expect(records[1].statement == "SELECT 1,\n  2.5")
    }

    @Test("a known gap must differ as its reason says")
    func gaps() {
        let gaps = KnownGaps(
            text: "# why\na.slt:1 row 1: Spark gives 1, here — a note — of two\nb.slt:2 \nc.slt:3 X")
        #expect(gaps.complaint("a.slt:1", "row 1: Spark gives 1, here 2") == nil)
        #expect(gaps.complaint("a.slt:1", "row 1: Spark gives 3, here 2")?.contains("not as") == true)
        #expect(gaps.complaint("b.slt:2", "anything") != nil)
        #expect(gaps.complaint("c.slt:3", "fails with X") != nil)
        #expect(gaps.complaint("d.slt:4", "row 1") == "d.slt:4: row 1")
    }

    @Test("a record of no kind is refused with its line")
    func strangers() {
        for text in ["\nqueri int nosort\nSELECT 1\n", "\nquery int\nSELECT 1\n", "\nstatement ok\n"] {
            let error = #expect(throws: RecordFormatError.self) { try RecordFile(path: "x.slt", text: text) }
            #expect(error?.line == 2)
        }
    }

    @Test("rows differ by values, number and order; floating columns only beyond the tolerance")
    func rows() {
        func difference(_ a: [String], _ b: [String], _ types: [String], sorted: Bool = false) -> String? {
            RowLines.difference(expected: a, actual: b, types: types, isSorted: sorted)
        }
        #expect(difference(["1\ta"], ["1\ta"], ["int", "string"]) == nil)
        #expect(difference(["1", "2"], ["2", "1"], ["int"], sorted: true) == nil)
        #expect(difference(["1", "2"], ["2", "1"], ["int"]) == "row 1: Spark gives 1, here 2")
        #expect(difference(["1"], ["1", "2"], ["int"]) == "2 rows, Spark gives 1")
        #expect(difference(["0.30000000000000004"], ["0.3"], ["double"]) == nil)
        #expect(difference(["0.30000000000000004"], ["0.3"], ["string"]) != nil)
        #expect(difference(["0.3001"], ["0.3"], ["double"]) != nil)
        #expect(difference(["1e+16"], ["1.0E16"], ["double"]) == nil)
        #expect(difference(["NULL"], ["0.0"], ["double"]) != nil)
        #expect(difference(["[0.1,2.0]"], ["[0.1,2]"], ["array<double>"]) == nil)
        #expect(difference(["[0.1,2.0]"], ["{0.1,2}"], ["array<double>"]) != nil)
    }
}
