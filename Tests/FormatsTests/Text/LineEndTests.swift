import Columns
import Formats
import Memory
import SeededRandom
import Testing
import Vocabulary

/// Lines end as Hadoop's do, by which Spark reads: at a feed, at a return, at a return with a feed.
@Suite struct LineEndTests {
    /// The lines of a text as Hadoop's LineRecordReader cuts them, byte by byte.
    private func lines(_ text: [UInt8]) -> [String] {
        var (found, line, at): ([String], [UInt8], Int) = ([], [], 0)
        while at < text.count {
            let isEnd = text[at] == 10 || text[at] == 13
            if isEnd {
                found.append(String(decoding: line, as: UTF8.self))
                line = []
                if text[at] == 13, at + 1 < text.count, text[at + 1] == 10 { at += 1 }
            } else {
                line.append(text[at])
            }
            at += 1
        }
        if !line.isEmpty { found.append(String(decoding: line, as: UTF8.self)) }
        return found
    }

    private func read(_ source: MemorySource, _ range: Range<Int>) throws -> [String] {
        let reader = try TextLineReader(source: source, range: range, fields: [Field("value", .string)])
        return try rows(of: reader).map { row in
            if case .string(let text) = row[0] { text } else { "NULL" }
        }
    }

    @Test("lines of text end at a feed, at a return or at both, wherever a file is cut")
    func textLines() throws {
        let text = Array("a\rb\r\nc\r\r\nd\n\re\n\n\r\r\nf\r".utf8)
        let source = MemorySource(text)
        #expect(try read(source, 0..<text.count) == lines(text))
        for first in 0...text.count {
            for second in first...text.count {
                let parts = [0..<first, first..<second, second..<text.count]
                #expect(try parts.flatMap { try read(source, $0) } == lines(text), "\(first), \(second)")
            }
        }
    }

    @Test("ends of lines lie anywhere in the windows that a long text is read in", arguments: [1, 2, 3])
    func longTexts(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        let ends: [[UInt8]] = seed == 1 ? [[13]] : [[13], [13, 10], [10], [13, 13]]
        var text: [UInt8] = []
        while text.count < 900 << 10 {
            let length = Int.random(in: 0..<100_000, using: &random)
            text += repeatElement(UInt8(97 + length % 26), count: length)
            // Windows end at multiples of 256 KiB at first.
            if length % 3 == 0 { text += repeatElement(120, count: (262_143 - text.count % 262_144)) }
            text += ends.randomElement(using: &random) ?? []
        }
        let source = MemorySource(text)
        #expect(try read(source, 0..<text.count) == lines(text))
        let cuts = [0, 65_535, 262_143, 262_144, 262_145, text.count / 2, text.count]
        let parts = zip(cuts, cuts.dropFirst()).map { $0..<$1 }
        #expect(try parts.flatMap { try read(source, $0) } == lines(text))
    }

    @Test("JSON records end at returns, wherever a file is cut, and so in a broken line")
    func records() throws {
        let text = "{\"a\":1}\r{\"a\":2}\r\n{\"a\":3}\n{\"a\":4}\r\r{\"a\":\"x\ry\"}\r{\"a\":5}\r"
        let source = MemorySource(text)
        func read(_ range: Range<Int>, _ mode: String) throws -> [[Scalar]] {
            try rows(
                of: JSONReader(
                    source: source, range: range,
                    schema: Schema([Field("a", .int64), Field("_corrupt_record", .string)]),
                    options: JSONOptions(["mode": mode])))
        }
        let good: [[Scalar]] = [1, 2, 3, 4].map { [.integer($0), .null] }
        let expected: [[Scalar]] =
            good + [[.null, .string("{\"a\":\"x")], [.null, .string("y\"}")], [.integer(5), .null]]
        for cut in 0...source.byteCount {
            let parts = try read(0..<cut, "PERMISSIVE") + read(cut..<source.byteCount, "PERMISSIVE")
            #expect(parts == expected, "\(cut)")
        }
        #expect(throws: EngineError.self) { try read(0..<source.byteCount, "FAILFAST") }
        let inferred = try JSONSchemaInference(options: JSONOptions()).infer([
            MemorySource("{\"a\":1}\r{\"b\":2}\r")
        ])
        #expect(inferred.names == ["a", "b"])
    }
}
