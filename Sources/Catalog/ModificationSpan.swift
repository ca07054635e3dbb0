import Columns
import Kernels
import Storage
import Vocabulary

/// Chooses files by when they were changed: the reader's options `modifiedAfter` and `modifiedBefore`.
struct ModificationSpan {
    /// Microseconds since 1970; both ends are left out.
    private var after: Int64?
    private var before: Int64?

    /// Reads the options; times that name no zone are of `zone`. Throws `INVALID_OPTION` (user).
    init(_ options: [String: String], zone: Zone) throws(EngineError) {
        after = try Self.instant(options["modifiedafter"], "modifiedAfter", zone)
        before = try Self.instant(options["modifiedbefore"], "modifiedBefore", zone)
    }

    /// Whether all files are to be read.
    var isOpen: Bool { after == nil && before == nil }

    private static func instant(
        _ text: String?, _ name: String, _ zone: Zone
    ) throws(EngineError) -> Int64? {
        guard let text else { return nil }
        let cast = try Casting.cast(
            Vector.of(.string, [.string(text)]), to: .timestamp, mode: .null, zone: zone
        ).flattened()
        guard !cast.isNull(0) else {
            throw .user(
                "INVALID_OPTION", "Option \(name) must be a time such as 2024-01-31T10:00:00, not: \(text)")
        }
        return Int64(clamping: cast.scalar(at: 0).integerValue)
    }

    /// Says whether a file is to be read. Throws `UNSUPPORTED_FEATURE` (user) for files of which nobody knows
    /// when they were changed.
    func holds(_ file: FileStatus) throws(EngineError) -> Bool {
        guard let time = file.modifiedMicroseconds else {
            throw .user(
                "UNSUPPORTED_FEATURE",
                "Options modifiedAfter and modifiedBefore do not work here: the store does not tell when "
                    + "files were changed.")
        }
        return (after.map { time > $0 } ?? true) && (before.map { time < $0 } ?? true)
    }
}
