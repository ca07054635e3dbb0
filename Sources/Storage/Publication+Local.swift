import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// One idempotent step of a publication, with a name for messages and tests.
struct PublicationStep {
    let name: String
    let perform: () throws(EngineError) -> Void
}

extension Publication {
    private var directory: String { LocalDirectory.resolved(StoragePath(output).path) }
    private var staging: String { Publication.stagingDirectory(output: directory, job: job) }
    /// Where a new directory is put together before it is swapped in.
    private var assembly: String { staging + "/new" }
    /// Beside the output: the new directory before the swap, the old one after it.
    private var swapped: String {
        LocalDirectory.parent(of: directory) + "/."
            + (directory.split(separator: "/").last.map(String.init) ?? "out")
            + "-" + job
    }

    /// The steps for a local output, in order.
    var localSteps: [PublicationStep] {
        switch mode {
        case .append: appendSteps
        case .overwrite: overwriteSteps
        case .overwritePartitions: partitionSteps
        }
    }

    private var successStep: PublicationStep {
        PublicationStep(name: "success") { () throws(EngineError) in
            try Publication.touch(directory + "/_SUCCESS")
            try sync(directory)
        }
    }

    private func sync(_ path: String) throws(EngineError) {
        if isDurable { try LocalDirectory.sync(path) }
    }

    /// Makes what was moved into these directories below the output durable, and the ones above them that
    /// were made for it: once for all moves, each of which would wait for the device. The output's own
    /// entries become durable with `_SUCCESS`.
    private func syncStep(_ paths: [String]) -> PublicationStep {
        PublicationStep(name: "sync") { () throws(EngineError) in
            var changed: Set<String> = []
            for var path in paths {
                while path.count > directory.count, changed.insert(path).inserted {
                    path = LocalDirectory.parent(of: path)
                }
            }
            for path in changed.sorted() { try sync(path) }
        }
    }

    private var cleanStep: PublicationStep {
        PublicationStep(name: "clean") { () throws(EngineError) in try LocalDirectory.remove(staging) }
    }

    private var appendSteps: [PublicationStep] {
        var steps = files.map { file in
            PublicationStep(name: "move \(file.path)") { () throws(EngineError) in
                try move(file, below: directory)
            }
        }
        steps.append(syncStep(files.map { LocalDirectory.parent(of: directory + "/" + $0.path) }))
        steps += [successStep, cleanStep]
        return steps
    }

    /// Moves each staged file below `target`. Done already: the source is gone and the target has the right
    /// size.
    private func move(_ file: StagedFile, below target: String) throws(EngineError) {
        let from = staging + "/" + file.attempt + "/" + file.path
        let to = target + "/" + file.path
        try LocalDirectory.create(LocalDirectory.parent(of: to))
        if let size = LocalDirectory.fileSize(from) {
            if size != file.byteCount { throw Publication.damaged(from, file.byteCount, size) }
            if !LocalDirectory.move(from, to: to) { throw .fileSystem("publish", to) }
        } else {
            guard let size = LocalDirectory.fileSize(to) else {
                throw displaced ?? Publication.damaged(from, file.byteCount, nil)
            }
            if size != file.byteCount { throw Publication.damaged(to, file.byteCount, size) }
        }
    }

    /// Says that another job replaced the directory since this one was submitted, with what this one had
    /// staged in it; nil when nothing shows that. A UUIDv7 begins with its time, 48 bits of milliseconds.
    private var displaced: EngineError? {
        var success = stat()
        guard stat(directory + "/_SUCCESS", &success) == 0 else { return nil }
        return displaced(at: success.st_mtim.tv_sec * 1000 + success.st_mtim.tv_nsec / 1_000_000)
    }

    /// Says so when a `_SUCCESS` of another job was written at `milliseconds` since 1970, and this job was
    /// submitted before; else nil.
    func displaced(at milliseconds: Int) -> EngineError? {
        let digits = job.prefix(13).filter { $0 != "-" }
        guard job.dropFirst(14).first == "7", let submitted = Int(digits, radix: 16),
            milliseconds >= submitted
        else { return nil }
        return .outputReplaced(output)
    }

    private static func damaged(_ path: String, _ expected: Int, _ found: Int?) -> EngineError {
        .system(
            "STAGED_FILE_LOST",
            "A staged file should have \(expected) bytes but "
                + "\(found.map { "has \($0)" } ?? "is not there"): \(path)",
            remedy: "Every worker and the coordinator must see the same files there; is that directory "
                + "shared by all of them?")
    }

    /// Says whether the output is the new one already: its files are there, and the place where they were put
    /// together is not. (A loser that stops late may have made its own directory again: that says nothing.)
    /// Without files nothing may have been staged; then the new output is known by having nothing in it.
    private var isSwapped: Bool {
        guard let file = files.first else {
            return !LocalDirectory.exists(staging) && (try? LocalDirectory.names(directory)) == ["_SUCCESS"]
        }
        return !LocalDirectory.exists(assembly) && isThere(file)
    }

    /// Whether a file is where it will be visible; its name has the statement in it.
    private func isThere(_ file: StagedFile) -> Bool {
        LocalDirectory.fileSize(directory + "/" + file.path) == file.byteCount
    }

    /// Whether the new directory stands complete beside the output, or has taken its place.
    private var isSealed: Bool {
        LocalDirectory.exists(swapped) || LocalDirectory.exists(retired) || isSwapped
    }

    private var assembleSteps: [PublicationStep] {
        var steps = files.map { file in
            PublicationStep(name: "assemble \(file.path)") { () throws(EngineError) in
                if !isSealed { try move(file, below: assembly) }
            }
        }
        steps.append(
            PublicationStep(name: "seal") { () throws(EngineError) in
                if isSealed { return }
                try Publication.touch(assembly + "/_SUCCESS")
                if isDurable { try LocalDirectory.syncTree(assembly) }
            })
        return steps
    }

    private var overwriteSteps: [PublicationStep] {
        var steps = assembleSteps
        if LocalDirectory.isFixed(directory) { return steps + replaceSteps }
        steps.append(
            PublicationStep(name: "set beside") { () throws(EngineError) in
                if LocalDirectory.exists(swapped) || isSwapped { return }
                if !LocalDirectory.move(assembly, to: swapped) { throw .fileSystem("publish", directory) }
                try sync(LocalDirectory.parent(of: directory))
            })
        steps.append(
            PublicationStep(name: "swap") { () throws(EngineError) in
                if isSwapped { return }
                if !LocalDirectory.exchange(swapped, directory) { throw .fileSystem("publish", directory) }
                try sync(LocalDirectory.parent(of: directory))
            })
        steps.append(
            PublicationStep(name: "clean") { () throws(EngineError) in try LocalDirectory.remove(swapped) })
        return steps
    }

    /// Made when the old entries of a directory that cannot be swapped are out of the way.
    private var retired: String { staging + "/retired" }

    /// Steps for a directory that cannot be renamed, such as the root of a mounted volume: its entries are
    /// exchanged one by one. A reader may see a part of the output meanwhile; a crash is mended by the
    /// replay.
    private var replaceSteps: [PublicationStep] {
        [
            PublicationStep(name: "retire") { () throws(EngineError) in
                if LocalDirectory.exists(retired) || isSwapped { return }
                try LocalDirectory.create(staging + "/old")
                for name in try LocalDirectory.names(directory) ?? [] where directory + "/" + name != staging
                {
                    if !LocalDirectory.move(directory + "/" + name, to: staging + "/old/" + name) {
                        throw .fileSystem("publish", directory)
                    }
                }
                try Publication.touch(retired)
                try sync(staging)
            },
            PublicationStep(name: "bring in") { () throws(EngineError) in
                if isSwapped { return }
                for name in try LocalDirectory.names(assembly) ?? [] {
                    if !LocalDirectory.move(assembly + "/" + name, to: directory + "/" + name) {
                        throw .fileSystem("publish", directory)
                    }
                }
                try sync(directory)
            },
            cleanStep,
        ]
    }

    private var partitionSteps: [PublicationStep] {
        // By partition folder, deepest level only; files outside of any are added, as Spark does without
        // partition columns.
        var written = Dictionary(grouping: files) { LocalDirectory.parent(of: $0.path) }
        let loose = written.removeValue(forKey: ".") ?? []
        let folders = written.sorted { $0.key < $1.key }
        var steps: [PublicationStep] = []
        for (folder, files) in folders {
            steps.append(
                PublicationStep(name: "assemble \(folder)") { () throws(EngineError) in
                    // A folder is swapped whole, so one of its files tells.
                    if isThere(files[0]) { return }
                    for file in files { try move(file, below: assembly) }
                })
        }
        steps.append(
            PublicationStep(name: "seal") { () throws(EngineError) in
                if isDurable, LocalDirectory.exists(assembly) { try LocalDirectory.syncTree(assembly) }
            })
        for (folder, files) in folders {
            let (new, target) = (assembly + "/" + folder, directory + "/" + folder)
            steps.append(
                PublicationStep(name: "swap \(folder)") { () throws(EngineError) in
                    if isThere(files[0]) { return }
                    try LocalDirectory.create(LocalDirectory.parent(of: target))
                    if LocalDirectory.exists(target) {
                        if !LocalDirectory.exchange(new, target) { throw .fileSystem("publish", target) }
                    } else if !LocalDirectory.move(new, to: target) {
                        throw .fileSystem("publish", target)
                    }
                })
        }
        steps += loose.map { file in
            PublicationStep(name: "move \(file.path)") { () throws(EngineError) in
                try move(file, below: directory)
            }
        }
        let changed = folders.map { LocalDirectory.parent(of: directory + "/" + $0.key) }
        steps += [syncStep(changed), successStep, cleanStep]
        return steps
    }

    private static func touch(_ path: String) throws(EngineError) {
        try LocalDirectory.create(LocalDirectory.parent(of: path))
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        if descriptor < 0 { throw .fileSystem("create", path) }
        close(descriptor)
    }
}
