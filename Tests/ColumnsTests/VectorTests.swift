import Columns
import Testing

@Suite struct VectorTests {
    @Test("every type gives back the values that were put in")
    func roundTrip() {
        let long = "a string that does not fit inline"
        let cases: [(DataType, [Scalar])] = [
            (.boolean, [.boolean(true), .null, .boolean(false)]),
            (.int8, [.integer(-1), .null, .integer(127)]),
            (.int64, [.integer(.max), .integer(.min), .null]),
            (.decimal(precision: 18, scale: 2), [.decimal(-123), .null]),
            (.decimal(precision: 38, scale: 2), [.decimal(Int128.max), .null]),
            (.string, [.string(""), .string("twelve bytes"), .string(long), .null]),
            (.array(.string, containsNull: true), [.array([.string(long), .null]), .null, .array([])]),
            (
                .map(key: .string, value: .int32, valueContainsNull: true),
                [.map(keys: [.string("k")], values: [.integer(1)]), .null]
            ),
            (
                .structure([Field("a", .int32), Field("b", .string)]),
                [.structure([.integer(1), .string("x")]), .null]
            ),
        ]
        for (type, values) in cases {
            let vector = Vector.of(type, values)
            #expect((0..<values.count).map { vector.scalar(at: $0) } == values)
            #expect(vector.nullCount == values.count { $0.isNull })
        }
    }

    @Test("a dictionary vector reads through its codes")
    func dictionary() {
        let entries = Vector.of(.string, [.string("a"), .string("b")])
        let codes = Vector.of(.int32, [.integer(1), .integer(0), .integer(1)])
        let vector = Vector.dictionary(
            entries, codes: codes.values!, count: 3, validity: Bitmap([true, false, true]))
        #expect((0..<3).map { vector.scalar(at: $0) } == [.string("b"), .null, .string("b")])
    }

    @Test("string views order by bytes, shorter first")
    func order() {
        let texts = ["", "a", "ab", "abcdefghijkl", "abcdefghijklm", "abcdefghijkln", "b", "é"]
        let vector = Vector.of(.string, texts.map { .string($0) })
        let views = vector.pointer(as: StringView.self)
        for i in texts.indices {
            for j in texts.indices {
                #expect((StringView.compare(views[i], views[j]) < 0) == (i < j))
                #expect((views[i] == views[j]) == (i == j))
            }
        }
    }

    @Test("bits past the end of a bitmap are clear and not counted")
    func bitmapTail() {
        let map = Bitmap(repeating: true, count: 70)
        #expect(map.zeroCount == 0)
        #expect(map.words[1] == 63)
        #expect(Bitmap.intersection(map, Bitmap((0..<70).map { $0 % 2 == 0 }))?.zeroCount == 35)
    }
}
