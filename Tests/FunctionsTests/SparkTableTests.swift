import Columns
import Foundation
import Functions
import Kernels
import Plans
import Testing
import Vocabulary

/// Compares with a table of expressions, types and results that Spark 4.1 gave (ANSI mode, session in UTC).
@Suite struct SparkTableTests {
    private func table(_ name: String) throws -> [[String]] {
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(
            path: "Tables/\(name).tsv")
        return try String(contentsOf: url, encoding: .utf8).split(separator: "\n")
            .map { $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init) }
    }

    /// Evaluates an expression; nil stands for an error.
    private func evaluate(_ text: String, _ settings: SessionSettings) -> (type: String, value: String) {
        do {
            var parser = ExpressionText(text, settings: settings)
            let expression = try parser.expression()
            let result = try Evaluator([expression], settings: settings).evaluate(
                Batch(columns: [], count: 1))[0]
            let shown = try Casting.cast(result, to: .string, mode: .null, zone: .utc).scalar(at: 0)
            let type = expression.type.sqlName.lowercased().replacing(" ", with: "")
            if case .string(let value) = shown { return (type, value) }
            return (type, "NULL")
        } catch let error as EngineError {
            return ("error", error.code)
        } catch {
            return ("error", "\(error)")
        }
    }

    @Test("every expression has Spark's type and value, or fails with Spark's error class")
    func values() throws {
        let settings = SessionSettings()
        for row in try table("expressions") {
            let (type, value) = evaluate(row[0], settings)
            let expected = row[1].lowercased().replacing(" ", with: "")
            if expected == "error" {
                #expect("error \(value)" == "error \(row[2])", "\(row[0])")
            } else {
                #expect("\(type) \(value)" == "\(expected) \(row[2])", "\(row[0])")
            }
        }
    }

    @Test("folding gives what evaluation gives, and leaves failing parts alone")
    func folding() throws {
        let settings = SessionSettings()
        for row in try table("expressions") {
            var parser = ExpressionText(row[0], settings: settings)
            guard let expression = try? parser.expression() else { continue }
            let folded = ConstantFolding.fold(expression, settings: settings)
            guard case .literal(let literal) = folded else { continue }
            let value = try Evaluator([expression], settings: settings).evaluate(
                Batch(columns: [], count: 1))[0]
            #expect("\(value.scalar(at: 0))" == "\(literal.value)", "\(row[0])")
        }
    }
}
