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
    private var directory: String { LocalTree.followed(StoragePath(output).path) }
    private var staging: String { Publication.stagingDirectory(output: directory, job: job) }

    /// Where a file lies until it is published.
    func staged(_ file: StagedFile) -> String { staging + "/" + file.attempt + "/" + file.path }

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
        case .append: [checkStep] + appendSteps
        case .overwrite: [checkStep] + overwriteSteps
        case .overwritePartitions: [checkStep] + partitionSteps
        }
    }

    private var successStep: PublicationStep {
        PublicationStep(name: "success") { () throws(EngineError) in
            try touch(directory + "/_SUCCESS")
            try sync(directory)
        }
    }

    private func sync(_ path: String) throws(EngineError) {
        if isDurable { try LocalDirectory.sync(path, in: tree) }
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
        PublicationStep(name: "clean") { () throws(EngineError) in
            try LocalDirectory.remove(staging, in: tree)
        }
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

    /// Moves a staged file, whose bytes were checked, below `target`. Done already: the source is gone and
    /// the target has the right size and bytes.
    private func move(_ file: StagedFile, below target: String) throws(EngineError) {
        let from = staged(file)
        let to = target + "/" + file.path
        try LocalDirectory.create(LocalDirectory.parent(of: to), in: tree)
        if let size = try LocalDirectory.fileSize(from, in: tree) {
            if size != file.byteCount { throw Publication.lost(from, file.byteCount, size) }
            if try !LocalDirectory.move(from, to: to, in: tree) { throw .fileSystem("publish", to) }
        } else if try !Publication.check(to, file, in: tree) {
            throw displaced ?? Publication.lost(from, file.byteCount, nil)
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

    /// Says whether the output is the new one already: its files are there, and the place where they were put
    /// together is not. (A loser that stops late may have made its own directory again: that says nothing.)
    /// Without files nothing may have been staged; then the new output is known by having nothing in it.
    private var isSwapped: Bool {
        get throws(EngineError) {
            guard let file = files.first else {
                if try exists(staging) { return false }
                return try names(directory) == ["_SUCCESS"]
            }
            if try exists(assembly) { return false }
            return try isThere(file)
        }
    }

    private func exists(_ path: String) throws(EngineError) -> Bool {
        try LocalDirectory.exists(path, in: tree)
    }

    private func names(_ path: String) throws(EngineError) -> [String]? {
        try LocalDirectory.names(path, in: tree)
    }

    /// Whether a file is where it will be visible; its name has the statement in it.
    private func isThere(_ file: StagedFile) throws(EngineError) -> Bool {
        try LocalDirectory.fileSize(directory + "/" + file.path, in: tree) == file.byteCount
    }

    /// Whether the new directory stands complete beside the output, or has taken its place.
    private var isSealed: Bool {
        get throws(EngineError) {
            if try exists(swapped) { return true }
            if try exists(retired) { return true }
            return try isSwapped
        }
    }

    private var assembleSteps: [PublicationStep] {
        var steps = files.map { file in
            PublicationStep(name: "assemble \(file.path)") { () throws(EngineError) in
                if try !isSealed { try move(file, below: assembly) }
            }
        }
        steps.append(
            PublicationStep(name: "seal") { () throws(EngineError) in
                if try isSealed { return }
                try touch(assembly + "/_SUCCESS")
                if isDurable { try LocalDirectory.syncTree(assembly, in: tree) }
            })
        return steps
    }

    private var overwriteSteps: [PublicationStep] {
        var steps = assembleSteps
        if LocalDirectory.isFixed(directory) { return steps + replaceSteps }
        steps.append(
            PublicationStep(name: "set beside") { () throws(EngineError) in
                if try exists(swapped) { return }
                if try isSwapped { return }
                if try !LocalDirectory.move(assembly, to: swapped, in: tree) {
                    throw .fileSystem("publish", directory)
                }
                try sync(LocalDirectory.parent(of: directory))
            })
        steps.append(
            PublicationStep(name: "swap") { () throws(EngineError) in
                if try isSwapped { return }
                if try !LocalDirectory.exchange(swapped, directory, in: tree) {
                    throw .fileSystem("publish", directory)
                }
                try sync(LocalDirectory.parent(of: directory))
            })
        steps.append(
            PublicationStep(name: "clean") { () throws(EngineError) in
                try LocalDirectory.remove(swapped, in: tree)
            })
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
                if try exists(retired) { return }
                if try isSwapped { return }
                try LocalDirectory.create(staging + "/old", in: tree)
                for name in try names(directory) ?? [] where directory + "/" + name != staging {
                    if try !LocalDirectory.move(
                        directory + "/" + name, to: staging + "/old/" + name, in: tree)
                    {
                        throw .fileSystem("publish", directory)
                    }
                }
                try touch(retired)
                try sync(staging)
            },
            PublicationStep(name: "bring in") { () throws(EngineError) in
                if try isSwapped { return }
                for name in try names(assembly) ?? [] {
                    if try !LocalDirectory.move(assembly + "/" + name, to: directory + "/" + name, in: tree) {
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
                    if try isThere(files[0]) { return }
                    for file in files { try move(file, below: assembly) }
                })
        }
        steps.append(
            PublicationStep(name: "seal") { () throws(EngineError) in
                if isDurable, try exists(assembly) { try LocalDirectory.syncTree(assembly, in: tree) }
            })
        for (folder, files) in folders {
            let (new, target) = (assembly + "/" + folder, directory + "/" + folder)
            steps.append(
                PublicationStep(name: "swap \(folder)") { () throws(EngineError) in
                    if try isThere(files[0]) { return }
                    try LocalDirectory.create(LocalDirectory.parent(of: target), in: tree)
                    if try exists(target) {
                        if try !LocalDirectory.exchange(new, target, in: tree) {
                            throw .fileSystem("publish", target)
                        }
                    } else if try !LocalDirectory.move(new, to: target, in: tree) {
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

    private func touch(_ path: String) throws(EngineError) {
        try LocalDirectory.create(LocalDirectory.parent(of: path), in: tree)
        let descriptor = try tree.open(path, O_WRONLY | O_CREAT, mode: 0o644)
        if descriptor < 0 { throw .fileSystem("create", path) }
        close(descriptor)
    }
}
