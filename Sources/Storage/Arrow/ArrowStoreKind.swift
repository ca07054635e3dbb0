import CObjectStore
import Vocabulary

/// Tells the stores apart that are read through Arrow alone.
enum ArrowStoreKind: Sendable {
    case google, azure

    /// Returns the bucket of a path, as Azure calls it the container: `container@account` with its host.
    func container(_ location: StoragePath) -> String {
        switch self {
        case .google: location.authority
        case .azure: String(location.authority.prefix { $0 != "@" })
        }
    }

    /// Makes the error of a call: what is wrong, where, and what to do.
    func error(_ failure: ArrowFailure, _ path: String) -> EngineError {
        let said = "\(failure.text): \(path)"
        switch failure.failure {
        case STORE_NOT_FOUND:
            return .user(
                "PATH_NOT_FOUND",
                (self == .google ? "There is no such bucket or object" : "There is no such container or blob")
                    + ": \(path)", remedy: EngineError.pathRemedy(path))
        case STORE_DENIED:
            return .user("\(prefix)_ACCESS_DENIED", "Access is denied, \(said)", remedy: deniedRemedy)
        case STORE_NO_CREDENTIALS:
            return .user(
                "\(prefix)_NO_CREDENTIALS", "There are no credentials that work, \(said)",
                remedy: credentialsRemedy)
        case STORE_UNREACHABLE, STORE_TIMEOUT:
            return .system(
                "\(prefix)_UNREACHABLE", "The store does not answer, \(said)", remedy: unreachableRemedy)
        case STORE_TLS:
            return .user(
                "\(prefix)_TLS_FAILED", "No secure connection can be made, \(said)",
                remedy: "Have the authority of the store's certificate trusted by this machine.")
        default: return .system("\(prefix)_ERROR", "The store could not be read, \(said)")
        }
    }

    private var prefix: String { self == .google ? "GCS" : "AZURE" }

    private var deniedRemedy: String {
        self == .google
            ? "Give these credentials storage.objects.get and storage.objects.list on the bucket, or set "
                + "GOOGLE_SKIP_SIGNATURE=true for a public one."
            : "Give these credentials the role Storage Blob Data Reader, check AZURE_STORAGE_KEY or "
                + "AZURE_STORAGE_SAS_TOKEN, or set AZURE_SKIP_SIGNATURE=true for a public container."
    }

    private var credentialsRemedy: String {
        self == .google
            ? "Set GOOGLE_APPLICATION_CREDENTIALS to a key file, run gcloud auth application-default login, "
                + "or give the machine or pod a service account; GOOGLE_SKIP_SIGNATURE=true reads public "
                + "buckets without."
            : "Set AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN, run az login, or give the machine or pod an "
                + "identity; AZURE_SKIP_SIGNATURE=true reads public containers without."
    }

    private var unreachableRemedy: String {
        self == .google
            ? "Check the network and CLOUD_STORAGE_EMULATOR_ENDPOINT."
            : "Check the network, the account's name and AZURE_STORAGE_SERVICE_ENDPOINT."
    }
}
