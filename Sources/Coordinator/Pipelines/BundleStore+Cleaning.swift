import Foundation
import Pipelines

// What is removed of bundles: all that nobody names, but for what may be on its way to be named.
extension BundleStore {
    /// Seconds for which a bundle that nobody names is kept: between its last piece and the job that names it
    /// lies one call of a client.
    private static let graceSeconds = 3600.0
    /// Bundles, and bundles in pieces, that nobody names and are kept all the same; the oldest go.
    private static let mostUnnamed = 32

    /// Holds what lies in the folder under one digest.
    private struct Entry {
        var digest: String
        /// Whether it is a bundle with its files; else it is being written, or removed.
        var isWhole: Bool
        var path: String
        /// Seconds since it was written, or asked for.
        var age: Double
        /// Whether it is files that are being written or removed.
        var isLeftover: Bool { path.contains(".new-") }
    }

    /// Removes what no digest of `named` needs. `isStart`: nobody writes or removes files of a bundle; pieces
    /// may still come. Never throws: what cannot be removed now is removed another time.
    func clean(named: Set<String>, isStart: Bool = false, now: Date = Date()) {
        let found = entries(now).filter { !(named.contains($0.digest) && $0.isWhole) }
        for isWhole in [true, false] {
            let kind = found.filter { $0.isWhole == isWhole }.sorted { $0.age < $1.age }
            for (place, entry) in kind.enumerated()
            where place >= BundleStore.mostUnnamed || entry.age >= BundleStore.graceSeconds
                || (isStart && entry.isLeftover)
            {
                remove(entry)
            }
        }
    }

    /// A bundle goes before its files, and those aside first: what is half removed is not taken for whole.
    private func remove(_ entry: Entry) {
        guard entry.isWhole else {
            try? FileManager.default.removeItem(atPath: entry.path)
            return
        }
        let files = "\(folder)/\(entry.digest)"
        unlink(files + ".bundle")
        let aside = "\(files).new-\(UUID().uuidString)"
        if rename(files, aside) == 0 { try? FileManager.default.removeItem(atPath: aside) }
    }

    private func entries(_ now: Date) -> [Entry] {
        let names = Set((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
        return names.compactMap { name in
            let digest = String(name.prefix { $0 != "." })
            let ending = name.dropFirst(digest.count)
            // The files of a bundle go with it; those without were left by a crash.
            guard PipelineBundle.isDigest(digest), !ending.isEmpty || !names.contains(digest + ".bundle")
            else { return nil }
            let path = "\(folder)/\(name)"
            var information = stat()
            guard stat(path, &information) == 0 else { return nil }
            let changed =
                Double(information.st_mtim.tv_sec) + Double(information.st_mtim.tv_nsec) / 1_000_000_000
            return Entry(
                digest: digest, isWhole: ending == ".bundle" || ending.isEmpty, path: path,
                age: now.timeIntervalSince1970 - changed)
        }
    }
}
