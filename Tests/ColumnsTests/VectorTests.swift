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

    @Test("string views order as their bytes do: zeros, every length around the inline one, bytes above 127")
    func orderOfAll() {
        var texts: [[UInt8]] = [[]]
        for pattern: [UInt8] in [[0], [97, 0], [97, 97, 97, 97, 0, 255], [0xC3, 0xA9]] {
            for length in 1...20 { texts.append((0..<length).map { pattern[$0 % pattern.count] }) }
            texts.append([UInt8](repeating: 97, count: 11) + pattern)
            texts.append([UInt8](repeating: 97, count: 12) + pattern + [1])
        }
        let space = UnsafeMutableRawPointer.allocate(byteCount: 32 * texts.count, alignment: 8)
        defer { space.deallocate() }
        let views = texts.enumerated().map { index, bytes in
            space.advanced(by: 32 * index).copyMemory(from: bytes, byteCount: bytes.count)
            return StringView(space.advanced(by: 32 * index), count: bytes.count)
        }
        for (a, left) in zip(texts, views) {
            for (b, right) in zip(texts, views) {
                let order = StringView.compare(left, right)
                #expect((order < 0) == a.lexicographicallyPrecedes(b), "\(a) \(b)")
                #expect((order == 0) == (a == b), "\(a) \(b)")
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
