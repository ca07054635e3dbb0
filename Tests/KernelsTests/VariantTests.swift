import Columns
import Testing
import Vocabulary

@testable import Kernels

@Suite("Variants")
struct VariantTests {
    /// `{"a":1,"b":[1,2.5,"x",null,true]}` as Spark 4.1 writes it, the metadata in front.
    private static let bytes: [UInt8] =
        [1, 2, 0, 1, 2, 97, 98]
        + [2, 2, 0, 1, 0, 2, 22, 12, 1, 3, 5, 0, 2, 8, 10, 11, 12, 12, 1, 32, 1, 25, 0, 0, 0, 5, 120, 0, 4]

    private static func json(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        bytes.withUnsafeBytes { VariantText.write(VariantValue($0), .utc, &text) }
        return String(decoding: text, as: UTF8.self)
    }

    @Test("Spark's bytes read as the JSON that they were made of")
    func reading() {
        #expect(Self.json(Self.bytes) == #"{"a":1,"b":[1,2.5,"x",null,true]}"#)
    }

    @Test("a copy has Spark's bytes")
    func writing() {
        var builder = VariantBuilder()
        Self.bytes.withUnsafeBytes { builder.append(VariantValue($0)) }
        #expect(builder.finish() == Self.bytes)
    }

    @Test("bytes that are cut or changed read as something, and never trap")
    func damage() {
        for length in 0..<Self.bytes.count { _ = Self.json(Array(Self.bytes.prefix(length))) }
        for place in Self.bytes.indices {
            for value: UInt8 in [0, 1, 2, 3, 63, 128, 255] {
                var changed = Self.bytes
                changed[place] = value
                var text: [UInt8] = []
                changed.withUnsafeBytes { raw in
                    // Values lie behind the header that leads to them, so that reading ends.
                    for member in VariantValue(raw).members { _ = member.value.content }
                    for child in VariantValue(raw).children { _ = child.content }
                    text.append(0)
                }
                #expect(text.count == 1)
            }
        }
    }

    @Test("calendar intervals keep their parts in 16 bytes")
    func intervals() {
        let interval = CalendarInterval(months: -14, days: -3, microseconds: -5_500_000)
        #expect(CalendarInterval(bits: interval.bits) == interval)
        #expect(CalendarIntervalText.text(interval) == "-1 years -2 months -3 days -5.5 seconds")
        let text = Array("-1 years -2 months -3 days -5.5 seconds".utf8)
        #expect(text.withUnsafeBytes { CalendarIntervalText.parse($0) } == interval)
    }
}
