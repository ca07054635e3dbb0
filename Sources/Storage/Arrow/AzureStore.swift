import CObjectStore
import Vocabulary

/// Says how Azure Blob Storage is reached. It does not print: a secret must not come into a log by mistake.
struct AzureSettings: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    /// Another server than Azure's: `host:port`; the account follows in its paths.
    var endpoint: String?
    var isEncrypted = true
    /// The account that the key is of; nil: of any that is named.
    var account: String?
    var key: String?
    /// A shared access signature, without a question mark.
    var signature: String?
    /// Requests are not signed: for public containers.
    var isAnonymous = false

    var description: String { "AzureSettings(…)" }
    var debugDescription: String { description }

    /// Reads the variables of Azure's own tools. Throws `AZURE_ENDPOINT_INVALID`.
    static func fromEnvironment() throws(EngineError) -> AzureSettings {
        var settings = AzureSettings()
        settings.account = S3Settings.variable("AZURE_STORAGE_ACCOUNT")
        settings.key = S3Settings.variable("AZURE_STORAGE_KEY")
        settings.signature = S3Settings.variable("AZURE_STORAGE_SAS_TOKEN").map {
            String($0.drop { $0 == "?" })
        }
        settings.isAnonymous = StoreEndpoint.isSet("AZURE_SKIP_SIGNATURE")
        if let url = S3Settings.variable("AZURE_STORAGE_SERVICE_ENDPOINT") {
            // Azurite's own has the account behind the port; it comes from the path here.
            guard let endpoint = StoreEndpoint(url), !endpoint.path.contains("/") else {
                throw .user(
                    "AZURE_ENDPOINT_INVALID", "This is no endpoint of a store: \(AddressText.shown(url))",
                    remedy: "Set AZURE_STORAGE_SERVICE_ENDPOINT to http(s)://host:port, or leave it out for "
                        + "Azure's.")
            }
            (settings.endpoint, settings.isEncrypted) = (endpoint.authority, endpoint.isEncrypted)
        }
        return settings
    }
}

/// Connects to Azure Blob Storage.
enum AzureStore {
    /// What hosts of accounts end with: secrets are sent to no others.
    private static let suffixes = [
        "core.windows.net", "core.chinacloudapi.cn", "core.usgovcloudapi.net", "fabric.microsoft.com",
    ]

    /// Returns the account and the suffix of `container@ACCOUNT.dfs.SUFFIX`. Throws `AZURE_ADDRESS_INVALID`.
    static func account(of authority: String) throws(EngineError) -> (account: String, suffix: String) {
        let parts = authority.split(separator: "@", omittingEmptySubsequences: false)
        if parts.count == 2, !parts[0].isEmpty {
            let host = parts[1].lowercased().split(
                separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
            let isName = host.first.map { name in
                !name.isEmpty
                    && name.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) }
            }
            if host.count == 3, isName == true, host[1] == "dfs" || host[1] == "blob",
                suffixes.contains(String(host[2]))
            {
                return (String(host[0]), String(host[2]))
            }
        }
        throw .user(
            "AZURE_ADDRESS_INVALID",
            "This path does not begin with a container and its account: abfss://\(authority)",
            remedy: "Write abfss://container@account.dfs.core.windows.net/path.")
    }

    /// Returns the store of an account; nothing is asked of it yet.
    static func connect(
        _ authority: String, _ settings: AzureSettings
    ) throws(EngineError) -> ArrowFileSystem {
        let (account, suffix) = try account(of: authority)
        let isOwn = settings.account == nil || settings.account?.lowercased() == account
        let blob = settings.endpoint ?? ".blob.\(suffix)"
        let dfs = settings.endpoint ?? ".dfs.\(suffix)"
        let scheme = settings.isEncrypted ? "https" : "http"
        let files = try ArrowFiles.connecting(.azure, "abfss://" + authority) { table, made, error in
            withCStrings([account, blob, dfs, scheme]) { texts in
                withOptionalCString(isOwn ? settings.key : nil) { key in
                    withOptionalCString(isOwn ? settings.signature : nil) { signature in
                        var options = store_azure_options()
                        (options.account, options.blob_authority) = (texts[0], texts[1])
                        (options.dfs_authority, options.scheme) = (texts[2], texts[3])
                        (options.key, options.sas) = (key, signature)
                        options.anonymous = settings.isAnonymous ? 1 : 0
                        return table.pointee.azure_connect(&options, made, &error)
                    }
                }
            }
        }
        return ArrowFileSystem(files, .azure)
    }
}

extension ArrowFiles {
    /// Makes a store; its failures become errors about `path`.
    static func connecting(
        _ kind: ArrowStoreKind, _ path: String,
        _ connect: (
            UnsafePointer<store_library>, UnsafeMutablePointer<OpaquePointer?>, inout store_error
        ) -> Int32
    ) throws(EngineError) -> ArrowFiles {
        let library = try StoreLibrary.load()
        do throws(ArrowFailure) {
            return try ArrowFiles(library, connect)
        } catch {
            throw kind.error(error, path)
        }
    }
}
