import Foundation
import Programs
import Testing

/// Two programs that know nothing of each other write one place in a bucket.
@Suite("Overwrites of one place by two programs", .serialized)
struct OverwriteRaceTests {
    @Test("of two that come at the same moment one wins whole, and the other fails and leaves nothing")
    func race() throws {
        let store = try StartedProgram(ProgramRun.python, ["-u", "-c", CopyTests.store])
        defer { store.send(SIGKILL) }
        #expect(eventually(within: 20) { store.outputSoFar.hasSuffix("\n") })
        let port = try #require(store.outputSoFar.firstMatch(of: /\d+/)).0
        let environment = [
            "AWS_ENDPOINT_URL": "http://127.0.0.1:\(port)", "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing", "AWS_REGION": "us-east-1",
        ]
        let program = ProgramRun.built("etl-submit")
        func submit(_ sql: String) throws -> StartedProgram {
            try StartedProgram(
                program, ["run", "--local", "-e", sql, "--output", "csv", "--progress", "none"],
                environment: environment)
        }
        var losses = 0
        var rounds = 0
        while rounds < 4 || (losses == 0 && rounds < 30) {
            let place = "s3://lake/out\(rounds)"
            rounds += 1
            func overwrite(_ who: String) -> String {
                "INSERT OVERWRITE DIRECTORY '\(place)' USING parquet "
                    + "SELECT /*+ REPARTITION(16) */ '\(who)' AS who, id FROM range(0, 1600)"
            }
            _ = try submit(overwrite("before")).waited()
            let both = try ["first", "second"].map { try submit(overwrite($0)) }
            let ended = try both.map { try $0.waited() }
            let lost = ended.filter { $0.status != 0 }
            losses += lost.count
            #expect(lost.count < 2, "\(ended.map(\.errors))")
            for loser in lost {
                #expect(loser.status == 1 && loser.errors.contains("OUTPUT_REPLACED"), "\(loser.errors)")
            }
            let rows = try submit("SELECT who, count(*) AS n FROM parquet.`\(place)` GROUP BY who").waited()
            let lines = rows.output.split(separator: "\n").map(String.init)
            let winners = zip(["first", "second"], ended).filter { $1.status == 0 }.map { "\($0.0),1600" }
            #expect(lines.count == 2 && winners.contains(lines.last ?? ""), "\(rows.output) \(rows.errors)")
        }
        #expect(losses > 0, "they never met: nothing was tested")
        print("\(losses) of \(rounds) overwrites met another one")
    }
}
