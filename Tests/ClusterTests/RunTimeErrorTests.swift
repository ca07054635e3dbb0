import Foundation
import Programs
import Testing

/// Errors that workers find come back with their place in the user's text.
@Suite("Errors at run time, from workers", .serialized)
struct RunTimeErrorTests {
    @Test("etl-submit and REST name line and column of the expression")
    func place() throws {
        let cluster = try TestCluster(workers: 2)
        defer { cluster.stop() }
        let text =
            """
            SELECT g, sum(q) FROM (
              SELECT id % 3 AS g, 10 div (id - 7) AS q
              FROM range(20)) GROUP BY g
            """
        let run = try cluster.submit(["run", "-e", text])
        #expect(run.status == 1)
        #expect(run.errors.contains("[DIVIDE_BY_ZERO]"), "\(run.errors)")
        let shown = """
              --> <command line>:2:23
               |   SELECT id % 3 AS g, 10 div (id - 7) AS q
               |                       ^^^^^^^^^^^^^^^
            """
        #expect(run.errors.contains(shown), "\(run.errors)")
        let jobs = try cluster.get("/api/v1/jobs")
        #expect(jobs.contains("\"DIVIDE_BY_ZERO\""), "\(jobs)")
        struct Jobs: Decodable {
            struct Job: Decodable {
                struct Failure: Decodable {
                    var code: String
                    var line: Int?
                    var column: Int?
                }
                var error: Failure?
            }
            var jobs: [Job]
        }
        let decoded = try JSONDecoder().decode(Jobs.self, from: Data(jobs.utf8)).jobs
        #expect(decoded.first?.error?.line == 2 && decoded.first?.error?.column == 23, "\(jobs)")
    }
}
