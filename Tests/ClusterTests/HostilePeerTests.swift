import Foundation
import Programs
import Testing

@Suite("The cluster ports under attack", .serialized)
struct HostilePeerTests {
    @Test("with few descriptors, connections that say nothing take none that others need")
    func descriptors() throws {
        let folder = try ProgramRun.makeFolder("descriptors")
        defer { try? FileManager.default.removeItem(at: folder) }
        let program = try StartedProgram(
            URL(fileURLWithPath: "/usr/bin/prlimit"),
            [
                "--nofile=160:160", ProgramRun.built("etl-coordinator").path, "--listen", "127.0.0.1:0",
                "--web", "127.0.0.1:0", "--state", folder.appendingPathComponent("state").path,
            ])
        defer { program.send(SIGKILL) }
        #expect(eventually(within: 15) { program.outputSoFar.contains("listens on") })
        let ports = program.outputSoFar.matches(of: /http:\/\/127\.0\.0\.1:(\d+)/).map { String($0.1) }
        try #require(ports.count == 2, "\(program.outputSoFar)")
        let run = try ProgramRun.run(
            ProgramRun.python,
            [
                "-c",
                """
                import socket, subprocess, sys, time, urllib.request
                held = []
                for port in sys.argv[1:3]:
                    for _ in range(200):
                        held.append(socket.create_connection(("127.0.0.1", int(port)), 30))
                time.sleep(3)
                print(urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[2]}/livez", timeout=30).read())
                command = [sys.argv[3], "list", "--coordinator", f"http://127.0.0.1:{sys.argv[1]}"]
                print(subprocess.run(command, timeout=60).returncode)
                """, ports[0], ports[1], ProgramRun.built("etl-submit").path,
            ], seconds: 150)
        #expect(run.output.contains("b'ok\\n'") && run.output.hasSuffix("0\n"), "\(run)")
        #expect(program.isRunning)
    }

    @Test("what RFC 9113 forbids and what attackers send ends as it must, while others are served")
    func frames() throws {
        let script = ProgramRun.root.appendingPathComponent("scripts/check-frames").path
        let programs = ProgramRun.built("etl-coordinator").deletingLastPathComponent().path
        let run = try ProgramRun.run(ProgramRun.python, [script, "--programs", programs], seconds: 180)
        #expect(run.status == 0, "\(run.output.suffix(6000))\(run.errors.suffix(3000))")
    }
}
