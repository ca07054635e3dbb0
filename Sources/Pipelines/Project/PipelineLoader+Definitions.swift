import Vocabulary

// What steps are made from: a retry makes those again that were changed.
extension PipelineLoader {
    /// Longest file of a program that counts, bytes.
    private static let programBytes = 1 << 20

    /// Returns a digest of each step by its name: of its query, its settings, and the seed or the program
    /// that it reads, but not of its tests, nor of what differs between runs of the same interval. None where
    /// the files cannot be read so.
    func definitions() -> [String: String] {
        // Rendered as for the first run, so that what there is by now changes no query.
        var context = RunContext(
            runID: "", intervalStart: run.intervalStart, intervalEnd: run.intervalEnd,
            acceptedAt: Int64(run.intervalEnd) * 60_000, fullRefresh: run.fullRefresh)
        context.isBackfill = run.isBackfill
        var loader = PipelineLoader(
            directory: files.directory, shownAs: files.shown, vars: given, run: context,
            environment: environment)
        loader.isHidden = isHidden
        loader.catalogs = catalogs
        let steps = (try? loader.read().steps) ?? []
        return Dictionary(steps.map { ($0.name, definition($0)) }) { first, _ in first }
    }

    private func definition(_ step: PipelineStep) -> String {
        var parts = [
            step.kind.rawValue, step.sql, step.folder, "\(step.materialization)",
            step.contract?.frame.before ?? "",
        ]
        for relation in step.relations {
            parts += [
                relation.view, relation.step ?? "", relation.definition, relation.eventTime ?? "",
            ]
        }
        parts += PipelineLoader.words(of: step.write)
        if var extract = step.extract {
            // The order of a dictionary is another in each process.
            parts += extract.conf.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            extract.conf = [:]
            parts.append("\(extract)")
        }
        if let load = step.load {
            parts += [load.from ?? "", load.source, "\(load.options)"] + PipelineLoader.words(of: load.write)
        }
        let program = step.extract?.options.first { $0.name == "command" }?.value ?? ""
        let words = program.matches(of: /"([^"\\]+)"/).map { String($0.1) }
        for file in (step.kind == .seed ? [step.file] : words) where files.exists(file) {
            let limit = step.kind == .seed ? PipelineBundle.limitBytes : PipelineLoader.programBytes
            let bytes = (try? files.bytes(file, limitBytes: limit)) ?? []
            parts.append(String(decoding: bytes, as: UTF8.self))
        }
        return RunIdentity.derived(parts)
    }

    private static func words(of write: WriteTarget?) -> [String] {
        write.map { [$0.path, $0.format, $0.mode.rawValue, "\($0.options)"] } ?? []
    }
}
