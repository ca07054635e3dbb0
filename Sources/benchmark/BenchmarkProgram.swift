import Cluster
import Protocol
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Runs jobs one after the other in one warm cluster inside this process, as the peers' sessions do, for
/// `scripts/bench`. With an argument, the URL of a coordinator, the jobs run there and this is their one
/// client.
///
/// Reads jobs from standard input, each ended by a line that holds a single `.`; answers each with one line:
/// `ok SECONDS ROWS`, or `error MESSAGE`. Rows are read to the last, and thrown away.
@main
struct BenchmarkProgram {
    static func main() async throws {
        let service = try await openService()
        print("ready")
        fflush(nil)
        var text = ""
        while let line = readLine() {
            if line != "." {
                text += line + "\n"
                continue
            }
            print(await run(text, service))
            fflush(nil)
            text = ""
        }
        _exit(0)
    }

    private static func openService() async throws -> any JobService {
        guard CommandLine.arguments.count > 1 else { return try await EmbeddedCluster().service }
        return try RemoteJobService(url: CommandLine.arguments[1])
    }

    private static func run(_ sql: String, _ service: any JobService) async -> String {
        let clock = ContinuousClock()
        let start = clock.now
        do {
            var status = try await service.submit(JobRequest(sql: sql))
            while !status.state.isEnd {
                status = try await service.waitForChange(status.id, after: status.version, milliseconds: 1000)
            }
            if let error = status.error { throw error.engineError }
            var rows = 0
            if status.hasResult {
                for try await batch in try await service.result(status.id).batches { rows += batch.count }
            }
            let elapsed = clock.now - start
            let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
            return "ok \(seconds) \(rows)"
        } catch {
            let message = (error as? EngineError).map { "\($0.code) \($0.message)" } ?? "\(error)"
            return "error " + message.split(separator: "\n").joined(separator: " ")
        }
    }
}
