import Columns
import Testing

@Suite("A column's quoted name")
struct FieldNameTests {
    @Test("doubles each back quote, whatever mark follows it", arguments: ["", "\u{301}", "\u{200D}"])
    func marks(mark: String) {
        #expect(Field("plain_1", .int64).quotedName == "plain_1")
        let quoted = Field("a`\(mark)b", .int64).quotedName
        #expect(Array(quoted.utf8) == Array("`a``\(mark)b`".utf8))
    }
}
