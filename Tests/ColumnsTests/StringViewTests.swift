import Columns
import Testing

@Suite("Views of strings")
struct StringViewTests {
    @Test("texts are given as they are", arguments: ["", "abc", "a text beyond twelve bytes", "é€😀"])
    func valid(_ text: String) {
        #expect(utf8(Array(text.utf8)) == Array(text.utf8))
    }

    @Test("bytes that are no UTF-8 become U+FFFD, inline and not")
    func invalid() {
        #expect(utf8([0x61, 0xFF]) == Array("a\u{FFFD}".utf8))
        let long = [UInt8](repeating: 0x62, count: 20)
        #expect(utf8(long + [0xC3]) == long + Array("\u{FFFD}".utf8))
    }

    private func utf8(_ bytes: [UInt8]) -> [UInt8] {
        // An empty array's buffer may have no address.
        (bytes + [0]).withUnsafeBytes { raw in
            guard let base = raw.baseAddress else { return [] }
            return StringView(base, count: bytes.count).withUTF8 { Array($0) }
        }
    }
}
