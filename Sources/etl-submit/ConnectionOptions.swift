import ArgumentParser
import Cluster
import Protocol
import Settings
import Vocabulary

/// The flags that say where jobs run.
struct ConnectionOptions: ParsableArguments {
    @Option(help: .init("Coordinator to use, such as https://etl.example.com:7077.", valueName: "url"))
    var coordinator: String?

    @Flag(help: "Run in this process, whatever ETL_COORDINATOR or the config file say.")
    var local = false

    @Option(help: .init("YAML file with settings, one `flag-name: value` a line.", valueName: "file"))
    var config: String?

    @OptionGroup var certificates: CertificateOptions

    @Option(help: .init("Bearer token for the coordinator; better given as ETL_TOKEN.", valueName: "token"))
    var token: String?

    func validate() throws {
        // Only what was typed can be a contradiction: --local is there to overrule the settings.
        if CommandLine.arguments.contains("--local"), CommandLine.arguments.contains("--coordinator") {
            throw ValidationError("--local and --coordinator exclude each other; give one of them.")
        }
    }

    /// Returns the far coordinator, or nil when jobs run here.
    func remote() throws -> RemoteJobService? {
        guard !local, let coordinator else { return nil }
        let files = [certificates.tlsCert, certificates.tlsKey, certificates.tlsCa]
        if coordinator.hasPrefix("http://"), files.contains(where: { $0 != nil }) {
            throw EngineError.user(
                "USAGE", "--coordinator \(coordinator) does not go with the TLS flags that are given",
                remedy: "Give https:// with --tls-cert, --tls-key and --tls-ca, or http:// without them.")
        }
        return try RemoteJobService(
            url: coordinator,
            tls: RemoteJobService.TLS(
                certificate: certificates.tlsCert, key: certificates.tlsKey, authority: certificates.tlsCa),
            token: token)
    }

    /// Returns the far coordinator, or throws: commands about jobs of a cluster need one.
    func requireRemote() throws -> RemoteJobService {
        if let service = try remote() { return service }
        throw EngineError.user(
            "USAGE", "This command asks a coordinator, and none is given",
            remedy: "Give --coordinator URL, or set ETL_COORDINATOR.")
    }

    /// Returns the cluster inside this process.
    func embedded() async throws -> any JobService { try await EmbeddedCluster().service }
}
