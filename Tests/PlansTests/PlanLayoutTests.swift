import Foundation
import Testing
import Vocabulary

@testable import Plans

/// Holds the layout of version 1 in place. Each file has one message a line: task fragments, then stage
/// graphs.
/// `Cases/plans-version-1.hex` was written by protoc; `Cases/plans-version-1-unordered.hex` has messages
/// whose fields stand in another order or hold an empty text, as the first codec wrote them into logs.
@Suite("Plan layout")
struct PlanLayoutTests {
    private static func lines(_ name: String) throws -> [[UInt8]] {
        let url = try #require(Bundle.module.url(forResource: "Cases/\(name)", withExtension: "hex"))
        return try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map { line in
            let digits = Array(line.utf8)
            return try stride(from: 0, to: digits.count, by: 2).map { index in
                try #require(UInt8(String(decoding: digits[index..<index + 2], as: UTF8.self), radix: 16))
            }
        }
    }

    /// Reads lines as fragments, then as graphs, and fails for those that the corpus does not hold.
    private static func check(_ lines: [[UInt8]], graphCount: Int, isCanonical: Bool) throws {
        let known = Set(PlanCorpus.fragments)
        for bytes in lines.dropLast(graphCount) {
            let fragment = try PlanCodec.decode(bytes)
            #expect(known.contains(fragment))
            #expect((try PlanCodec.encode(fragment) == bytes) == isCanonical)
        }
        let graphs = Set(PlanCorpus.graphs)
        for bytes in lines.suffix(graphCount) {
            let (graph, settings) = try PlanCodec.decodeGraph(bytes)
            #expect(graphs.contains(graph))
            #expect(settings == PlanCorpus.settings)
            #expect((try PlanCodec.encode(graph, settings: settings) == bytes) == isCanonical)
        }
    }

    @Test("plans of version 1 are read, mean the same, and are written to the same bytes")
    func versionOne() throws {
        let lines = try Self.lines("plans-version-1")
        #expect(lines.count == 129)
        try Self.check(lines, graphCount: 3, isCanonical: true)
    }

    @Test("fields in any order and empty texts mean the same")
    func unordered() throws {
        let lines = try Self.lines("plans-version-1-unordered")
        #expect(lines.count == 5)
        try Self.check(lines, graphCount: 1, isCanonical: false)
    }

    @Test("a plan of another version is refused by name, even when nothing else of it can be read")
    func otherVersion() throws {
        var bytes = try PlanCodec.encode(PlanCorpus.fragment(PlanCorpus.scan))
        #expect(bytes[..<2] == [0x08, 1])
        bytes[1] = 2
        // A later layout: field 5 is no message any more.
        for other in [bytes, [0x08, 3, 0x28, 7], []] {
            #expect { try PlanCodec.decode(other) } throws: {
                ($0 as? EngineError)?.code == "INCOMPATIBLE_VERSION"
            }
            #expect { try PlanCodec.decodeGraph(other) } throws: {
                ($0 as? EngineError)?.code == "INCOMPATIBLE_VERSION"
            }
        }
    }

    @Test("fields that this release does not know are passed over")
    func unknownFields() throws {
        let fragment = PlanCorpus.fragment(PlanCorpus.scan)
        let bytes = try PlanCodec.encode(fragment)
        // Fields 1000 to 1003: a number, a text, 64 bits, 32 bits.
        let later: [UInt8] = [
            0xC0, 0x3E, 5, 0xCA, 0x3E, 2, 65, 66, 0xD1, 0x3E, 1, 2, 3, 4, 5, 6, 7, 8, 0xDD, 0x3E, 1, 2, 3, 4,
        ]
        #expect(try PlanCodec.decode(bytes + later) == fragment)
    }
}
