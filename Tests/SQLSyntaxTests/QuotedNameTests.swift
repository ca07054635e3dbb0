import SQLSyntax
import Testing
import Vocabulary

@Suite("Names in back quotes")
struct QuotedNameTests {
    @Test(
        "are read as they were written, with marks behind a back quote", arguments: ["\u{301}", "\u{200D}"])
    func marks(mark: String) throws {
        let name = "a`\(mark): INT>; SELECT `\(mark)"
        let text = "STRUCT<`\(name.doubling("`"))`: INT>"
        let type = try SQLParser.type(SQLSource(text))
        guard case .structure(let fields) = type else {
            Issue.record("\(type)")
            return
        }
        #expect(fields.map { Array($0.name.text.utf8) } == [Array(name.utf8)])
        // Printed, it is the same again.
        #expect(Array(type.sql.utf8) == Array(text.utf8))
    }
}
