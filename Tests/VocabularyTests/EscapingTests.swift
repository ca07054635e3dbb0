import Testing
import Vocabulary

@Suite("Escaping of quotes")
struct EscapingTests {
    /// What makes one `Character` with the sign before it.
    static let marks = ["", "\u{301}", "\u{200D}", "\u{FE0F}", "x", "\u{301}\u{200D}"]

    @Test("reaches each sign, whatever mark follows it", arguments: marks)
    func signs(mark: String) {
        for sign: Unicode.Scalar in ["`", "'", "\"", "\\"] {
            let text = "a\(sign)\(mark) b\(sign)\(mark)"
            let doubled = "a\(sign)\(sign)\(mark) b\(sign)\(sign)\(mark)"
            // As bytes: texts are equal by Character.
            #expect(Array(text.doubling(sign).utf8) == Array(doubled.utf8))
            let slashed = "a\\\(sign)\(mark) b\\\(sign)\(mark)"
            #expect(Array(text.backslashing("\\", "'", "\"", "`").utf8) == Array(slashed.utf8))
        }
    }

    @Test("leaves other texts as they are")
    func plain() {
        for text in ["", "é", "a b", "\u{301}"] {
            #expect(Array(text.doubling("`").utf8) == Array(text.utf8))
            #expect(Array(text.backslashing("'", "\\").utf8) == Array(text.utf8))
        }
        #expect("\\'".backslashing("\\", "'") == "\\\\\\'")
        #expect("''".doubling("'") == "''''")
    }
}
