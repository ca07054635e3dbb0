import Vocabulary

/// Says which web servers jobs may read from. On a cluster, users of SQL are not users of its network: what a
/// worker could reach for them (a metadata service, a database's page) must not be reached.
package struct WebRules: Sendable, Hashable {
    /// Whether any public server may be read from.
    private let allowsPublic: Bool
    /// Whether private addresses may be read from too.
    private let allowsPrivate: Bool
    /// Origins that may be read from wherever they lead but to link-local addresses.
    private let origins: Set<String>

    /// What a user's own program may do: everything that the user may.
    package static let unrestricted = WebRules(allowsPublic: true, allowsPrivate: true, origins: [])

    private init(allowsPublic: Bool, allowsPrivate: Bool, origins: Set<String>) {
        self.allowsPublic = allowsPublic
        self.allowsPrivate = allowsPrivate
        self.origins = origins
    }

    /// Reads `--allow-http`: `public`, and origins such as `https://api.example.com`; nothing allows nothing.
    /// Throws `USAGE` for what is neither.
    package init(allowed: String?) throws(EngineError) {
        var origins: Set<String> = []
        var allowsPublic = false
        for part in (allowed ?? "").split(separator: ",") {
            let text = part.filter { !$0.isWhitespace }
            if text == "public" {
                allowsPublic = true
                continue
            }
            do { origins.insert(try WebAddress(text, option: "--allow-http").origin) } catch {
                throw .user(
                    "USAGE",
                    "--allow-http takes public, or an origin such as https://api.example.com: \(text)")
            }
        }
        self.init(allowsPublic: allowsPublic, allowsPrivate: false, origins: origins)
    }

    /// Returns the numeric address to connect to, so that a name cannot lead elsewhere between this check and
    /// the connection. Throws `HTTP_NOT_ALLOWED` (user), or `HTTP_UNREACHABLE` (system) for names without an
    /// address. Blocks for the name service.
    func check(_ address: WebAddress) throws(EngineError) -> String {
        let isListed = origins.contains(address.origin)
        guard allowsPublic || isListed else {
            throw .user(
                "HTTP_NOT_ALLOWED", "Jobs of this cluster may not read from: \(address.origin)",
                remedy: "Have it allowed with --allow-http \(address.origin) on the workers.")
        }
        let found = try NumericAddress.resolve(address.host)
        if allowsPrivate, let first = found.first { return first.text }
        for candidate in found where candidate.reach == .everyone || (isListed && candidate.reach == .network)
        {
            return candidate.text
        }
        throw .user(
            "HTTP_NOT_ALLOWED", "Jobs of this cluster may not read from private addresses: \(address.origin)",
            remedy: "Have just this server allowed with --allow-http \(address.origin) on the workers.")
    }
}
