import Columns
import Kernels
import Testing

@testable import Functions

@Suite("Short ways for texts and numbers")
struct TextAlgorithmTests {
    /// Makes numbers that are the same in each run.
    private struct Numbers {
        var state: UInt64 = 7
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ state >> 29
        }
    }

    private func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var previous = Array(0...b.count)
        for (i, x) in a.enumerated() {
            var current = [i + 1]
            for (j, y) in b.enumerated() {
                current.append(min(previous[j] + (x == y ? 0 : 1), previous[j + 1] + 1, current[j] + 1))
            }
            previous = current
        }
        return previous[b.count]
    }

    @Test("edit distances by bits are those of the table, up to and past 64 characters")
    func distances() {
        var (numbers, edits) = (Numbers(), EditDistance())
        for _ in 0..<400 {
            let texts = (0..<2).map { _ in
                (0..<(numbers.next() % 80)).map { _ in UInt8(97 + numbers.next() % 3) }
            }
            let found = texts[0].withUnsafeBytes { a in
                texts[1].withUnsafeBytes { b in edits.between(a, b) }
            }
            #expect(found == distance(texts[0], texts[1]))
        }
    }

    @Test("doubles read and written the short way are those of the library")
    func doubles() {
        var numbers = Numbers()
        for _ in 0..<20_000 {
            let digits = Double(Int64(numbers.next() >> (numbers.next() % 54 + 10)))
            let value = digits / [1, 10, 100, 1000, 1e6, 1e9][Int(numbers.next() % 6)]
            let text = "\(value)"
            let read = text.utf8.withContiguousStorageIfAvailable {
                ExactDouble.read(UnsafeRawBufferPointer($0))
            }
            if let read = read ?? nil { #expect(read == value) }
            var written: [UInt8] = []
            if ExactDouble.append(-value, to: &written) {
                #expect(String(decoding: written, as: UTF8.self) == NumberText.text(-value))
            }
        }
    }

    @Test("numbers with commas are those that the pattern writes")
    func grouped() {
        var numbers = Numbers()
        for _ in 0..<5_000 {
            let value =
                Double(Int64(bitPattern: numbers.next()) >> 30) / 1024 / Double(1 + numbers.next() % 97)
            let places = Int(numbers.next() % 7)
            var written: [UInt8] = []
            if GroupedNumber.append(value, places: places, to: &written) {
                let text = String(decoding: written, as: UTF8.self)
                #expect(text == DecimalPattern(places: places).text(value), "\(value)")
            }
        }
    }

    @Test("a builder takes back what was appended, in lists of structures too")
    func builder() {
        let type = DataType.array(
            .structure([Field("a", .int32), Field("b", .array(.string, containsNull: true))]),
            containsNull: true)
        let builder = ColumnBuilder(type, capacity: 1)
        let row = Scalar.array([
            .structure([.integer(1), .array([.string("a text of more than twelve bytes"), .null])]), .null,
        ])
        var expected: [Scalar] = []
        for i in 0..<200 {
            if i % 3 == 0 {
                builder.append(.null)
                expected.append(.null)
            } else {
                builder.append(row)
                expected.append(row)
            }
            if i % 7 == 0 {
                builder.append(row)
                builder.appendNull()
                builder.truncate(to: expected.count)
            }
        }
        let vector = builder.finish()
        #expect(vector.count == 200)
        for (i, value) in expected.enumerated() { #expect(vector.scalar(at: i) == value) }
    }

    @Test("a tape refuses what is no JSON, and reads strings over any number of blocks")
    func tape() {
        let tape = JSONTape()
        func isRead(_ text: String) -> Bool { Array(text.utf8).withUnsafeBytes { tape.read($0) } }
        for text in [
            "", "{", "{\"a\"}", "[1,]", "[1 2]", "01", "-", "1.", "1e", "tru", "truex", "\"a", "\"\n\"",
            "\"\\x\"",
            "\"\\u12\"", "{a:1}", "\"\\ud800\\u0041\"", String(repeating: "[", count: 501),
        ] {
            #expect(!isRead(text), "\(text)")
        }
        for text in ["0", "-1.5e+3", " [ ] ", "{}x", "'a'", "null", "\"\\ud83d\\ude00\"", "[[],{},\"\"]"] {
            #expect(isRead(text), "\(text)")
        }
        for length in 0..<40 {
            for place in 0..<max(length, 1) {
                var inside = [UInt8](repeating: 97, count: length)
                if length > 0 { inside[place] = 0xC3 }
                let text = [34] + inside + [34, 44]
                text.withUnsafeBytes { bytes in
                    #expect(tape.read(bytes))
                    #expect(Array(tape.raw(0)) == inside)
                }
            }
        }
    }
}
