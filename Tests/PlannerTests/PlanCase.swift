import Columns
import Foundation
import Plans
import SQLSyntax
import Testing
import Vocabulary

@testable import Planner

/// Holds the cases of one rule, read from `Cases/rules/NAME.plan`:
///
///     rule PushLimits
///     table t(a INT, b INT), 1000 rows, a 10 values
///
///     fires: a limit goes below a projection
///     SELECT a + 1 AS x FROM t LIMIT 3
///     expect Project
///     expect +- Limit 3
///     expect-not Limit 3 OFFSET
///
/// `fires` holds with the rule and does not hold without it. `stays` shows where the rule must not change the
/// plan: it holds with and without it. Each `expect` is a part of a line of the optimised plan, as EXPLAIN
/// EXTENDED prints it but for the columns' numbers; the lines come in this order. `expect-not` is in no line.
/// `no-stays: reason` says why a rule has no such case.
struct RuleCases {
    struct Case: CustomTestStringConvertible {
        var rule: String
        var name: String
        var fires: Bool
        var sql = ""
        var expected: [String] = []
        var unexpected: [String] = []
        var catalog: FixtureCatalog
        var facts: FixedFacts

        var testDescription: String { "\(rule): \(name)" }

        /// Returns the optimised plan, without one rule where `rule` names it.
        func plan(without rule: String? = nil) throws -> String {
            let bound = try BindFixture.plan(sql, catalog: catalog)
            let optimiser = Optimiser(
                facts: facts, settings: SessionSettings(), excluding: rule.map { [$0] } ?? [])
            return try optimiser.optimise(bound).description.replacing(/#\d+/, with: "")
        }

        /// Returns why a plan is not what is expected; nil when it is.
        func objection(to plan: String) -> String? {
            let lines = plan.split(separator: "\n")
            var from = 0
            for part in expected {
                guard let at = lines[from...].firstIndex(where: { $0.contains(part) }) else {
                    return "no line after \(from) has: \(part)"
                }
                from = at + 1
            }
            return unexpected.first { plan.contains($0) }.map { "a line has: \($0)" }
        }
    }

    private(set) var rule = ""
    private(set) var cases: [Case] = []
    /// Why there is no case where the rule must not do anything.
    private(set) var noStays: String?
    private var catalog = FixtureCatalog()
    private var facts = FixedFacts()

    /// The cases of all files.
    static let all: [RuleCases] = {
        let folder = Bundle.module.resourceURL?.appendingPathComponent("Cases/rules")
        let files = folder.flatMap { try? FileManager.default.contentsOfDirectory(atPath: $0.path) } ?? []
        return files.sorted().filter { $0.hasSuffix(".plan") }.compactMap { file in
            (folder?.appendingPathComponent(file)).flatMap { try? String(contentsOf: $0, encoding: .utf8) }
                .map(RuleCases.init)
        }
    }()

    /// The tables that were read.
    var tables: FixtureCatalog { catalog }

    init(_ text: String) {
        for line in text.split(separator: "\n").map(String.init) where !line.hasPrefix("#") { read(line) }
    }

    private mutating func read(_ line: String) {
        let words = line.split(separator: " ", maxSplits: 1).map(String.init)
        let rest = words.count > 1 ? words[1] : ""
        switch words.first ?? "" {
        case "rule": rule = rest
        case "no-stays:": noStays = rest
        case "table": addTable(rest)
        case "fires:", "stays:":
            cases.append(
                Case(rule: rule, name: rest, fires: words[0] == "fires:", catalog: catalog, facts: facts))
        case "expect": cases[cases.count - 1].expected.append(rest)
        case "expect-not": cases[cases.count - 1].unexpected.append(rest)
        default: cases[cases.count - 1].sql += (cases[cases.count - 1].sql.isEmpty ? "" : "\n") + line
        }
    }

    /// Reads `t(a INT, b INT), 1000 rows, a 10 values`.
    private mutating func addTable(_ text: String) {
        guard let match = text.wholeMatch(of: /(\w+)\((.*?)\)((?:, \w+ \d+ values|, \d+ rows)*)/),
            let fields = try? SQLParser.schema(SQLSource(String(match.2)))
        else { return }
        let name = String(match.1)
        for part in match.3.split(separator: ",").map({ $0.split(separator: " ") }) {
            if part.count == 2 {
                facts.rows[name] = Double(part[0])
            } else {
                facts.distinct["\(name).\(part[0])"] = Double(part[1])
            }
        }
        catalog.relations[name] = .files(
            FileRelation(format: .parquet, files: [], dataSchema: Schema(fields), name: name))
    }
}
