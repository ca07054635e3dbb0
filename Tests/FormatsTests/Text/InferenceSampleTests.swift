import Testing
import Vocabulary

@testable import Formats

/// Which part of many or large text files the columns come from.
@Suite struct InferenceSampleTests {
    private let sample = InferenceSample(looksAtAll: false)
    private static let megabyte = 1 << 20

    @Test("small data is looked at whole, in however many files it lies")
    func whole() {
        let sizes = [Int](repeating: 100, count: 5_000)
        #expect(!sample.isPartial(sizes))
        #expect(sample.files(sizes) == Array(0..<5_000))
        #expect(sample.stretches(sizes).count == 5_000)
    }

    @Test("large data is looked at in stretches over all of it, and at the start of every file")
    func spread() {
        let sizes = [1_000 * Self.megabyte, 10, 1_000 * Self.megabyte]
        let stretches = sample.stretches(sizes)
        #expect(sample.isPartial(sizes))
        #expect(stretches.filter { $0.file == 1 }.map(\.range) == [0..<10])
        for file in [0, 2] {
            let ranges = stretches.filter { $0.file == file }.map(\.range)
            #expect((15...17).contains(ranges.count))
            #expect(ranges.first?.lowerBound == 0)
            #expect((ranges.last?.upperBound ?? 0) > 900 * Self.megabyte)
            #expect(ranges.allSatisfy { $0.upperBound <= sizes[file] })
        }
        #expect(stretches.reduce(0) { $0 + $1.range.count } <= 33 * Self.megabyte)
    }

    @Test("of very many files some are opened: the first, the last, and those in between at equal distances")
    func files() {
        let sizes = [Int](repeating: Self.megabyte, count: 10_000)
        let files = sample.files(sizes)
        #expect(files.count == InferenceSample.fileCount)
        #expect(files.first == 0 && files.last == 9_999)
        #expect(zip(files, files.dropFirst()).allSatisfy { (38...41).contains($1 - $0) })
    }

    @Test("samplingRatio makes inference look at everything")
    func ratio() {
        let all = InferenceSample(options: ["samplingRatio": "1.0"])
        let sizes = [Int](repeating: Self.megabyte, count: 300)
        #expect(all.files(sizes).count == 300)
        #expect(all.stretches(sizes).allSatisfy { $0.range == 0..<Self.megabyte })
        #expect(!InferenceSample(options: ["mode": "FAILFAST"]).looksAtAll)
    }

    @Test("a member and a wider value that only the last stretch holds are found")
    func lateRecord() throws {
        let line = "{\"a\":1,\"pad\":\"" + String(repeating: "x", count: 4_000) + "\"}\n"
        let body = String(repeating: line, count: 100 * Self.megabyte / line.utf8.count)
        let early = MemorySource(body)
        let late = MemorySource("{\"a\":2.5,\"b\":true}\n")
        let schema = try JSONSchemaInference(options: JSONOptions()).infer([early, MemorySource(""), late])
        #expect(
            schema.fields.map { "\($0.name) \($0.type.sqlName)" } == ["a DOUBLE", "b BOOLEAN", "pad STRING"])
    }
}
