import Testing
import Vocabulary

@Suite("Bytes as hexadecimal digits")
struct HexadecimalTests {
    @Test("every byte has two digits, small letters or capitals")
    func digits() {
        for byte in UInt8.min...UInt8.max {
            let text = (byte < 16 ? "0" : "") + String(byte, radix: 16)
            #expect(Hexadecimal.text(CollectionOfOne(byte)) == text)
            #expect(Hexadecimal.text(CollectionOfOne(byte), isUpper: true) == text.uppercased())
        }
        #expect(Hexadecimal.text([UInt8]()) == "")
        var out = Array("%".utf8)
        Hexadecimal.append(0x2F, Hexadecimal.upper, to: &out)
        #expect(out == Array("%2F".utf8))
    }
}
