import Foundation

/// Runs a loop in a process of its own, and keeps the input that ends it.
struct Supervisor {
    var loop: FuzzLoop
    /// Whether it goes on after a fault, with other seeds, until the time is over.
    var goesOn = false

    /// Returns the paths of the inputs that showed a fault, and prints what each did.
    func run() throws -> [String] {
        try FileManager.default.createDirectory(at: loop.folder, withIntermediateDirectories: true)
        let start = ContinuousClock.now
        var kept: [String] = []
        var loop = loop
        while true {
            guard let path = try once(loop) else { return kept }
            kept.append(path)
            let left = self.loop.seconds - (ContinuousClock.now - start) / .seconds(1)
            if !goesOn || left <= 0 { return kept }
            loop.seconds = left
            loop.seed += 1
            loop.takesCorpus = false
        }
    }

    /// Runs the loop once; returns where the input is that ended it, nil when none did.
    private func once(_ loop: FuzzLoop) throws -> String? {
        let errors = loop.folder.appendingPathComponent("\(loop.target.name).stderr")
        _ = FileManager.default.createFile(atPath: errors.path, contents: nil)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments =
            [
                "loop", loop.target.name, "--seconds", "\(loop.seconds)", "--seed", "\(loop.seed)", "--keep",
                loop.folder.path, "--input-seconds", "\(loop.inputSeconds)",
            ] + (loop.inputCount.map { ["--inputs", "\($0)"] } ?? [])
            + (loop.takesCorpus ? [] : ["--skip-corpus"]) + (loop.more.map { ["--corpus", $0] } ?? [])
        // A trap's backtrace takes seconds, and the input tells all.
        process.environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) {
            $1
        }
        process.standardInput = FileHandle.nullDevice
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
        process.waitUntilExit()
        defer { try? FileManager.default.removeItem(at: errors) }
        if process.terminationReason == .exit, process.terminationStatus == 0 { return nil }
        let text = (try? String(contentsOf: errors, encoding: .utf8)) ?? ""
        let current = FuzzLoop.currentPath(loop.target, in: loop.folder)
        let how = process.terminationReason == .uncaughtSignal ? "signal" : "status"
        let said = text.split(separator: "\n").prefix(6).joined(separator: "\n  ")
        guard let bytes = CurrentInput.read(current) else {
            throw Finding(
                "\(loop.target.name): ended with \(how) \(process.terminationStatus) at no input\n  \(said)")
        }
        let file = loop.folder.appendingPathComponent("\(loop.target.name)-\(Corpus.name(of: bytes)).input")
        try Data(bytes).write(to: file)
        unlink(current)
        print(
            "\(loop.target.name): \(how) \(process.terminationStatus), seed \(loop.seed), on \(file.path)\n"
                + "  \(said)")
        return file.path
    }
}
