import SQLSyntax
import Vocabulary

extension Pipeline {
    /// Parses the queries of the steps and their tests. Throws the first `PARSE_SYNTAX_ERROR`, with its place
    /// in the user's files; whether tables and columns are there only a run can tell.
    package func checkSyntax() throws {
        for test in steps.flatMap(\.tests) {
            do throws(EngineError) {
                _ = try SQLParser.statements(SQLSource(test.query, file: test.name))
            } catch {
                var placed = error
                placed.location = test.place(of: error.location, after: DataTest.linesBefore)
                throw placed
            }
        }
        for step in steps where step.extract == nil && !step.sql.isEmpty {
            do throws(EngineError) {
                _ = try SQLParser.statements(SQLSource(step.sql, file: step.label))
            } catch {
                var placed = error
                placed.location = step.place(of: error.location)
                throw placed
            }
        }
    }
}
