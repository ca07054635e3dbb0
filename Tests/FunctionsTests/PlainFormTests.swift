import Columns
import Kernels
import Testing
import Vocabulary

@testable import Functions
@testable import Kernels

@Suite("Plain forms mean what the general ways mean")
struct PlainFormTests {
    /// Makes numbers that are the same in each run.
    private struct Numbers {
        var state: UInt64 = 11
        mutating func next(_ count: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state ^ state >> 29) >> 8) % count
        }
    }

    /// Changes, removes or adds a byte of a text, or leaves it.
    private func spoiled(_ text: String, _ numbers: inout Numbers) -> [UInt8] {
        var bytes = Array(text.utf8)
        let bytesOften = Array("0123459:-. TZe+/,".utf8)
        for _ in 0..<numbers.next(3) where !bytes.isEmpty {
            let (place, byte) = (numbers.next(bytes.count), bytesOften[numbers.next(bytesOften.count)])
            switch numbers.next(3) {
            case 0: bytes[place] = byte
            case 1: bytes.remove(at: place)
            default: bytes.insert(byte, at: place)
            }
        }
        return bytes
    }

    private func time(_ numbers: inout Numbers) -> Int {
        numbers.next(2 * 400_000 * 86_400) * 1_000_000 - 400_000 * 86_400_000_000 + numbers.next(1_000_000)
    }

    @Test(
        "a pattern of fixed length reads and writes as the same one behind a mark too long for its layout",
        arguments: [
            "yyyy-MM-dd HH:mm:ss", "dd/MM/yyyy HH:mm:ss", "yyyyMMdd", "yyyy-LL-dd'T'HH:mm:ss.SSS", "HH:mm:ss",
            "MM/dd/yyyy", "yyyy-MM-dd HH:mm:ss.SSSS", "ss mm HH yyyy",
        ])
    func layouts(pattern: String) throws {
        let mark = String(repeating: "m", count: 25)
        let (short, long) = (try DatePattern(pattern), try DatePattern("'\(mark)'" + pattern))
        #expect(short.layout != nil && long.layout == nil)
        var numbers = Numbers()
        for _ in 0..<3_000 {
            let local = time(&numbers)
            let text = short.format(local: local, offset: 0, zoneName: "UTC")
            #expect(Array(mark.utf8) + text == long.format(local: local, offset: 0, zoneName: "UTC"))
            let given = spoiled(String(decoding: text, as: UTF8.self), &numbers)
            let found = given.withUnsafeBytes { short.parse($0)?.local }
            let wanted = (Array(mark.utf8) + given).withUnsafeBytes { long.parse($0)?.local }
            #expect(found == wanted, "\(String(decoding: given, as: UTF8.self))")
        }
    }

    @Test("timestamps of the usual form are those that are read field by field")
    func timestamps() throws {
        let zone = try Zone.named("Europe/Berlin")
        var numbers = Numbers()
        for _ in 0..<20_000 {
            var text: [UInt8] = []
            let local = time(&numbers)
            TimeText.timestamp(local, &text)
            let builder = ViewBuilder(count: 1)
            if PlainTimestamp.put(local, builder, 0) {
                let written = builder.finish(.string, validity: nil).scalar(at: 0)
                #expect(written == .string(String(decoding: text, as: UTF8.self)))
            }
            if numbers.next(2) == 0 { text[10] = UInt8(ascii: "T") }
            if numbers.next(3) == 0 { text.append(UInt8(ascii: "Z")) }
            let given = spoiled(String(decoding: text, as: UTF8.self), &numbers)
            // With a blank before it a text is of no plain form; it is cut off.
            for zone in [zone, nil] {
                let found = given.withUnsafeBytes { TimeText.parseTimestamp($0, zone: zone) }
                let wanted = ([32] + given).withUnsafeBytes { TimeText.parseTimestamp($0, zone: zone) }
                #expect(found == wanted, "\(String(decoding: given, as: UTF8.self))")
            }
        }
    }

    @Test("decimals of few digits are those of the long arithmetic")
    func decimals() {
        var numbers = Numbers()
        for _ in 0..<20_000 {
            let scale = numbers.next(19)
            let value = Int128(numbers.next(1 << 55) >> numbers.next(50)) * (numbers.next(2) == 0 ? -1 : 1)
            let text = WideDecimal.text(value, scale: scale)
            for (isPlain, wanted) in [(true, text), (false, WideDecimal.scientificText(value, scale: scale))]
            {
                let builder = ViewBuilder(count: 1)
                if DecimalText.put(value, scale: scale, isPlain: isPlain, builder, 0) {
                    #expect(builder.finish(.string, validity: nil).scalar(at: 0) == .string(wanted))
                }
            }
            var given = spoiled(text, &numbers)
            while given.last == 32 { given.removeLast() }
            let to = numbers.next(19)
            // An exponent makes it one for the long way.
            let found = given.withUnsafeBytes { NumberText.parseDecimal($0, scale: to) }
            let hasExponent = given.contains { $0 | 32 == UInt8(ascii: "e") }
            let wanted = (given + (hasExponent ? [] : Array("e0".utf8))).withUnsafeBytes {
                NumberText.parseDecimal($0, scale: to)
            }
            #expect(found == wanted, "\(String(decoding: given, as: UTF8.self)) to \(to)")
        }
    }

    @Test("doubles are rounded to decimals as their texts are")
    func rounding() {
        var numbers = Numbers()
        for _ in 0..<20_000 {
            let (precision, scale) = (1 + numbers.next(18), numbers.next(7))
            let digits = Double(numbers.next(1 << 45) >> numbers.next(44))
            let value =
                digits / [1, 2, 3, 10, 1000, 1e5, 1e7][numbers.next(7)] * (numbers.next(2) == 0 ? 1 : -1)
            guard scale <= precision,
                let found = DoubleRounding(precision: precision, scale: scale).decimal(value)
            else { continue }
            let wanted = Array("\(value)".utf8).withUnsafeBytes { NumberText.parseDecimal($0, scale: scale) }
            #expect(Int128(found) == wanted, "\(value) to \(scale)")
            #expect(WideDecimal.fits(Int128(found), precision: precision))
        }
    }

    @Test("letters below U+0800 change as the library changes them, each and in words")
    func letters() {
        var texts = (1..<0x900).compactMap { Unicode.Scalar(UInt32($0)).map { "a\(Character($0))" } }
        texts += ["Grüße né", "ΑΣ ΣΑ", "İstanbul", "ŉ ǰ ΐ", "日本語 ü", "ﬁ", "😀é", "Ⱥ", "ÿ", "µ"]
        for text in texts {
            for toUpper in [true, false] {
                var out: [UInt8] = []
                let isKnown = Array(text.utf8).withUnsafeBytes {
                    ShortLetters(toUpper: toUpper).append($0, to: &out)
                }
                if isKnown {
                    let wanted = toUpper ? text.uppercased() : text.lowercased()
                    #expect(out == Array(wanted.utf8), "\(text)")
                }
            }
        }
        var out: [UInt8] = []
        for broken: [UInt8] in [[0xC3], [0xC3, 0x28], [0x80], [0xC1, 0x81], [0xE4, 0xBD], [0xFF, 0xFF]] {
            #expect(!broken.withUnsafeBytes { ShortLetters(toUpper: true).append($0, to: &out) })
        }
    }

    @Test("values selected are those of the sorted order, with doubles of all kinds")
    func selection() {
        var numbers = Numbers()
        for round in 0..<300 {
            let count = 1 + numbers.next(200)
            let values = (0..<count).map { place -> Double in
                switch round % 4 {
                case 0: return Double(numbers.next(5))
                case 1: return Double(place)
                case 2: return [.nan, .infinity, -.infinity, -1.5, 0][numbers.next(5)]
                default: return Double(numbers.next(1 << 40)) / 1024 - 1e8
                }
            }
            let sorted = values.sorted { Comparing.orderFloating($0, $1) < 0 }
            var selection = NumberSelection(values)
            for _ in 0..<3 {
                let place = numbers.next(count)
                let (first, next) = selection.values(at: place)
                #expect(Comparing.orderFloating(first, sorted[place]) == 0)
                #expect(Comparing.orderFloating(next, sorted[min(place + 1, count - 1)]) == 0)
            }
        }
    }

    @Test("the parts of URLs of ASCII are those of the general reader")
    func urls() {
        var numbers = Numbers()
        let pieces = [
            "http", "https", "ftp", ":", "//", "/", "?", "#", "@", "a.org", "user:pw", ":80", "[::1]", "x=1",
            "&",
            "%41", "mailto", "+", "a b", "-", "_", "9", "", "é",
        ]
        for _ in 0..<20_000 {
            let text = (0..<(1 + numbers.next(9))).map { _ in pieces[numbers.next(pieces.count)] }.joined()
            let bytes = Array(text.utf8)
            bytes.withUnsafeBytes { raw in
                guard let url = URLBytes(raw) else { return }
                let parts = URLParts(text)
                for name in ["HOST", "PATH", "QUERY", "REF", "PROTOCOL", "FILE", "AUTHORITY", "USERINFO"] {
                    let found = URLBytes.Part(rawValue: name).flatMap { url.range(of: $0) }
                    let shown = found.map { String(decoding: bytes[$0], as: UTF8.self) }
                    #expect(parts != nil && shown == parts?.part(name), "\(text) \(name)")
                }
            }
        }
    }
}
