import ArgumentParser
import Settings
import Vocabulary
import Worker

#if canImport(Glibc)
    import Glibc
#endif

/// The program that runs tasks for a coordinator.
@main
struct WorkerProgram: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "etl-worker", abstract: "Runs tasks of a coordinator's jobs.",
        version: ProgramVersion.text)

    @Option(
        help: .init(
            "Coordinator, such as https://etl.example.com:7077 (default http://127.0.0.1:7077).",
            valueName: "url"))
    var coordinator: String?
    @Option(
        help: .init(
            "Address for other workers to fetch from (default 127.0.0.1:0, a free port).",
            valueName: "address:port"))
    var listen: String?
    @Option(
        help: .init(
            "HOST:PORT by which others reach this worker, where it differs from --listen.",
            valueName: "host:port"))
    var advertise: String?
    @Option(help: .init("Port of probes and metrics; none when not given.", valueName: "address:port"))
    var web: String?
    @Option(
        help: .init(
            "Tasks that run at once (default: the processors of the control group or machine).",
            valueName: "number"))
    var slots: String?
    @Option(
        help: .init(
            """
            Memory for tasks, such as 4g (default: three quarters of the control group's or machine's; less \
            below 1280m).
            """, valueName: "size"))
    var memory: String?
    @Option(help: .init("Directory for what does not fit in memory (default /tmp).", valueName: "folder"))
    var spill: String?
    @Option(
        help: .init(
            "Size of the volume of --spill, such as 20g, if the system shows another; nine tenths are used.",
            valueName: "size")
    )
    var spillLimit: String?
    @Option(
        parsing: .upToNextOption,
        help: .init(
            "Web servers that jobs may read from: public, or origins such as https://api.example.com.",
            valueName: "server"))
    var allowHttp: [String] = []
    @Option(
        parsing: .upToNextOption,
        help: .init(
            "Environment variables that jobs may refer to as secrets; * stands for any letters.",
            valueName: "name"))
    var allowEnv: [String] = []
    @OptionGroup var node: NodeOptions

    func run() async throws {
        let settings = ProgramSettings(
            flags: [
                "coordinator": coordinator, "listen": listen, "advertise": advertise, "web": web,
                "slots": slots, "memory": memory, "spill": spill,
                "spill-limit": spillLimit,
            ], lists: ["allow-http": allowHttp, "allow-env": allowEnv], node: node)
        if let text = getenv(FailPoint.variable) { try FailPoint.arm(String(cString: text)) }
        let server = try await WorkerServer(settings)
        print(server.greeting)
        fflush(nil)
        let (signals, input) = AsyncStream<Int32>.makeStream()
        StopSignal.watch { input.yield($0) }
        try CrashReport.watch(milliseconds: WorkerNode.farewellMilliseconds) { work in
            Task { await server.crashed(in: work) }
        }
        let watching = Task {
            var count = 0
            for await number in signals {
                count += 1
                // A second signal, or Ctrl-C, does not wait for tasks.
                if number == SIGINT || count > 1 { _exit(number == SIGINT ? 130 : 1) }
                await server.drain()
            }
        }
        defer { watching.cancel() }
        if let error = await server.run() { throw error }
    }

    static func main() async {
        StopSignal.prepare()
        CrashReport.install(program: "etl-worker")
        let status = await ProgramEntry.run(Self.self) { ProgramLog.report($0, of: "etl-worker") }
        fflush(nil)
        // Not `exit`: threads of tasks and servers may still be ending.
        _exit(status)
    }
}
