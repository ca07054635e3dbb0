import Columns
import Kernels
import Testing

@testable import Execution

@Suite struct GroupTableTests {
    /// Assigns groups batch by batch and checks them against a dictionary of scalars.
    private func check(_ types: [DataType], _ batches: [[[Scalar]]], flat: Bool = true) {
        let table = GroupTable(types: types)
        var known: [[Scalar]: UInt32] = [:]
        for rows in batches {
            let columns = types.indices.map { column in Vector.of(types[column], rows.map { $0[column] }) }
            var groups = [UInt32](repeating: .max, count: rows.count)
            table.assignGroups(columns, count: rows.count, into: &groups)
            for (row, group) in zip(rows, groups) {
                if let expected = known[row] { #expect(group == expected) } else { known[row] = group }
            }
        }
        #expect(table.groupCount == known.count)
        #expect(Set(known.values).count == known.count)
        let keys = table.keyColumns(from: 0, count: table.groupCount)
        for (row, group) in known { #expect(keys.map { $0.scalar(at: Int(group)) } == row) }
    }

    private func integers(_ count: Int, spread: Int64, nulls: Bool) -> [[Scalar]] {
        (0..<count).map { (i: Int) -> [Scalar] in
            if nulls, i % 17 == 0 { return [.null] }
            return [.integer((Int64(i) &* 2_654_435_761) % spread)]
        }
    }

    @Test("close integers, far integers and nulls each get one group per value")
    func integers() {
        for spread in [10, 5000, 1_000_000_007] as [Int64] {
            for nulls in [false, true] {
                check(
                    [.int64],
                    [
                        integers(3000, spread: spread, nulls: nulls),
                        integers(5000, spread: spread, nulls: nulls),
                    ])
            }
        }
    }

    @Test("a dense table that meets a far key goes over to hashing and keeps its groups")
    func denseToHashed() {
        let near: [[Scalar]] = (0..<2000).map { (i: Int) -> [Scalar] in [.integer(Int64(i % 500))] }
        let far: [[Scalar]] = [[.integer(.max)], [.integer(.min)], [.integer(7)], [.null]]
        check([.int64], [near, far, near, far])
    }

    @Test("long strings, short strings, nulls and several columns are told apart")
    func strings() {
        let texts: [Scalar] = [
            .string(""), .string("a"), .string("twelve bytes"), .string("thirteen bytes"),
            .string("thirteen bytez"), .string("thirteen bytes and more"), .null,
        ]
        let rows: [[Scalar]] = (0..<3000).map { i in
            [
                texts[i % texts.count], .integer(Int64(i % 5)),
                i % 11 == 0 ? .null : texts[(i / 7) % texts.count],
            ]
        }
        check([.string, .int32, .string], [rows, rows.reversed()])
        check([.string], [texts.map { [$0] }, texts.map { [$0] }])
    }

    @Test("positive and negative zero are one group, and so are all NaN")
    func floats() {
        let table = GroupTable(types: [.double])
        let column = Vector.of(.double, [.double(0), .double(-0.0), .double(.nan), .double(-.nan)])
        var groups = [UInt32](repeating: 0, count: 4)
        table.assignGroups([column], count: 4, into: &groups)
        #expect(groups == [0, 0, 1, 1])
    }

    @Test("dictionary codes give the same groups as the values they stand for")
    func dictionaries() {
        let table = GroupTable(types: [.string, .string])
        let first = Vector.of(.string, [.string("a"), .string("a string of some length")])
        let second = Vector.of(.string, [.string("a string of some length"), .string("a")])
        let codes = Vector.of(.int32, [.integer(0), .integer(1), .integer(0)])
        let constant = Vector.constant(.string("k"), count: 3)
        func coded(_ entries: Vector) -> Vector {
            .dictionary(entries, codes: codes.values!, count: 3, validity: Bitmap([true, true, false]))
        }
        var groups = [UInt32](repeating: 0, count: 3)
        table.assignGroups([coded(first), constant], count: 3, into: &groups)
        #expect(groups == [0, 1, 2])
        table.assignGroups([coded(second), constant], count: 3, into: &groups)
        #expect(groups == [1, 0, 2])
        table.assignGroups([coded(first).flattened(), constant.flattened()], count: 3, into: &groups)
        #expect(groups == [0, 1, 2])
    }
}
