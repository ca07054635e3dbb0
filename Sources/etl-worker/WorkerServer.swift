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
    /// Says in the log that the coordinator took the worker's connection.
    private let tellConnected: @Sendable () -> Void
    private let ends: AsyncStream<EngineError?>
    private let leave: @Sendable (EngineError?) -> Void
    /// Tells where the worker listens and to whom it belongs.
    let greeting: String

    /// Begins to serve outputs; `run` connects. Throws `user` errors about settings and ports.
    init(_ settings: ProgramSettings) async throws {
        let logger = try ProgramLog.logger("etl-worker", settings)
        tellConnected = { logger.info("connected to the coordinator") }
        let listen = settings["listen"] ?? "127.0.0.1:0"
        let certificates = try NodeCertificates.of(settings)
        let advertised = try settings["advertise"].map {
            try FlagAddress.reachable("advertise", $0).description
        }
        if let web = settings["web"] { _ = try FlagAddress.listening("web", web) }
        let web = try WebRules(allowed: settings.list("allow-http"))
        let rules = try PathRules(
            storage: settings["storage"], allowed: settings.list("allow-path"), web: web)
        try ListenRules.check(
            "listen", listen, isProtected: certificates != nil, isInsecure: settings.isOn("insecure"),
            needs: "--tls-cert, --tls-key and --tls-ca")
        let tls = certificates?.files
        CertificateWatch.begin(certificates, logger)
        let limits = MachineLimits.current()
        let slots = try settings.count("slots", most: Limits.workerSlots) ?? limits.processors
        let memory =
            try settings.bytes("memory", least: Limits.workerMemoryBytes) ?? limits.taskMemoryBytes
        let spill = settings["spill"] ?? "/tmp"
        try WorkerServer.prepareSpilling(spill, settings) { logger.info("\($0)") }
        let store = ShuffleStore()
        let tokens = ShuffleTokens()
        let isSecure = tls != nil
        shuffle = try HTTPServer(
            configuration: ServerConfiguration(
                listen: listen, tls: tls, limits: .clusterPeers,
                connectionCount: DescriptorLimit.connections(of: DescriptorLimit.raise()),
                sharesAnswers: true),
            handler: try ShuffleServer(store: store, tokens: tokens) { request in
                !isSecure || NodeRole.worker.isProved(by: request.peer)
                    || NodeRole.coordinator.isProved(by: request.peer)
            })
        let address = try advertised ?? Origin(host: Origin(listen).host, port: shuffle.port).description
        let peers = try HTTPClient(
            configuration: ClientConfiguration(
                tls: tls, serverName: isSecure ? NodeRole.worker.rawValue : nil, keepAliveSeconds: 20))
        let copies = settings["storage"].map { SharedOutputs(storage: PathRules.place(of: $0)) }
        let resources = WorkerResources(
            budget: MemoryBudget(limitBytes: memory), store: store,
            shuffle: try WorkerServer.shuffleSource(
                store, address, peers, memory / slots, copies, tokens),
            spillDirectory: spill, encodesShuffle: true,
            files: WorkerFiles(rules: rules, isDurable: true),
            connectors: WorkerConnectors.all(
                ConnectorRules(web: web, allowsCommands: settings.isOn("allow-commands"))),
            secrets: SecretResolver(allowed: settings.list("allow-env")))
        let (origin, client) = try WorkerServer.coordinator(settings["coordinator"], tls)
        connection = CoordinatorConnection(
            client: client, origin: origin, token: nil, storage: PathRules.place(of: settings["storage"])
        ) { logger.warning("\(WorkerServer.waiting(for: origin, $0))") }
        let (ends, input) = AsyncStream<EngineError?>.makeStream()
        self.ends = ends
        leave = { input.yield($0) }
        node = WorkerNode(
            identity: WorkerIdentity(
                address: address, incarnation: NodeClock.incarnation(),
                version: WorkerIdentity.currentVersion, slots: slots,
                memoryBytes: memory),
            resources: resources, pool: WorkerServer.pool(memory, slots), line: connection,
            logger: logger, copies: try copies.map { try CopyWriter($0) }, tokens: tokens,
            leave: leave)
        self.web = try await WorkerServer.webPort(settings["web"], certificates, node, spill: spill)
        greeting = ProgramLog.greeting(
            "etl-worker \(ProgramVersion.text) serves \(address), looks for the coordinator at \(origin): "
                + "\(Counted.text(slots, "slot")), \(ByteSize.format(memory)) of memory", of: "etl-worker",
            settings)
    }

    /// Makes the reader of outputs. In a worker of little memory for each slot less comes ahead of the
    /// consumer: blocks on their way are beyond the budget.
    private static func shuffleSource(
        _ store: ShuffleStore, _ ownAddress: String, _ peers: HTTPClient, _ slotBytes: Int,
        _ copies: SharedOutputs?, _ tokens: ShuffleTokens
    ) throws -> RemoteShuffleSource {
        var settings = FetchSettings()
        settings.headers = { tokens.fields(for: $0) }
        settings.creditBytes = min(settings.creditBytes, max(1 << 20, slotBytes / 16))
        return try RemoteShuffleSource(
            store: store, ownAddress: ownAddress, client: peers, settings: settings, copies: copies)
    }

    /// Starts the compute threads, and has `malloc` keep as much as such a worker can spare.
    private static func pool(_ memoryBytes: Int, _ slots: Int) -> ComputePool {
        let pool = ComputePool(threadCount: slots)
        FreedMemory.limit(toBudget: memoryBytes)
        return pool
    }

    /// Says in the log why the worker is without its coordinator.
    private static func waiting(for origin: Origin, _ error: EngineError) -> String {
        // The remedy's line belongs to the same entry of the log.
        let reason = error.description.replacing("\n ", with: "")
        return "waits for the coordinator at \(origin), and tries again: \(reason)"
    }

    /// Makes the directory for what does not fit in memory, where only its last part is missing, and bounds
    /// what goes there. Throws `USAGE` when no file can be made there: a task would find out too late.
    private static func prepareSpilling(
        _ directory: String, _ settings: ProgramSettings, tell: (String) -> Void
    ) throws(EngineError) {
        if try DirectoryRules.make("spill", directory) {
            tell("made the directory of --spill: \(directory)")
        }
        if let bytes = try settings.bytes("spill-limit", least: Limits.workerMemoryBytes) {
            SpillQuota.process.limit(toVolumeOf: bytes)
        }
        do throws(EngineError) { _ = try SpillFile(directory: directory) } catch {
            throw .user(
                "USAGE", "--spill: cannot write there: \(error.message)",
                remedy: "Name a directory that this user may write to.")
        }
    }

    private static func coordinator(_ url: String?, _ tls: TLSFiles?) throws -> (Origin, HTTPClient) {
        let url = url ?? "127.0.0.1:7077"
        let (origin, isSecure) = try FlagAddress.coordinator("coordinator", url)
        if let isSecure, isSecure != (tls != nil) {
            throw EngineError.user(
                "USAGE", "--coordinator \(url) does not go with the TLS flags that are given",
                remedy: "Give https:// with --tls-cert, --tls-key and --tls-ca, or http:// without them.")
        }
        let client = try HTTPClient(
            configuration: ClientConfiguration(
                tls: tls, serverName: tls == nil ? nil : NodeRole.coordinator.rawValue, keepAliveSeconds: 5))
        return (origin, client)
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
                listen: listen, certificate: certificates?.certificate, key: certificates?.key,
                connectionCount: DescriptorLimit.connections(of: DescriptorLimit.raise())),
            handler: router)
    }

    /// Takes no more tasks, and leaves when nothing here is needed.
    func drain() async { await node.drain() }

    /// Says farewell for a process that has crashed, in which one thread stands still.
    func crashed(in work: CrashReport.Work?) async { await node.crashed(in: work) }

    /// Runs tasks until the worker leaves; returns the error for which the coordinator refused it.
    func run() async -> EngineError? {
        let node = node
        let leave = leave
        let tellConnected = tellConnected
        let holding = Task {
            let refusal = await connection.run(node, opened: { await node.start() }, heard: tellConnected)
            if let refusal { leave(refusal) }
        }
        var reason: EngineError?
        for await end in ends {
            reason = end
            break
        }
        holding.cancel()
        // An eviction kills a second after a worker's last moment to leave.
        await web?.stop(graceSeconds: 0.5)
        shuffle.stop()
        return reason
    }
}
