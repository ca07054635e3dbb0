import Testing

@testable import Planner

@Suite("Golden plans of rules")
struct RuleCaseTests {
    @Test(
        "a rule does what its cases say, and it is the rule that does it",
        arguments: RuleCases.all.flatMap(\.cases))
    func golden(_ golden: RuleCases.Case) throws {
        let plan = try golden.plan()
        if let objection = golden.objection(to: plan) { Issue.record("\(objection)\n\(plan)") }
        let without = try golden.plan(without: golden.rule)
        let objection = golden.objection(to: without)
        if golden.fires {
            #expect(objection != nil, "the case holds without the rule, too:\n\(without)")
        } else if let objection {
            Issue.record("without the rule: \(objection)\n\(without)")
        }
    }

    @Test("every rule has a name, a reason, a case where it fires and one where it must not")
    func complete() {
        #expect(RuleCases.all.map(\.rule).sorted() == Optimiser.rules.map(\.name).sorted())
        for rule in Optimiser.rules {
            #expect(rule.reason.hasSuffix("."), "\(rule.name)")
            let cases = RuleCases.all.filter { $0.rule == rule.name }
            #expect(cases.flatMap(\.cases).contains { $0.fires }, "\(rule.name) never fires")
            let stays = cases.flatMap(\.cases).contains { !$0.fires }
            #expect(stays == (cases.first?.noStays == nil), "\(rule.name) has no case where it must not fire")
            for golden in cases.flatMap(\.cases) {
                #expect(!golden.expected.isEmpty || !golden.unexpected.isEmpty, "\(golden.name)")
            }
        }
    }
}
