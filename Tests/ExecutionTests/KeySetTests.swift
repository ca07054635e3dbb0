import Columns
import Kernels
import Memory
import Plans
import Testing

@testable import Execution

@Suite("Filters of join keys")
struct KeySetTests {
    private func kept(_ set: KeySet, _ column: Vector) -> [Int] {
        let buffer = Buffer(byteCount: max(column.count, 1) * 4)
        let rows = buffer.pointer(as: UInt32.self)
        let count = set.select(column, count: column.count, into: rows)
        return (0..<count).map { Int(rows[$0]) }
    }

    @Test(
        "a set keeps exactly the rows whose value is among the keys, never a null",
        arguments: [DataType.int8, .int16, .int32, .int64, .date, .decimal(precision: 12, scale: 2)])
    func members(type: DataType) throws {
        func value(_ number: Int) -> Scalar {
            if case .decimal = type { .decimal(Int128(number)) } else { .integer(Int64(number)) }
        }
        let keys = stride(from: -120, to: 100, by: 7).map(value) + [.null]
        let set = try #require(KeySet.make(.of(type, keys), count: keys.count))
        for nullEvery in [0, 5] {
            let asked = (-127..<127).map { number in
                nullEvery > 0 && number % nullEvery == 0 ? Scalar.null : value(number)
            }
            let wanted = asked.indices.filter { !asked[$0].isNull && keys.contains(asked[$0]) }
            #expect(kept(set, .of(type, asked)) == wanted)
        }
    }

    @Test("there is no set of texts, of keys that lie far apart, or of no keys")
    func refused() {
        #expect(KeySet.make(.of(.string, [.string("a")]), count: 1) == nil)
        #expect(KeySet.make(.of(.int64, [.integer(.min), .integer(.max)]), count: 2) == nil)
        #expect(KeySet.make(.of(.int64, [.integer(0), .integer(1 << 24)]), count: 2) == nil)
        #expect(KeySet.make(.of(.int64, []), count: 0) == nil)
        #expect(KeySet.make(.of(.int64, [.null]), count: 1) == nil)
    }

    @Test("a scan's filter gives the same rows in whichever order its steps come to stand")
    func steps() throws {
        let budget = StageRunner.context().resources.budget
        let type = DataType.int64
        let keys = Vector.of(type, (0..<10).map { Scalar.integer($0 * 3) })
        let table = try JoinTable(rows: Batch(columns: [keys], count: 10), keys: [keys], budget: budget)
        let isSmall = Expression.call(
            FunctionCall("less", [.input(0, type), .literal(.int64(800))], type: .boolean))
        let filter = try ScanDecodeFilter([isSmall], settings: SessionSettings())
        filter.add(JoinKeyFilter(table), columns: [1])
        for round in 0..<40 {
            let count = 1000
            let first = (0..<count).map { Int64(($0 * 7 + round) % count) }
            let second = (0..<count).map { Int64(($0 + round) % 60) }
            let columns = [first, second].map { Vector.of(type, $0.map { .integer($0) }) }
            var left = Array(0..<count)
            for (step, used) in filter.begin().enumerated() {
                let rows = left.map { UInt32($0) }
                let batch = rows.withUnsafeBufferPointer { rows in
                    Batch(
                        columns: used.map { columns[$0].gathered(rows.baseAddress!, count: rows.count) },
                        count: rows.count)
                }
                let passed = try filter.select(batch, step: step)
                left = (0..<passed.count).map { left[Int(passed.rows[$0])] }
            }
            let wanted = (0..<count).filter { first[$0] < 800 && second[$0] < 30 && second[$0] % 3 == 0 }
            #expect(left == wanted, "batch \(round)")
        }
    }
}
