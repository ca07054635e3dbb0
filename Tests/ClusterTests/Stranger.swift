import Foundation
import Programs

/// Asks a worker for the output of a task as somebody who is no worker of the job would.
struct Stranger {
    let cluster: TestCluster
    /// Where the worker listens, and the path of an output that it holds.
    private let address: String
    private let path: String

    /// Finds an output by the log that a worker writes as JSON.
    init(_ cluster: TestCluster, holder worker: StartedProgram) throws {
        struct Line: Decodable {
            var message: String
            var stage: String?
            var task: Int?
            var launch: String?
        }
        self.cluster = cluster
        address = try cluster.address(of: worker)
        let lines = (worker.outputSoFar + worker.errorsSoFar).split(separator: "\n")
        for text in lines {
            guard let line = try? JSONDecoder().decode(Line.self, from: Data(text.utf8)),
                line.message == "task done", let stage = line.stage, let task = line.task,
                let launch = line.launch
            else { continue }
            path = "/shuffle/v1/0.\(stage).\(task)@\(launch)/0-1"
            return
        }
        throw TestCluster.Failure(what: "no task is done: \(lines)")
    }

    /// Returns the token of the job with an id: HMAC-SHA-256 under the key in the coordinator's log.
    func token(ofJob id: String) throws -> String {
        let program = """
            import hashlib, hmac, sqlite3, sys
            log = sqlite3.connect(sys.argv[1])
            key = log.execute("SELECT bytes FROM record WHERE kind = 7").fetchone()[0][-32:]
            print(hmac.new(key, sys.argv[2].encode(), hashlib.sha256).hexdigest(), end="")
            """
        return try ProgramRun.run(
            ProgramRun.python, ["-c", program, cluster.file("state/log.sqlite"), id], seconds: 20
        ).output
    }

    /// Returns the status of the answer, `000` without one. `certificate`: the role that it shows.
    func status(certificate: String?, token: String?) throws -> String {
        var arguments = ["-sk", "--http2", "--max-time", "10", "-o", "/dev/null", "-w", "%{http_code}"]
        if let certificate {
            arguments += ["--cert", cluster.file("certs/\(certificate).pem")]
            arguments += ["--key", cluster.file("certs/\(certificate)-key.pem")]
        }
        if let token { arguments += ["-H", "millrace-shuffle-token: \(token)"] }
        return try ProgramRun.run(
            URL(fileURLWithPath: "/usr/bin/curl"), arguments + ["https://\(address)\(path)"], seconds: 20
        ).output
    }
}
