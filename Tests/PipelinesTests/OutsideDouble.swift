import Foundation
import Programs
import Synchronization

/// Runs a mail server and a web server that take alerts and events; both end with this object.
///
/// `@unchecked Sendable`: `lines` is guarded; all else is constant.
final class OutsideDouble: @unchecked Sendable {
    let smtpPort: Int
    let httpPort: Int
    /// PEM file of the authority of the mail server's certificate.
    let authority: String
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private let folder: URL
    private let lines = Mutex<[String]>([])

    init() throws {
        folder = try ProgramRun.makeFolder("outside")
        let certificates = folder.appendingPathComponent("certs").path
        _ = try ProgramRun.run(
            ProgramRun.root.appendingPathComponent("deploy/certificates"), [certificates], seconds: 30)
        authority = certificates + "/ca.pem"
        process.executableURL = ProgramRun.python
        process.arguments = [
            ProgramRun.root.appendingPathComponent("Tests/PipelinesTests/outside_double.py").path,
            certificates + "/coordinator.pem", certificates + "/coordinator-key.pem",
        ]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let first = OutsideDouble.line(output) ?? ""
        let ports = first.split(separator: " ").compactMap { Int($0) }
        guard ports.count == 2 else { throw TestCluster.Failure(what: "no servers: \(first)") }
        (smtpPort, httpPort) = (ports[0], ports[1])
        Thread.detachNewThread { [weak self, output] in
            while let line = OutsideDouble.line(output) {
                guard let self else { return }
                self.lines.withLock { $0.append(line) }
            }
        }
    }

    deinit {
        process.terminate()
        try? FileManager.default.removeItem(at: folder)
    }

    private static func line(_ pipe: Pipe) -> String? {
        var bytes: [UInt8] = []
        while let next = try? pipe.fileHandleForReading.read(upToCount: 1)?.first {
            if next == 10 { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(next)
        }
        return nil
    }

    /// Holds one thing that arrived.
    struct Arrival {
        var fields: [String: Any]
        subscript(_ name: String) -> String { fields[name].map { "\($0)" } ?? "" }
        var body: [String: Any] { fields["body"] as? [String: Any] ?? [:] }
        var headers: [String: String] { fields["headers"] as? [String: String] ?? [:] }
    }

    /// All that arrived of a kind: `mail` or `post`.
    func arrivals(_ kind: String) -> [Arrival] {
        lines.withLock { $0 }.compactMap {
            (try? JSONSerialization.jsonObject(with: Data($0.utf8))) as? [String: Any]
        }
        .map { Arrival(fields: $0) }.filter { $0["kind"] == kind }
    }
}
