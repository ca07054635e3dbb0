import Testing

@testable import Functions

/// The figures of levels and items are those of Spark 4.1's `kll_sketch_to_string_bigint`.
@Suite("KLL sketches")
struct KLLSketchTests {
    private func sketch(_ values: some Sequence<Int64>, size: Int = 200) -> KLLSketch {
        var sketch = KLLSketch(.bigint, size: size)
        for value in values { sketch.add(value) }
        return sketch
    }

    @Test(
        "a full sketch halves its levels as Apache DataSketches does",
        arguments: [
            (200, 200, 1, 200, 200), (201, 200, 2, 101, 333), (300, 200, 2, 200, 333),
            (401, 200, 2, 201, 333),
            (1000, 200, 3, 324, 422), (5000, 200, 5, 474, 521), (9, 8, 2, 5, 16), (100, 8, 4, 23, 32),
            (100_000, 400, 8, 1149, 1154),
        ])
    func shape(_ count: Int64, _ size: Int, _ levels: Int, _ retained: Int, _ capacity: Int) {
        // As the partial and the final aggregate make it.
        var sketch = KLLSketch(.bigint, size: size)
        sketch.merge(self.sketch(0..<count, size: size))
        #expect(sketch.levels.count == levels && sketch.retained == retained && sketch.capacity == capacity)
        #expect(sketch.count == count && sketch.minimum == 0 && sketch.maximum == count - 1)
    }

    @Test("ranks and quantiles are off by less than the error that the sketch states")
    func accuracy() {
        let count: Int64 = 100_000
        // In an order that is neither that of the values nor its reverse.
        let sketch = sketch((0..<count).map { $0 * 7919 % count })
        for rank in [0.01, 0.25, 0.5, 0.9, 0.99] {
            let value = sketch.quantiles([rank])[0]
            #expect(abs(Double(value) / Double(count) - rank) < 0.027, "quantile \(rank): \(value)")
            let found = sketch.ranks([Int64(rank * Double(count))])[0]
            #expect(abs(found - rank) < 0.027, "rank \(rank): \(found)")
        }
    }

    @Test("sketches that are merged in any grouping hold all values, and come back from their bytes")
    func merging() throws {
        for size in [8, 200] {
            var all = KLLSketch(.bigint, size: size)
            for part in 0..<20 {
                var piece = sketch(Int64(part) * 500..<Int64(part + 1) * 500, size: size)
                if part % 3 == 0 {
                    piece.merge(all)
                    all = piece
                } else {
                    all.merge(piece)
                }
                all = try #require(KLLSketch(.bigint, all.bytes))
                let weight = all.levels.enumerated().reduce(0) { $0 + $1.element.count << $1.offset }
                #expect(weight == (part + 1) * 500 && all.count == Int64(weight))
                #expect(all.retained <= all.capacity)
                #expect(all.levels.dropFirst().allSatisfy { $0 == $0.sorted() })
            }
            #expect(all.minimum == 0 && all.maximum == 9999)
            let median = all.quantiles([0.5])[0]
            #expect(abs(median - 5000) < (size == 8 ? 4000 : 300), "\(median)")
        }
    }

    @Test("bytes that are no sketch are refused")
    func damaged() {
        let bytes = sketch(0..<500).bytes
        #expect(KLLSketch(.bigint, bytes) != nil)
        for length in 0..<bytes.count { #expect(KLLSketch(.bigint, Array(bytes[..<length])) == nil) }
        for place in 0..<40 {
            for bit in 0..<8 {
                var changed = bytes
                changed[place] ^= 1 << bit
                // Whatever is taken answers without a trap.
                guard let sketch = KLLSketch(.bigint, changed), sketch.count > 0 else { continue }
                _ = (sketch.quantiles([0, 0.5, 1]), sketch.ranks([.min, 0, .max]), sketch.summary)
                var twice = sketch
                twice.merge(sketch)
                #expect(twice.count == sketch.count * 2)
            }
        }
    }

    @Test("numbers keep their order and their bits")
    func numbers() {
        let values = [-Double.infinity, -1e300, -1, -0.0, 0, 5e-324, 1, .infinity]
        let items = values.compactMap(KLLSketch.item)
        #expect(items == items.sorted() && items.count == values.count)
        #expect(items.map(KLLSketch.number).map(\.bitPattern) == values.map(\.bitPattern))
        #expect(KLLSketch.item(.nan) == nil)
    }
}
