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

    @Option(help: "Cluster port for workers and etl-submit (default 127.0.0.1:7077).")
    var listen: String?
    @Option(help: "Port of the page, REST, metrics and probes (default 127.0.0.1:8080).")
    var web: String?
    @Option(help: "Directory of the durable state (default ./etl-state).")
    var state: String?
    @Option(help: "Directory or URL that relative paths of jobs are below.")
    var storage: String?
    @Option(parsing: .upToNextOption, help: "Further absolute paths or URLs that jobs may use.")
    var allowPath: [String] = []
    @Flag(help: "Let jobs run programs on workers that allow it too.")
    var allowCommands = false
    @Option(help: "Certificate for mutual TLS, PEM.")
    var tlsCert: String?
    @Option(help: "Private key of the certificate, PEM.")
    var tlsKey: String?
    @Option(help: "Certificate authority of the cluster's nodes, PEM.")
    var tlsCa: String?
    @Option(help: "File of bearer tokens, one `token role name` a line; roles are viewer, submitter, admin.")
    var tokenFile: String?
    @Flag(help: "Listen beyond this machine without TLS and tokens.")
    var insecure = false
    @Option(help: "YAML file with settings, one `flag-name: value` a line.")
    var config: String?

    func run() async throws {
        let settings = ProgramSettings(
            flags: [
                "listen": listen, "web": web, "state": state, "storage": storage,
                "allow-path": allowPath.isEmpty ? nil : allowPath.joined(separator: ","),
                "allow-commands": allowCommands ? "true" : nil, "tls-cert": tlsCert,
                "tls-key": tlsKey, "tls-ca": tlsCa, "token-file": tokenFile,
                "insecure": insecure ? "true" : nil,
            ])
        let server = try await CoordinatorServer(settings)
        print(server.greeting)
        fflush(nil)
        let (signals, input) = AsyncStream<Int32>.makeStream()
        StopSignal.watch { input.yield($0) }
        for await number in signals {
            server.stop()
            if number == SIGINT { throw ExitCode(130) }
            return
        }
    }

    static func main() async {
        StopSignal.prepare()
        let status = await runToStatus()
        fflush(nil)
        // Not `exit`: threads of the servers may still be ending.
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
            StandardError.print("etl-coordinator: \(error.description)")
            return ["USAGE", "CONFIG_FILE"].contains(error.code) ? 2 : 1
        } catch let code as ExitCode {
            return code.rawValue
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
