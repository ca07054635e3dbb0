import Connectors
import Execution
import Memory
import Protocol
import Scheduling
import Settings
import Shuffle
import Storage
import Transport
import Vocabulary
import Web
import Worker

#if canImport(Glibc)
    import Glibc
#endif

/// Holds a running worker: its node, its shuffle port and its way to the coordinator.
struct WorkerServer: Sendable {
    private let node: WorkerNode
    private let connection: CoordinatorConnection
    private let shuffle: HTTPServer
    private let web: WebPort?
    private let ends: AsyncStream<EngineError?>
    private let leave: @Sendable (EngineError?) -> Void
    /// Tells where the worker listens and to whom it belongs.
    let greeting: String

    /// Begins to serve outputs; `run` connects. Throws `user` errors about settings and ports.
    init(_ settings: ProgramSettings) async throws {
        let logger = try ProgramLog.logger("etl-worker", settings)
        let listen = settings["listen"] ?? "127.0.0.1:0"
        let certificates = try NodeCertificates.of(settings)
        try ListenRules.check(
            "listen", listen, isProtected: certificates != nil, isInsecure: settings.isOn("insecure"),
            needs: "--tls-cert, --tls-key and --tls-ca")
        let tls = certificates.map {
            TLSFiles(certificate: $0.certificate, key: $0.key, authority: $0.authority)
        }
        let limits = MachineLimits.current()
        let slots = try settings.count("slots", most: Limits.workerSlots) ?? limits.processors
        let memory =
            try settings.bytes("memory", least: Limits.workerMemoryBytes) ?? limits.memoryBytes / 4 * 3
        let spill = settings["spill"] ?? "/tmp"
        try WorkerServer.checkWritable(spill)
        let store = ShuffleStore()
        let isSecure = tls != nil
        shuffle = try HTTPServer(
            configuration: ServerConfiguration(listen: listen, tls: tls, limits: .clusterPeers),
            handler: try ShuffleServer(store: store) { request in
                !isSecure || NodeRole.worker.isProved(by: request.peer)
                    || NodeRole.coordinator.isProved(by: request.peer)
            })
        let host = try Origin(listen).host
        let address = settings["advertise"] ?? "\(host):\(shuffle.port)"
        let peers = try HTTPClient(
            configuration: ClientConfiguration(
                tls: tls, serverName: isSecure ? NodeRole.worker.rawValue : nil, keepAliveSeconds: 20))
        let resources = WorkerResources(
            budget: MemoryBudget(limitBytes: memory), store: store,
            shuffle: try RemoteShuffleSource(store: store, ownAddress: address, client: peers),
            spillDirectory: spill, encodesShuffle: true,
            files: WorkerFiles(
                rules: PathRules(storage: settings["storage"], allowed: settings.list("allow-path")),
                isDurable: true),
            connectors: WorkerConnectors.all(
                ConnectorRules(
                    web: try WebRules(allowed: settings.list("allow-http")),
                    allowsCommands: settings.isOn("allow-commands"))),
            secrets: SecretResolver(allowed: settings.list("allow-env")))
        let (origin, client) = try WorkerServer.coordinator(settings["coordinator"], tls)
        connection = CoordinatorConnection(
            client: client, origin: origin, token: nil, storage: PathRules.place(of: settings["storage"])
        ) { error in
            logger.error("\(error.description)")
        }
        let (ends, input) = AsyncStream<EngineError?>.makeStream()
        self.ends = ends
        leave = { input.yield($0) }
        node = WorkerNode(
            identity: WorkerIdentity(
                address: address, incarnation: NodeClock.incarnation(),
                version: WorkerIdentity.currentVersion, slots: slots,
                memoryBytes: memory),
            resources: resources, pool: ComputePool(threadCount: slots), line: connection,
            logger: logger, leave: leave)
        web = try await WorkerServer.webPort(settings["web"], certificates, node, spill: spill)
        greeting = ProgramLog.greeting(
            "etl-worker \(ProgramVersion.text) serves \(address) for the coordinator \(origin): "
                + "\(slots) slots, \(ByteSize.format(memory)) of memory", of: "etl-worker", settings)
    }

    /// Makes the directory for what does not fit in memory. Throws `USAGE` when no file can be made there: a
    /// task would find out too late.
    private static func checkWritable(_ directory: String) throws(EngineError) {
        try? LocalDirectory.create(directory)
        do throws(EngineError) { _ = try SpillFile(directory: directory) } catch {
            throw .user(
                "USAGE", "--spill: cannot write there: \(error.message)",
                remedy: "Name a directory that this user may write to.")
        }
    }

    private static func coordinator(_ url: String?, _ tls: TLSFiles?) throws -> (Origin, HTTPClient) {
        var rest = Substring(url ?? "127.0.0.1:7077")
        for scheme in ["https://", "http://"] where rest.hasPrefix(scheme) {
            guard (scheme == "https://") == (tls != nil) else {
                throw EngineError.user(
                    "USAGE", "--coordinator \(rest) does not go with the TLS flags that are given",
                    remedy: "Give https:// with --tls-cert, --tls-key and --tls-ca, or http:// without them.")
            }
            rest = rest.dropFirst(scheme.count)
        }
        while rest.last == "/" { rest = rest.dropLast() }
        let client = try HTTPClient(
            configuration: ClientConfiguration(
                tls: tls, serverName: tls == nil ? nil : NodeRole.coordinator.rawValue, keepAliveSeconds: 5))
        return (try Origin(rest.contains(":") ? String(rest) : rest + ":7077"), client)
    }

    private static func webPort(
        _ listen: String?, _ certificates: NodeCertificates?, _ node: WorkerNode, spill: String
    ) async throws -> WebPort? {
        guard let listen else { return nil }
        let router = ProbeRouter(probes: NodeProbes(isReady: { await node.isRegistered })) {
            WorkerMetrics.text(await node.activity(), spill: spill)
        }
        return try await WebPort(
            WebPort.Configuration(
                listen: listen, certificate: certificates?.certificate, key: certificates?.key),
            handler: router)
    }

    /// Takes no more tasks, and leaves when nothing here is needed.
    func drain() async { await node.drain() }

    /// Runs tasks until the worker leaves; returns the error for which the coordinator refused it.
    func run() async -> EngineError? {
        let node = node
        let leave = leave
        let holding = Task {
            if let refusal = await connection.run(node, opened: { await node.start() }) { leave(refusal) }
        }
        var reason: EngineError?
        for await end in ends {
            reason = end
            break
        }
        holding.cancel()
        await web?.stop()
        shuffle.stop()
        return reason
    }
}
