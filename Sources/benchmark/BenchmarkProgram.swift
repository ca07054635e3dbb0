import Cluster
import Columns
import Kernels
import Protocol
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Runs jobs one after the other in one warm cluster inside this process, as the peers' sessions do, for
/// `scripts/bench` and `scripts/fuzz-sql`. With the URL of a coordinator as argument, the jobs run there and
/// this is their one client.
///
/// Reads jobs from standard input, each ended by a line that holds a single `.`; answers each with one line:
/// `ok SECONDS ROWS`, or `error MESSAGE`. Rows are read to the last, and thrown away; with `--rows` they come
/// before that line: `columns` and a JSON array of the types, then each row as a JSON object.
@main
struct BenchmarkProgram {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        let showsRows = arguments.contains("--rows")
        let service = try await openService(arguments.first { !$0.hasPrefix("--") })
        print("ready")
        fflush(nil)
        var text = ""
        while let line = readLine() {
            if line != "." {
                text += line + "\n"
                continue
            }
            print(await run(text, service, showsRows: showsRows))
            fflush(nil)
            text = ""
        }
        _exit(0)
    }

    private static func openService(_ url: String?) async throws -> any JobService {
        guard let url else { return try await EmbeddedCluster().service }
        return try RemoteJobService(url: url)
    }

    /// Returns the answer to one job.
    private static func run(_ sql: String, _ service: any JobService, showsRows: Bool) async -> String {
        let clock = ContinuousClock()
        let start = clock.now
        do {
            var status = try await service.submit(JobRequest(sql: sql))
            while !status.state.isEnd {
                status = try await service.waitForChange(status.id, after: status.version, milliseconds: 1000)
            }
            if let error = status.error { throw error.engineError }
            var rows = 0
            var shown = ""
            if status.hasResult {
                let result = try await service.result(status.id)
                if showsRows { shown = columnsLine(result.schema) }
                for try await batch in result.batches {
                    rows += batch.count
                    if showsRows { shown += try lines(batch, result) }
                }
            }
            let elapsed = clock.now - start
            let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
            return "\(shown)ok \(seconds) \(rows)"
        } catch {
            let message = (error as? EngineError).map { "\($0.code) \($0.message)" } ?? "\(error)"
            return "error " + message.split(whereSeparator: \.isNewline).joined(separator: " ")
        }
    }

    private static func columnsLine(_ schema: Schema) -> String {
        var names: [UInt8] = []
        for type in schema.types {
            if !names.isEmpty { names.append(UInt8(ascii: ",")) }
            JSONString.append(type.sqlName, to: &names)
        }
        return "columns [\(String(decoding: names, as: UTF8.self))]\n"
    }

    private static func lines(_ batch: Batch, _ result: JobResult) throws(EngineError) -> String {
        let text = try RowText(
            batch, schema: result.schema, isJSON: true, zone: try Zone.named(result.timeZone))
        var out: [UInt8] = []
        for row in 0..<text.rowCount { text.appendJSON(row: row, to: &out) }
        return String(decoding: out, as: UTF8.self)
    }
}
