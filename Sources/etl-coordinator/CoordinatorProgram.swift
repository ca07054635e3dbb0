import ArgumentParser
import Coordinator
import Settings
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// The program that takes jobs and hands their tasks to workers.
@main
struct CoordinatorProgram: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "etl-coordinator", abstract: "Takes jobs, plans them and has workers run their tasks.",
        version: ProgramVersion.text)

    @Option(
        help: .init(
            "Cluster port for workers and etl-submit (default 127.0.0.1:7077).", valueName: "address:port"))
    var listen: String?
    @Option(
        help: .init(
            "Port of the page, REST, metrics and probes (default 127.0.0.1:8080).", valueName: "address:port")
    )
    var web: String?
    @Option(
        parsing: .upToNextOption,
        help: .init(
            """
            Hosts that the page may be asked for by, beside addresses (default: any; on loopback localhost).
            """,
            valueName: "host")
    )
    var webHost: [String] = []
    @Option(
        parsing: .upToNextOption,
        help: .init(
            """
            Hosts that the cluster port may be asked for by, beside addresses (default: any; on loopback
            localhost).
            """, valueName: "host"))
    var clusterHost: [String] = []
    @Option(help: .init("Directory of the durable state (default ./etl-state).", valueName: "folder"))
    var state: String?
    @Option(
        help: .init(
            "File of bearer tokens, one `token role name` a line; roles are viewer, submitter, admin.",
            valueName: "file"))
    var tokenFile: String?
    @Option(
        help: .init(
            "File of public keys (JWKS) of whoever signs bearer tokens (JWT); read again when it changes.",
            valueName: "file"))
    var jwtKeys: String?
    @Option(
        help: .init("What signed tokens must name as their audience (default millrace).", valueName: "name"))
    var jwtAudience: String?
    @Option(
        parsing: .upToNextOption,
        help: .init(
            "Environment variables that pipelines may read with env_var(); * stands for any letters.",
            valueName: "name"))
    var allowEnv: [String] = []
    @Option(
        parsing: .upToNextOption,
        help: .init(
            """
            Servers for files at https:// and for webhooks, mail and OpenLineage events of pipelines: public,
            or origins such as https://chat.example.com, smtp://mail.example.com:587.
            """, valueName: "server"))
    var allowHttp: [String] = []
    @Option(
        parsing: .upToNextOption,
        help: .init(
            """
            Queues of jobs as name=weight: slots are shared by the weights (default: any name is a queue,
            and all weigh alike).
            """, valueName: "name=weight"))
    var queues: [String] = []
    @Option(help: .init("Jobs that run at once; further ones are queued (default 100).", valueName: "number"))
    var maxRunningJobs: String?
    @Option(
        help: .init(
            "Jobs that are accepted before they have ended; further ones are refused (default 5000).",
            valueName: "number"))
    var maxJobs: String?
    @Option(
        help: .init(
            "Ended jobs, and ended runs of pipelines, that are remembered (default 1000).",
            valueName: "number"))
    var history: String?
    @OptionGroup var node: NodeOptions

    func run() async throws {
        let settings = ProgramSettings(
            flags: [
                "listen": listen, "web": web, "state": state, "token-file": tokenFile,
                "jwt-keys": jwtKeys, "jwt-audience": jwtAudience, "max-running-jobs": maxRunningJobs,
                "max-jobs": maxJobs, "history": history,
            ],
            lists: [
                "allow-env": allowEnv, "allow-http": allowHttp, "web-host": webHost,
                "cluster-host": clusterHost, "queues": queues,
            ], node: node)
        if let text = getenv(FailPoint.variable) {
            try FailPoint.arm(String(cString: text)) { StandardError.print("passes \($0.rawValue)") }
        }
        let server = try await CoordinatorServer(settings)
        print(server.greeting)
        fflush(nil)
        let (signals, input) = AsyncStream<Int32>.makeStream()
        StopSignal.watch { input.yield($0) }
        for await number in signals {
            await server.stop()
            if number == SIGINT { throw ProgramExit(status: 130) }
            return
        }
    }

    static func main() async {
        StopSignal.prepare()
        CrashReport.install(program: "etl-coordinator")
        let status = await ProgramEntry.run(Self.self) { ProgramLog.report($0, of: "etl-coordinator") }
        fflush(nil)
        // Not `exit`: threads of the servers may still be ending.
        _exit(status)
    }
}
