import Columns
import Kernels
import Memory
import Testing

@Suite struct SortKeysTests {
    private func check(
        _ columns: [Vector], _ ascending: [Bool], _ nullsFirst: [Bool], count: Int, limit: Int? = nil
    ) {
        let sorted = SortKeys.sortedRows(
            columns: columns, ascending: ascending, nullsFirst: nullsFirst, count: count, limit: limit)
        let wanted = min(limit ?? count, count)
        let rows = (0..<wanted).map { Int(sorted.pointer(as: UInt32.self)[$0]) }
        func order(_ i: Int, _ j: Int) -> Int {
            for (c, column) in columns.enumerated() {
                let (a, b) = (column.isNull(i), column.isNull(j))
                if a && b { continue }
                if a || b { return a == nullsFirst[c] ? -1 : 1 }
                let result = Comparing.compareRows(column, i, column, j)
                if result != 0 { return ascending[c] ? result : -result }
            }
            return i - j
        }
        let expected = (0..<count).sorted { order($0, $1) < 0 }.prefix(wanted)
        #expect(rows == Array(expected))
    }

    @Test("rows come out in order for every type, direction and null order", arguments: Samples.types)
    func everyType(_ type: DataType) {
        for (vector, list) in Samples.vectors(type) {
            for ascending in [true, false] {
                for nullsFirst in [true, false] {
                    check([vector], [ascending], [nullsFirst], count: list.count)
                }
            }
        }
    }

    @Test("several columns order by the first that differs")
    func several() {
        for n in [65, 4096] {
            let a = Vector.of(
                .string, (0..<n).map { $0 % 11 == 0 ? .null : .string("common prefix \($0 * 37 % 5)") })
            let b = Vector.of(.int64, (0..<n).map { .integer(Int64($0 * 7919 % 13) - 6) })
            let c = Vector.of(.double, (0..<n).map { .double(Double($0 * 31 % 7) - 3) })
            let d = Vector.of(.boolean, (0..<n).map { .boolean($0 % 2 == 0) })
            for limit in [nil, 0, 1, 10, 1000] as [Int?] {
                check([b, c, d], [true, false, true], [true, true, true], count: n, limit: limit)
                check([a, b, c], [false, true, true], [false, true, true], count: n, limit: limit)
                check([d, a, c], [false, true, true], [false, true, true], count: n, limit: limit)
                check([c, d, b], [true, true, false], [true, true, true], count: n, limit: limit)
            }
        }
    }

    @Test("texts order by every byte, also by zeros at their ends and behind long prefixes they share")
    func texts() {
        let long = String(repeating: "x", count: SortKeys.textBytes + 3)
        let words = [
            "", "\0", "a", "a\0", "a\0\0b", "eight by", "eight byt", "eight byt\0", "twelve bytes",
            "twelve bytez", "thirteen byte", "thirteen bytes", "sixteen bytes in", "sixteen bytes in it",
            long, long + "a", long + "b",
        ]
        for n in [20, 300, 4096] {
            var columns: ([Scalar], [Scalar], [Scalar]) = ([], [], [])
            for row in 0..<n {
                columns.0.append(row % 13 == 0 ? .null : .string(words[row * 37 % words.count]))
                columns.1.append(.string(words[row * 101 % 7 + 10]))
                columns.2.append(row % 5 == 0 ? .null : .integer(Int64(row * 31 % 7)))
            }
            let (a, b) = (Vector.of(.string, columns.0), Vector.of(.string, columns.1))
            let c = Vector.of(.int32, columns.2)
            for ascending in [true, false] {
                check([a, b, c], [ascending, true, false], [true, false, true], count: n)
                check([c, b, a], [true, ascending, true], [false, true, ascending], count: n)
                check([b, c, b, a], [!ascending, true, true, ascending], [true, true, true, false], count: n)
            }
        }
    }

    @Test("keys of different batches compare as their rows do")
    func blocks() {
        let encoder = SortKeyEncoder(
            types: [.string, .int32], ascending: [true, false], nullsFirst: [true, false])
        let a = encoder.encode(
            [.of(.string, [.string("a"), .null]), .of(.int32, [.integer(1), .integer(2)])], count: 2)
        let b = encoder.encode(
            [.constant(.string("a"), count: 2), .of(.int32, [.integer(2), .null])], count: 2)
        #expect(a.compare(0, b, 0) > 0)
        #expect(a.compare(0, b, 1) < 0)
        #expect(a.compare(1, b, 0) < 0)
        #expect(!encoder.isExact)
    }
}
