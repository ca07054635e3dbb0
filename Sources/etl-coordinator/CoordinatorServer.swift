import Coordinator
import Protocol
import Scheduling
import Settings
import Shuffle
import Storage
import Transport
import Vocabulary
import Web

#if canImport(Glibc)
    import Glibc
#endif

/// Holds a running coordinator: its node, log and ports.
struct CoordinatorServer {
    private let node: CoordinatorNode
    private let cluster: HTTPServer
    private let web: WebPort
    /// Tells where the coordinator listens.
    let greeting: String

    /// Recovers from the log and begins to serve. Throws `user` errors about settings, ports and the state.
    init(_ settings: ProgramSettings) async throws {
        let logger = try ProgramLog.logger("etl-coordinator", settings)
        let listen = settings["listen"] ?? "127.0.0.1:7077"
        let webListen = settings["web"] ?? "127.0.0.1:8080"
        let certificates = try NodeCertificates.of(settings)
        let outside = try WebRules(allowed: settings.list("allow-http"), for: .coordinator)
        let rules = try PathRules(
            storage: settings["storage"], allowed: settings.list("allow-path"), web: outside)
        let tokens = try await CoordinatorServer.tokens(settings) { logger.error("\($0)") }
        try CoordinatorServer.check(
            [("listen", listen), ("web", webListen)], isProtected: certificates != nil && tokens != nil,
            settings)
        if let certificates { try NodeRole.coordinator.check(certificate: certificates.certificate) }
        CertificateWatch.begin(certificates, logger)
        let tls = certificates?.files
        let state = settings["state"] ?? "etl-state"
        let log = try SQLiteFactLog(directory: state)
        let crashed = CrashReport.keep(in: "\(state)/crash")
        let client = try HTTPClient(
            configuration: ClientConfiguration(
                tls: tls, serverName: tls == nil ? nil : NodeRole.worker.rawValue, keepAliveSeconds: 20))
        let (store, shuffleTokens) = (ShuffleStore(), ShuffleTokens())
        let copies = settings["storage"].map { SharedOutputs(storage: PathRules.place(of: $0)) }
        node = CoordinatorNode(
            environment: CoordinatorEnvironment(
                log: log,
                results: try RemoteShuffleSource(
                    store: store, ownAddress: "", client: client,
                    settings: CoordinatorServer.fetching(shuffleTokens), copies: copies),
                resultStore: store, tokens: shuffleTokens,
                storage: StoredJobs(rules: rules, planningBytes: Limits.planningBytes), copies: copies,
                crashes: try CrashTally(file: "\(state)/crashes", crashedAt: crashed),
                allowsCommands: settings.isOn("allow-commands"), logger: logger,
                fail: {  // Whatever is not durable must not be acted on: recovery starts from the log.
                    logger.critical("\($0)")
                    _exit(1)
                }), settings: try CoordinatorServer.scheduling(settings))
        try await node.start(crashedAt: crashed)
        let pipelines = PipelineHost(
            node: node,
            settings: PipelineSettings(
                stateDirectory: state, rules: rules,
                allowedVariables: settings.list("allow-env"), outside: outside,
                environment: { getenv($0).map { String(cString: $0) } }))
        try await pipelines.start()
        let router = RESTRouter(
            service: pipelines, tokens: tokens, latencies: { [node] in await node.latencies() })
        let longBodies = LongBodies()
        let connections = DescriptorLimit.connections(of: DescriptorLimit.raise())
        cluster = try HTTPServer(
            configuration: ServerConfiguration(
                listen: listen, tls: tls, connectionCount: connections,
                requestBodyBytes: Limits.jobBodyBytes, serves: Self.hosts(listen, settings).serves,
                refusal: WebTransportAdapter.refusal),
            handler: ClusterPort(
                node: node, checksRole: tls != nil, storage: PathRules.place(of: settings["storage"]),
                logger: logger,
                other: WebTransportAdapter(router, isSecure: tls != nil, longBodies: longBodies)))
        web = try await WebPort(
            WebPort.Configuration(
                listen: webListen, certificate: certificates?.certificate, key: certificates?.key,
                hosts: settings.list("web-host").isEmpty ? nil : settings.list("web-host"),
                connectionCount: connections, longBodies: longBodies), handler: router)
        let scheme = tls == nil ? "http" : "https"
        greeting = ProgramLog.greeting(
            "etl-coordinator \(ProgramVersion.text) listens on "
                + "\(scheme)://\(try Origin(listen).host):\(cluster.port), "
                + "web on \(scheme)://\(try Origin(webListen).host):\(web.port), state in \(state)",
            of: "etl-coordinator", settings)
    }

    /// Returns the hosts that the cluster port may be asked for by.
    private static func hosts(_ listen: String, _ settings: ProgramSettings) -> ServedHosts {
        let names = settings.list("cluster-host")
        return ServedHosts(listen: listen, names: names.isEmpty ? nil : names)
    }

    /// Nothing makes the rows of a job that has ended again: try harder than a task would.
    private static func fetching(_ tokens: ShuffleTokens) -> FetchSettings {
        var settings = FetchSettings()
        settings.headers = { tokens.fields(for: $0) }
        (settings.repairs, settings.tries) = (5, 5)
        return settings
    }

    /// Checks addresses to listen on, by their flags, before there is a state directory, which would stay.
    private static func check(
        _ addresses: [(flag: String, address: String)], isProtected: Bool, _ settings: ProgramSettings
    ) throws(EngineError) {
        for (flag, address) in addresses {
            try ListenRules.check(
                flag, address, isProtected: isProtected, isInsecure: settings.isOn("insecure"),
                needs: "--tls-cert and --token-file or --jwt-keys")
        }
        for (flag, address) in addresses { try HTTPServer.checkFree(address, flag: flag) }
    }

    /// Returns the rules of scheduling that flags change.
    private static func scheduling(_ settings: ProgramSettings) throws(EngineError) -> SchedulerSettings {
        var rules = SchedulerSettings()
        rules.queueWeights = try QueueFlags.weights(settings.list("queues"))
        if let count = try settings.count("max-running-jobs") { rules.runningJobs = count }
        if let count = try settings.count("max-jobs") { rules.acceptedJobs = count }
        if let count = try settings.count("history") { rules.historyJobs = count }
        rules.hasSharedStorage = settings["storage"] != nil
        // Workers that outlive a lost state take no orders of an older epoch.
        rules.firstEpoch = UInt32(clamping: time(nil))
        rules.logNumber = .random(in: 1 ... .max)
        return rules
    }

    /// Returns who may do what; nil when neither tokens nor keys are given.
    private static func tokens(
        _ settings: ProgramSettings, report: @escaping @Sendable (EngineError) -> Void
    ) async throws(EngineError) -> (any BearerTokens)? {
        var kinds: [any BearerTokens] = []
        if let file = settings["token-file"] {
            kinds.append(
                try TokenTable(parsing: try ListenRules.text(of: file, flag: "token-file"), file: file))
        }
        if let file = settings["jwt-keys"] {
            kinds.append(
                try await SignedTokens(
                    file: file, audience: settings["jwt-audience"] ?? "millrace",
                    read: { () throws(EngineError) in try ListenRules.text(of: file, flag: "jwt-keys") },
                    report: report))
        } else if settings["jwt-audience"] != nil {
            throw .user("USAGE", "--jwt-audience says nothing without --jwt-keys")
        }
        return kinds.isEmpty ? nil : AllTokens(kinds)
    }

    /// Closes the ports. Jobs go on when a coordinator starts on the state again.
    func stop() async {
        await web.stop()
        cluster.stop(graceSeconds: 1)
    }
}
