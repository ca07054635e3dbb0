import Vocabulary

/// Says which servers outside of the cluster jobs may call: workers for web sources, the coordinator for
/// webhooks, mail and events. On a cluster, users of SQL are not users of its network: what a node could
/// reach for them (a metadata service, a database's page) must not be reached.
package struct WebRules: Sendable, Hashable {
    /// Names who calls: the program whose flag allows it.
    package enum Caller: Sendable, Hashable {
        case workers, coordinator

        var name: String {
            switch self {
            case .workers: "the workers"
            case .coordinator: "the coordinator"
            }
        }
    }

    /// Schemes that origins may have; workers need no mail, but may share the coordinator's setting.
    private static let schemes = ["http", "https", "smtp", "smtps"]

    private let caller: Caller
    /// Whether any public server may be called.
    private let allowsPublic: Bool
    /// Whether private addresses may be called too.
    private let allowsPrivate: Bool
    /// Origins that may be called wherever they lead but to link-local addresses.
    private let origins: Set<String>

    /// What a user's own program may do: everything that the user may.
    package static let unrestricted = WebRules(
        caller: .workers, allowsPublic: true, allowsPrivate: true, origins: [])
    /// What a cluster allows unless it is told otherwise: nothing.
    package static let nothing = WebRules(
        caller: .workers, allowsPublic: false, allowsPrivate: false, origins: [])

    private init(caller: Caller, allowsPublic: Bool, allowsPrivate: Bool, origins: Set<String>) {
        self.caller = caller
        self.allowsPublic = allowsPublic
        self.allowsPrivate = allowsPrivate
        self.origins = origins
    }

    /// Reads `--allow-http`: `public`, and origins such as `https://api.example.com`; nothing allows nothing.
    /// Throws `USAGE` for what is neither.
    package init(allowed: [String], for caller: Caller = .workers) throws(EngineError) {
        var origins: Set<String> = []
        var allowsPublic = false
        for text in allowed {
            if text == "public" {
                allowsPublic = true
                continue
            }
            do {
                let address = try WebAddress(text, option: "--allow-http", schemes: WebRules.schemes)
                origins.insert(address.origin)
            } catch {
                throw .user(
                    "USAGE",
                    "--allow-http takes public, or an origin such as https://api.example.com: \(text)")
            }
        }
        self.init(caller: caller, allowsPublic: allowsPublic, allowsPrivate: false, origins: origins)
    }

    /// Throws `HTTP_NOT_ALLOWED` (user) where no address of the server would be allowed; asks no name
    /// service.
    package func checkOrigin(_ address: WebAddress) throws(EngineError) {
        guard allowsPublic || origins.contains(address.origin) else {
            throw .user(
                "HTTP_NOT_ALLOWED", "Jobs of this cluster may not call: \(address.origin)",
                remedy: remedy(address))
        }
    }

    /// Throws as for an address: of a server that the caller would call.
    package func checkOrigin(_ url: String) throws(EngineError) {
        if allowsPublic && allowsPrivate { return }
        try checkOrigin(try WebAddress(url, option: "The address", schemes: WebRules.schemes))
    }

    /// Returns the numeric address to connect to, so that a name cannot lead elsewhere between this check and
    /// the connection. Throws `HTTP_NOT_ALLOWED` (user), or `HTTP_UNREACHABLE` (system) for names without an
    /// address. Blocks for the name service.
    package func check(_ address: WebAddress) throws(EngineError) -> String {
        try checkOrigin(address)
        let isListed = origins.contains(address.origin)
        let found = try NumericAddress.resolve(address.host)
        if allowsPrivate, let first = found.first { return first.text }
        for candidate in found where candidate.reach == .everyone || (isListed && candidate.reach == .network)
        {
            return candidate.text
        }
        throw .user(
            "HTTP_NOT_ALLOWED", "Jobs of this cluster may not call private addresses: \(address.origin)",
            remedy: remedy(address))
    }

    private func remedy(_ address: WebAddress) -> String {
        "Have just this server allowed with --allow-http \(address.origin) on \(caller.name)."
    }

    /// Returns the address of a call to make through libcurl, and the number that its name is held to; nil
    /// where everything is allowed. Throws as `check` does.
    func held(_ url: String) throws(EngineError) -> (address: WebAddress, pin: String)? {
        if allowsPublic && allowsPrivate { return nil }
        let address = try WebAddress(url, option: "The address", schemes: WebRules.schemes)
        return (address, try held(address))
    }

    /// Returns the number that an address's name is held to, for libcurl; nil where everything is allowed.
    /// Throws as `check` does.
    func pin(_ address: WebAddress) throws(EngineError) -> String? {
        allowsPublic && allowsPrivate ? nil : try held(address)
    }

    private func held(_ address: WebAddress) throws(EngineError) -> String {
        let number = try check(address)
        let text = number.contains(":") ? "[\(number)]" : number
        // With `+` the entry ages as any other of libcurl's cache.
        return "+\(address.hostText):\(address.port):\(text)"
    }
}
