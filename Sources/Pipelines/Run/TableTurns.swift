import Synchronization

/// Keeps runs of a pipeline that are at work together from each other's tables, as if they had run one after
/// the other in the order in which they joined:
///
///     run 1   extract a ─▶ model b (reads a) ─▶ load c (reads b)
///     run 2              waits for b to have read a ─▶ extract a ─▶ waits for c ─▶ model b …
///
/// A step waits for each step of an earlier run that is not over and reads or makes what it makes, or makes
/// what it reads. As only later runs wait for earlier ones, some run can always go on.
package final class TableTurns: Sendable {
    /// Says which tables a step reads and which it makes; a load makes what bears its name elsewhere.
    package struct Use: Sendable {
        var step: String
        var reads: Set<String>
        var makes: String?
        /// Folder of the table; nil where it makes none.
        var table: String?

        init(_ step: PipelineStep, testsOnly: Bool) {
            self.step = step.name
            reads = Set(step.dependencies + step.testDependencies + step.relations.compactMap(\.step))
            reads.insert(step.name)
            makes = testsOnly ? nil : step.name
            table = !testsOnly && step.load == nil ? step.folder : nil
        }
    }

    private struct Run {
        var id: String
        /// Steps that are not over, by name; nil until they are known.
        var open: [String: Use]?
        /// How many of them read each table.
        var readers: [String: Int] = [:]

        /// Whether a later run's step must wait.
        func blocks(_ use: Use) -> Bool {
            guard let open else { return true }
            if let name = use.makes, readers[name, default: 0] > 0 { return true }
            return use.reads.contains { open[$0]?.makes != nil }
        }
    }

    private struct State {
        var runs: [Run] = []
        var version = 0
    }
    private let state = Mutex(State())

    package init() {}

    /// Changes with each step that ends and each run that comes or goes.
    package var version: Int { state.withLock { $0.version } }

    package var isEmpty: Bool { state.withLock { $0.runs.isEmpty } }

    /// Gives a run its place, after all that have theirs. What it will use is not known yet: later ones wait.
    package func join(_ id: String) {
        change { runs in
            if !runs.contains(where: { $0.id == id }) { runs.append(Run(id: id)) }
        }
    }

    /// Says what steps of a run that are not over use.
    func declare(_ id: String, _ uses: [Use]) {
        change { runs in
            guard let place = runs.firstIndex(where: { $0.id == id }) else { return }
            runs[place].open = Dictionary(uses.map { ($0.step, $0) }) { $1 }
            runs[place].readers = [:]
            for name in uses.flatMap(\.reads) { runs[place].readers[name, default: 0] += 1 }
        }
    }

    /// Says that a step is over, done or not.
    func finished(_ step: String, of id: String) {
        change { runs in
            guard let place = runs.firstIndex(where: { $0.id == id }),
                let use = runs[place].open?.removeValue(forKey: step)
            else { return }
            for name in use.reads { runs[place].readers[name, default: 1] -= 1 }
        }
    }

    /// Takes a run's place away.
    package func leave(_ id: String) { change { $0.removeAll { $0.id == id } } }

    /// Says whether a step of a run need not wait for an earlier run.
    func mayBegin(_ use: Use, _ id: String) -> Bool {
        state.withLock { state in
            !state.runs.prefix { $0.id != id }.contains { $0.blocks(use) }
        }
    }

    /// Returns the folders of tables that earlier runs are still to make; nil while that is not known. Which
    /// of them are there says what a run's incremental models mean, so it is read once all are.
    package func tablesToCome(before id: String) -> Set<String>? {
        state.withLock { state in
            var found = Set<String>()
            for run in state.runs.prefix(while: { $0.id != id }) {
                guard let open = run.open else { return nil }
                found.formUnion(open.values.compactMap(\.table))
            }
            return found
        }
    }

    private func change(_ body: (inout [Run]) -> Void) {
        state.withLock {
            body(&$0.runs)
            $0.version += 1
        }
    }
}
