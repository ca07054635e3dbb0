import Foundation
import Programs

/// Runs a stand-in for Snowflake under the real driver: `fakesnow`'s server from PyPI. It ends with the
/// tests.
///
/// `@unchecked Sendable`: it does not change after it was made; its process is only told to end.
final class SnowflakeDouble: @unchecked Sendable {
    private let program: StartedProgram
    private let port: String

    /// The server that all tests share, or why it did not start.
    static let shared = Result { try SnowflakeDouble() }

    /// A password that no message may show.
    static let canary = "canary p@ss/7:e"

    private init() throws {
        let script = ProgramRun.root.appendingPathComponent("Tests/ConnectorsTests/snowflake_double.py")
        program = try StartedProgram(ProgramRun.python, [script.path], limits: ProgramLimits(seconds: 600))
        let program = program
        guard eventually(within: 60, { program.outputSoFar.hasSuffix("\n") }) else {
            throw TestCluster.Failure(what: "fakesnow did not start: \(program.errorsSoFar.suffix(2000))")
        }
        port = program.outputSoFar.filter(\.isNumber)
        let address = "snowflake://etl@127.0.0.1:\(port)/SHOP/PUBLIC?protocol=http&account=double&warehouse=w"
        setenv("MILLRACE_SF", address, 1)
        setenv("MILLRACE_SF_PASSWORD", SnowflakeDouble.canary, 1)
        atexit {
            if case .success(let double) = SnowflakeDouble.shared { double.program.send(SIGTERM) }
        }
    }

    /// Runs statements that must succeed and returns their rows, with `|` between columns.
    func rows(_ statements: [String]) throws -> String {
        let script = ProgramRun.root.appendingPathComponent("Tests/ConnectorsTests/snowflake_sql.py")
        let run = try ProgramRun.run(ProgramRun.python, [script.path, port] + statements, seconds: 60)
        guard run.status == 0 else { throw TestCluster.Failure(what: run.errors) }
        return run.output
    }
}
