import Synchronization
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Writes the `date` field of answers, once a second.
enum DateField {
    private static let latest = Mutex<(seconds: Int, text: String)>((0, ""))

    static func now() -> String {
        let seconds = time(nil)
        return latest.withLock { latest in
            if latest.seconds != seconds { latest = (seconds, HTTPDate.text(ofSeconds: seconds)) }
            return latest.text
        }
    }
}
