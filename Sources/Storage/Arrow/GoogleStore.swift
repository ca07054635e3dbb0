import CObjectStore
import Vocabulary

/// Says how Google Cloud Storage is reached.
struct GoogleSettings: Sendable {
    /// `host:port` of another server than Google's.
    var endpoint = ""
    var isEncrypted = true
    /// Requests are not signed: for public buckets, and servers that only play the service.
    var isAnonymous = false
    /// For how long a failing request is tried again, seconds.
    var retrySeconds = 10.0

    /// Reads the variables of Google's own software. Throws `GCS_ENDPOINT_INVALID`.
    static func fromEnvironment() throws(EngineError) -> GoogleSettings {
        var settings = GoogleSettings()
        settings.isAnonymous = StoreEndpoint.isSet("GOOGLE_SKIP_SIGNATURE")
        if let url = S3Settings.variable("CLOUD_STORAGE_EMULATOR_ENDPOINT") {
            guard let endpoint = StoreEndpoint(url), endpoint.path.isEmpty else {
                throw .user(
                    "GCS_ENDPOINT_INVALID", "This is no endpoint of a store: \(AddressText.shown(url))",
                    remedy: "Set CLOUD_STORAGE_EMULATOR_ENDPOINT to http(s)://host:port, or leave it out for "
                        + "Google's.")
            }
            (settings.endpoint, settings.isEncrypted) = (endpoint.authority, endpoint.isEncrypted)
            // As Google's software does with such a server.
            settings.isAnonymous = true
        }
        return settings
    }
}

/// Connects to Google Cloud Storage.
enum GoogleStore {
    /// Returns the store; nothing is asked of it yet.
    static func connect(_ settings: GoogleSettings) throws(EngineError) -> ArrowFileSystem {
        let files = try ArrowFiles.connecting(.google, "gs://") { table, made, error in
            settings.endpoint.withCString { endpoint in
                (settings.isEncrypted ? "https" : "http").withCString { scheme in
                    var options = store_gcs_options()
                    (options.endpoint, options.scheme) = (endpoint, scheme)
                    options.anonymous = settings.isAnonymous ? 1 : 0
                    options.retry_seconds = settings.retrySeconds
                    return table.pointee.gcs_connect(&options, made, &error)
                }
            }
        }
        return ArrowFileSystem(files, .google)
    }
}

/// Reads the URL of a server that speaks a store's language.
struct StoreEndpoint {
    /// `host` or `host:port`.
    let authority: String
    let isEncrypted: Bool
    /// Without slashes around it.
    let path: String

    /// Reads `http(s)://host:port/path`; nil for anything else.
    init?(_ url: String) {
        let location = StoragePath(url)
        let isHost = location.authority.allSatisfy {
            $0.isASCII && ($0.isLetter || $0.isNumber || ".-_:[]".contains($0))
        }
        guard location.scheme == .http, isHost, !location.authority.isEmpty else { return nil }
        authority = location.authority
        isEncrypted = url.lowercased().hasPrefix("https")
        path = RemoteKeys.trimmed(location.path)
    }

    /// Whether a variable is `1` or `true`.
    static func isSet(_ name: String) -> Bool {
        ["1", "true"].contains(S3Settings.variable(name)?.lowercased())
    }
}
