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

    @Option(help: "Coordinator, such as https://etl.example.com:7077 (default http://127.0.0.1:7077).")
    var coordinator: String?
    @Option(help: "Address for other workers to fetch from (default 127.0.0.1:0, a free port).")
    var listen: String?
    @Option(help: "HOST:PORT by which others reach this worker, where it differs from --listen.")
    var advertise: String?
    @Option(help: "Port of probes and metrics; none when not given.")
    var web: String?
    @Option(help: "Tasks that run at once (default: the processors of the control group or machine).")
    var slots: String?
    @Option(
        help: "Memory for tasks, such as 4g (default: three quarters of the control group's or machine's).")
    var memory: String?
    @Option(help: "Directory for what does not fit in memory (default /tmp).")
    var spill: String?
    @Option(help: "Directory or URL that relative paths of jobs are below.")
    var storage: String?
    @Option(parsing: .upToNextOption, help: "Further absolute paths or URLs that jobs may use.")
    var allowPath: [String] = []
    @Option(
        parsing: .upToNextOption,
        help: "Web servers that jobs may read from: public, or origins such as https://api.example.com.")
    var allowHttp: [String] = []
    @Flag(help: "Let jobs run programs on this worker.")
    var allowCommands = false
    @Option(help: "Certificate for mutual TLS, PEM.")
    var tlsCert: String?
    @Option(help: "Private key of the certificate, PEM.")
    var tlsKey: String?
    @Option(help: "Certificate authority of the cluster's nodes, PEM.")
    var tlsCa: String?
    @Flag(help: "Listen beyond this machine without TLS.")
    var insecure = false
    @Option(help: "YAML file with settings, one `flag-name: value` a line.")
    var config: String?

    func run() async throws {
        let settings = ProgramSettings(
            flags: [
                "coordinator": coordinator, "listen": listen, "advertise": advertise, "web": web,
                "slots": slots,
                "memory": memory, "spill": spill, "storage": storage,
                "allow-path": allowPath.isEmpty ? nil : allowPath.joined(separator: ","),
                "allow-http": allowHttp.isEmpty ? nil : allowHttp.joined(separator: ","),
                "allow-commands": allowCommands ? "true" : nil, "tls-cert": tlsCert,
                "tls-key": tlsKey, "tls-ca": tlsCa, "insecure": insecure ? "true" : nil,
            ])
        let server = try WorkerServer(settings)
        print(server.greeting)
        fflush(nil)
        let (signals, input) = AsyncStream<Int32>.makeStream()
        StopSignal.watch { input.yield($0) }
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
        let status = await runToStatus()
        fflush(nil)
        // Not `exit`: threads of tasks and servers may still be ending.
        _exit(status)
    }

    private static func runToStatus() async -> Int32 {
        do {
            var command = try parseAsRoot(try CommandArguments.complete(Self.self))
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            return 0
        } catch let error as EngineError {
            StandardError.print("etl-worker: \(error.description)")
            return ["USAGE", "CONFIG_FILE"].contains(error.code) ? 2 : 1
        } catch {
            let text = fullMessage(for: error)
            if exitCode(for: error) == .success {
                print(text)
                return 0
            }
            StandardError.print(text)
            return 2
        }
    }
}
