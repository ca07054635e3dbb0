import Foundation
import Programs
import Testing

/// Starts programs wrongly: each says what is wrong and what to do, with the right exit status.
@Suite("Programs that cannot work as they are told", .serialized)
struct RefusalTests {
    private static func run(_ program: String, _ arguments: [String]) throws -> ProgramRun {
        try ProgramRun.run(ProgramRun.built(program), arguments, seconds: 15)
    }

    @Test("a busy port, a state in use, and an address beyond this machine without protection")
    func coordinator() throws {
        let cluster = try TestCluster(workers: 0)
        defer { cluster.stop() }
        let other = cluster.file("other-state")
        let busy = try Self.run("etl-coordinator", ["--listen", cluster.address, "--state", other])
        #expect(busy.status == 1)
        #expect(busy.errors.contains("[ADDRESS_IN_USE]") && busy.errors.contains(cluster.address))
        let web = String(cluster.webURL.dropFirst("https://".count))
        let busyWeb = try Self.run(
            "etl-coordinator", ["--listen", "127.0.0.1:0", "--web", web, "--state", other])
        #expect(busyWeb.status == 1)
        #expect(busyWeb.errors.contains("choose another port with --web"))
        let locked = try Self.run(
            "etl-coordinator",
            ["--listen", "127.0.0.1:0", "--web", "127.0.0.1:0", "--state", cluster.file("state")])
        #expect(locked.status == 1)
        #expect(locked.errors.contains("[STATE_LOCKED]"))
        let open = try Self.run(
            "etl-coordinator", ["--listen", "0.0.0.0:0", "--web", "127.0.0.1:0", "--state", other])
        #expect(open.status == 2)
        #expect(open.errors.contains("--insecure"))
        let noFiles = ["--tls-cert", "nofile", "--tls-key", "nofile", "--tls-ca", "nofile"]
        for (flags, told) in [
            (["--listen", "127.0.0.1:99999"], "--listen is no address: 127.0.0.1:99999"),
            (["--listen", "nonsense"], "--listen is no address: nonsense"),
            (["--listen", "localhost:xx"], "--listen is no address: localhost:xx"),
            (["--web", "127.0.0.1"], "--web is no address: 127.0.0.1"),
            (["--storage", "zz://x"], "--storage is no place for files: zz://x"),
            (["--allow-path", "https://x/y"], "--allow-path is no place for files: https://x/y"),
            (
                ["--token-file", "nofile"],
                "--token-file: cannot read the file, No such file or directory: nofile"
            ),
            (
                ["--jwt-keys", "nofile"],
                "--jwt-keys: cannot read the file, No such file or directory: nofile"
            ),
            (["--jwt-audience", "x"], "--jwt-audience says nothing without --jwt-keys"),
            (noFiles, "The certificate file cannot be used (No such file or directory): nofile"),
        ] {
            let refused = try Self.run("etl-coordinator", ["--state", other] + flags)
            #expect(refused.status == 2 && refused.errors.contains(told), "\(refused.errors)")
        }
    }

    @Test("certificates of another authority, of another role, and none at all")
    func certificates() throws {
        let cluster = try TestCluster(workers: 0)
        defer { cluster.stop() }
        let foreign = try TestCluster(workers: 0)
        defer { foreign.stop() }
        let query = ["run", "-e", "SELECT 1"]
        let submit = { try Self.run("etl-submit", query + ["--coordinator", cluster.url] + $0) }
        let distrusting = try submit(foreign.certificates("submitter"))
        #expect(distrusting.status == 1)
        #expect(distrusting.errors.contains("[TLS_HANDSHAKE_FAILED]"), "\(distrusting.errors)")
        let bare = try submit(["--tls-ca", cluster.file("certs/ca.pem")])
        #expect(bare.status == 1)
        #expect(bare.errors.contains("Give a client certificate"), "\(bare.errors)")
        let clear = try Self.run("etl-submit", query + ["--coordinator", "http://\(cluster.address)"])
        #expect(clear.status == 1)
        #expect(clear.errors.contains("write https://"), "\(clear.errors)")
        let wrongRole = try Self.run(
            "etl-worker", ["--coordinator", cluster.url] + cluster.certificates("submitter"))
        #expect(wrongRole.status == 1)
        #expect(wrongRole.errors.contains("does not name the role etl-worker"), "\(wrongRole.errors)")
        let stranger = try Self.run(
            "etl-worker", ["--coordinator", cluster.url] + foreign.certificates("worker"))
        #expect(stranger.status == 1)
        #expect(stranger.errors.contains("[TLS_HANDSHAKE_FAILED]"), "\(stranger.errors)")
    }

    @Test("a certificate that has expired is named with its date and the remedy, by whoever starts with it")
    func expiredCertificates() throws {
        let cluster = try TestCluster(workers: 0)
        defer { cluster.stop() }
        for role in ["worker", "coordinator"] {
            let made = try ProgramRun.run(
                URL(fileURLWithPath: "/bin/sh"),
                [
                    "-c",
                    """
                    openssl x509 -x509toreq -in $0.pem -signkey $0-key.pem -copy_extensions copyall |
                    openssl x509 -req -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days -1 \\
                      -copy_extensions copyall -out old-$0.pem
                    """, role,
                ], in: cluster.folder.appendingPathComponent("certs"), seconds: 10)
            try #require(made.status == 0, "\(made.errors)")
        }
        func flags(_ role: String) -> [String] {
            [
                "--tls-cert", cluster.file("certs/old-\(role).pem"), "--tls-key",
                cluster.file("certs/\(role)-key.pem"), "--tls-ca", cluster.file("certs/ca.pem"),
            ]
        }
        func names(_ said: String, _ role: String) -> Bool {
            said.contains("the certificate of --tls-cert has expired on ")
                && said.contains(" GMT, and others")
                && said.contains("read again without a restart")
                && said.contains(cluster.file("certs/old-\(role).pem"))
        }
        let worker = try Self.run("etl-worker", ["--coordinator", cluster.url] + flags("worker"))
        #expect(worker.status == 1 && names(worker.errors, "worker"), "\(worker.errors)")
        #expect(worker.errors.contains("Renew the certificate given with --tls-cert"), "\(worker.errors)")
        // A coordinator goes on: it takes new files when they are there.
        let coordinator = try StartedProgram(
            ProgramRun.built("etl-coordinator"),
            ["--listen", "127.0.0.1:0", "--web", "127.0.0.1:0", "--state", cluster.file("other")]
                + flags("coordinator"))
        defer { coordinator.send(SIGKILL) }
        #expect(eventually(within: 15) { coordinator.outputSoFar.contains("listens on") })
        #expect(names(coordinator.errorsSoFar, "coordinator"), "\(coordinator.errorsSoFar)")
    }

    @Test("no coordinator, and a coordinator without workers, which a quiet client hears of too")
    func nobodyThere() throws {
        let nobody = try Self.run(
            "etl-submit", ["run", "-e", "SELECT 1", "--coordinator", "http://127.0.0.1:1"])
        #expect(nobody.status == 1)
        #expect(nobody.errors.contains("No coordinator answers at http://127.0.0.1:1"))
        let cluster = try TestCluster(workers: 0)
        defer { cluster.stop() }
        let job = try cluster.start(["run", "-e", "SELECT count(*) FROM range(10)", "--output", "csv"])
        #expect(eventually(within: 15) { job.errorsSoFar.contains("No worker is connected") })
        let quiet = try cluster.start(["run", "-e", "SELECT 1", "--progress", "none", "--output", "none"])
        #expect(eventually(within: 15) { quiet.errorsSoFar.contains("No worker is connected") })
        try cluster.startWorker()
        let ended = try job.waited()
        #expect(ended.status == 0, "\(ended.errors)")
        #expect(ended.output.contains("10"))
        #expect(try quiet.waited().status == 0)
    }

    @Test("a worker with other storage than the coordinator's, and flags that make no sense")
    func workerFlags() throws {
        let cluster = try TestCluster(workers: 0)
        defer { cluster.stop() }
        let arguments = ["--coordinator", cluster.url] + cluster.certificates("worker")
        let apart = try Self.run("etl-worker", arguments + ["--storage", "/elsewhere/"])
        #expect(apart.status == 1)
        #expect(
            apart.errors.contains("Its --storage is /elsewhere, the coordinator's is not given"),
            "\(apart.errors)")
        // What collects logs as JSON gets this line so, too.
        let lines = try Self.run("etl-worker", arguments + ["--storage", "/e/", "--log-format", "json"])
        let last = try #require(lines.errors.split(separator: "\n").last)
        let told = try JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any]
        #expect(told?["level"] as? String == "error", "\(lines.errors)")
        #expect((told?["message"] as? String)?.contains("Its --storage is /e,") == true, "\(lines.errors)")
        for (flags, told) in [
            (["--memory", "1k"], "--memory must be 64.0 MiB or more, not 1k"),
            (["--spill-limit", "1k"], "--spill-limit must be 64.0 MiB or more, not 1k"),
            (["--slots", "0"], "--slots is not a positive whole number: 0"),
            (["--slots", "5000"], "--slots must be 1024 or less"),
            (["--spill", "/proc/nothing"], "--spill: cannot write there"),
            (["--advertise", "bad"], "--advertise is no address: bad"),
            (["--advertise", ":7000"], "--advertise is no address: :7000"),
            (["--advertise", "host:0"], "--advertise is no address: host:0"),
            (["--web", "bad"], "--web is no address: bad"),
            (["--storage", "zz://x"], "--storage is no place for files: zz://x"),
            (["--coordinator", "ftp://x"], "--coordinator is no URL of a coordinator: ftp://x"),
            (["--spill", "/nosuch/spill"], "--spill: there is no such directory: /nosuch/spill"),
        ] {
            let refused = try Self.run("etl-worker", arguments + flags)
            #expect(refused.status == 2 && refused.errors.contains(told), "\(refused.errors)")
        }
        let id = try Self.run(
            "etl-submit",
            ["-e", "SELECT 1", "--id", "mine", "--coordinator", cluster.url]
                + cluster.certificates("submitter"))
        #expect(id.status == 2 && id.errors.contains("must be a UUID"), "\(id.errors)")
    }

    @Test("a worker without a coordinator ends within seconds when it is told to")
    func lonelyWorker() throws {
        let worker = try StartedProgram(
            ProgramRun.built("etl-worker"), ["--coordinator", "http://127.0.0.1:1"])
        #expect(eventually(within: 10) { worker.errorsSoFar.contains("Nothing listens") })
        #expect(worker.errorsSoFar.contains("waits for the coordinator at 127.0.0.1:1, and tries again"))
        worker.send(SIGTERM)
        #expect(promptly(within: 15) { !worker.isRunning })
        #expect(try worker.waited().status == 0)
    }

    @Test("a worker that alone holds rows says why it stays when it is told to stop; told again it ends")
    func lingeringWorker() throws {
        let cluster = try TestCluster(workers: 1)
        defer { cluster.stop() }
        let id = try cluster.submit(ShuffleJob.largeResultArguments).output
            .trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(
            try eventually(within: 20) { try cluster.submit(["status", id]).output.contains("succeeded") })
        try cluster.killCoordinator()
        let worker = try #require(cluster.workers.first)
        worker.send(SIGTERM)
        #expect(
            eventually(within: 10) {
                worker.errorsSoFar.contains(
                    "stopping: holds outputs of 1 job, and leaves when it is not needed")
            }, "\(worker.errorsSoFar)")
        #expect(worker.isRunning && worker.errorsSoFar.contains("a second signal ends it now"))
        worker.send(SIGTERM)
        #expect(promptly(within: 15) { !worker.isRunning })
    }

    @Test("a worker that asks at the web port is told of the likely slip")
    func otherPort() throws {
        let cluster = try TestCluster(workers: 0)
        defer { cluster.stop() }
        let worker = try StartedProgram(
            ProgramRun.built("etl-worker"),
            ["--coordinator", cluster.webURL.replacing("https", with: "http")])
        defer { worker.send(SIGKILL) }
        #expect(
            eventually(within: 20) { worker.errorsSoFar.contains("not its web port") },
            "\(worker.errorsSoFar)")
        let submit = try Self.run(
            "etl-submit",
            ["-e", "SELECT 1", "--coordinator", "http://127.0.0.1:1"] + cluster.certificates("submitter"))
        #expect(submit.status == 2 && submit.errors.contains("does not go with the TLS flags"))
        let role = try Self.run(
            "etl-coordinator",
            ["--listen", "127.0.0.1:0", "--web", "127.0.0.1:0", "--state", cluster.file("other")]
                + cluster.certificates("worker"))
        #expect(role.status == 2)
        #expect(role.errors.contains("the certificate does not name etl-coordinator"), "\(role.errors)")
    }

    @Test("a reader that has enough ends etl-submit quietly")
    func head() throws {
        let cluster = try TestCluster(workers: 1)
        defer { cluster.stop() }
        let command = ([ProgramRun.built("etl-submit").path] + cluster.clientArguments).joined(separator: " ")
        let run = try ProgramRun.run(
            URL(fileURLWithPath: "/bin/bash"),
            [
                "-c",
                "\(command) -e 'SELECT id FROM range(400000)' --output csv --progress none | head -n 1; "
                    + "echo ${PIPESTATUS[0]}",
            ])
        #expect(run.output == "id\n141\n" && !run.errors.contains("OUTPUT_CLOSED"), "\(run.errors)")
    }

    @Test("the same id twice is one job, and another job under it a conflict")
    func idempotence() throws {
        let cluster = try TestCluster(workers: 1)
        defer { cluster.stop() }
        let id = "0190a5b6-0000-7000-8000-000000000001"
        for _ in 0..<2 {
            let detached = try cluster.submit(["run", "-e", "SELECT 1 AS a", "--id", id, "--detach"])
            #expect(detached.status == 0, "\(detached.errors)")
            #expect(detached.output == id + "\n")
        }
        #expect(try cluster.submit(["list", "--all"]).output.ranges(of: id).count == 1)
        let waited = try cluster.submit(["wait", id, "--output", "csv"])
        #expect(waited.output == "a\n1\n", "\(waited.errors)")
        let other = try cluster.submit(["run", "-e", "SELECT 2 AS a", "--id", id])
        #expect(other.status == 1)
        #expect(other.errors.contains("[JOB_ID_CONFLICT]"), "\(other.errors)")
    }
}
