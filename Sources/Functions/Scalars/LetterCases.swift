import Columns
import Kernels
import Plans
import Vocabulary

/// Declares the functions that change letters between capitals and small ones.
enum LetterCases {
    static let all: [ScalarFunction] = [
        cased("upper", ["ucase"], "Returns the text in capitals.", "upper('a')", toUpper: true),
        cased("lower", ["lcase"], "Returns the text in small letters.", "lower('A')", toUpper: false),
        ScalarFunction(
            "initcap", typing: Signature.of([.string], .string),
            "Makes the first letter of each word a capital.", example: "initcap('a b')"
        ) { call in
            let rows = Rows(call)
            return rows.written { row, out in
                rows.columns[0].view(row).withBytes { bytes in
                    if UTF8Text.isASCII(bytes) {
                        capitalizeASCII(bytes, &out)
                    } else {
                        out.append(contentsOf: capitalized(bytes))
                    }
                }
                return true
            }
        },
    ]

    private static func cased(
        _ name: String, _ aliases: [String], _ summary: String, _ example: String, toUpper: Bool
    ) -> ScalarFunction {
        ScalarFunction(
            name, aliases: aliases, typing: Signature.of([.string], .string), summary, example: example
        ) { call in
            let rows = Rows(call)
            let builder = ViewBuilder(count: rows.count)
            let letters = ASCIILetters(toUpper: toUpper)
            let others = ShortLetters(toUpper: toUpper)
            var out: [UInt8] = []
            rows.each { row in
                let view = rows.columns[0].view(row)
                if let changed = letters.changed(view, builder) {
                    builder.share(changed, row)
                    return
                }
                out.removeAll(keepingCapacity: true)
                if view.withBytes({ others.append($0, to: &out) }) {
                    builder.put(out, row)
                } else {
                    builder.put(toUpper ? view.string.uppercased() : lowered(view.string), row)
                }
            }
            return builder.finish(.string, validity: rows.validity)
        }
    }

    /// Returns the text in small letters; a sigma that ends a word is ς, as Unicode's Final_Sigma wants and
    /// Swift does not do.
    private static func lowered(_ text: String) -> String {
        let sigma: Unicode.Scalar = "\u{3A3}"
        let scalars = Array(text.unicodeScalars)
        guard scalars.contains(sigma) else { return text.lowercased() }
        var result = ""
        for (i, scalar) in scalars.enumerated() {
            let isFinal =
                scalar == sigma && isBesideLetter(scalars[..<i].reversed())
                && !isBesideLetter(Array(scalars[(i + 1)...]))
            result += isFinal ? "\u{3C2}" : scalar.properties.lowercaseMapping
        }
        return result
    }

    /// Says whether the first scalar that is not ignored for case (as accents and apostrophes) has case.
    private static func isBesideLetter(_ scalars: [Unicode.Scalar]) -> Bool {
        scalars.first { !$0.properties.isCaseIgnorable }?.properties.isCased ?? false
    }

    private static func capitalizeASCII(_ bytes: UnsafeRawBufferPointer, _ out: inout [UInt8]) {
        var isFirst = true
        for byte in bytes {
            let isLetter = byte | 32 >= 97 && byte | 32 <= 122
            out.append(!isLetter ? byte : isFirst ? byte & 0xDF : byte | 32)
            isFirst = byte == 32
        }
    }

    private static func capitalized(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var result: [UInt8] = []
        for (i, word) in bytes.split(separator: 32, omittingEmptySubsequences: false).enumerated() {
            if i > 0 { result.append(32) }
            let text = lowered(String(decoding: word, as: UTF8.self))
            guard let first = text.unicodeScalars.first else { continue }
            result.append(contentsOf: first.properties.titlecaseMapping.utf8)
            result.append(contentsOf: String(text.unicodeScalars.dropFirst()).utf8)
        }
        return result
    }
}

/// Changes the case of ASCII letters, eight bytes at a time within a word (Lamport, CACM 1975).
private struct ASCIILetters {
    /// Added to a byte below 0x80, sets its highest bit when the byte is at least the first letter…
    private let fromFirst: UInt64
    /// …and when it is past the last letter.
    private let pastLast: UInt64
    private static let highBits: UInt64 = 0x8080_8080_8080_8080
    private static let ones: UInt64 = 0x0101_0101_0101_0101

    init(toUpper: Bool) {
        let (first, last) = toUpper ? (UInt64(97), UInt64(122)) : (65, 90)
        fromFirst = ASCIILetters.ones &* (128 &- first)
        pastLast = ASCIILetters.ones &* (127 &- last)
    }

    /// Flips bit 5 of the letters of a word whose bytes are all below 0x80.
    @inline(__always)
    private func flipped(_ word: UInt64) -> UInt64 {
        let letters = (word &+ fromFirst) & ~(word &+ pastLast) & ASCIILetters.highBits
        return word ^ (letters &>> 2)
    }

    /// Returns the text with its letters changed, in a heap of `builder` where it is long; nil when it has
    /// other than ASCII letters.
    @inline(__always)
    func changed(_ view: StringView, _ builder: ViewBuilder) -> StringView? {
        if !view.isInline { return changedLong(view, builder) }
        let length = view.head & 0xFFFF_FFFF
        let start = view.head &- length
        if (start | view.tail) & ASCIILetters.highBits != 0 { return nil }
        return StringView(head: flipped(start) | length, tail: flipped(view.tail))
    }

    private func changedLong(_ view: StringView, _ builder: ViewBuilder) -> StringView? {
        let (bytes, count) = (view.address, view.count)
        let last = count &- 8
        var all = bytes.loadUnaligned(fromByteOffset: last, as: UInt64.self)
        var at = 0
        while at < last {
            all |= bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            at &+= 8
        }
        if all & ASCIILetters.highBits != 0 { return nil }
        guard let out = builder.reserve(count) else { return StringView(bytes, count: 0) }
        at = 0
        while at < last {
            let word = bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            out.storeBytes(of: flipped(word), toByteOffset: at, as: UInt64.self)
            at &+= 8
        }
        // The last eight bytes overlap those before: both write the same there.
        let word = bytes.loadUnaligned(fromByteOffset: last, as: UInt64.self)
        out.storeBytes(of: flipped(word), toByteOffset: last, as: UInt64.self)
        return StringView(out, count: count)
    }
}
