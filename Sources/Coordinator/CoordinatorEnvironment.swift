import Logging
import Planner
import Protocol
import Scheduling
import Shuffle
import Vocabulary

/// Holds what a coordinator stands on; the embedded cluster, the program and the tests each bring their own.
package struct CoordinatorEnvironment: Sendable {
    package var log: any FactLog
    /// Reads results from where they lie.
    package var results: any ShuffleSource
    /// The store in which `results` looks first: outputs that the log holds are there while a read begins.
    package var resultStore: ShuffleStore
    /// The tokens that `results` sends along; nil where nothing is fetched.
    package var tokens: ShuffleTokens?
    /// Lists, stages and publishes files.
    package var storage: any JobStorage
    /// The storage that all nodes share, with copies of outputs; nil where there is none.
    package var copies: SharedOutputs?
    /// What crashed coordinators of this state.
    package var crashes: CrashTally
    /// Whether jobs may run programs on workers.
    package var allowsCommands: Bool
    package var clock: @Sendable () -> Moment
    /// Tells whoever runs the coordinator what happens.
    package var logger: Logger
    /// Called when the log fails: the process must end.
    package var fail: @Sendable (any Error) -> Void

    package init(
        log: any FactLog, results: any ShuffleSource, resultStore: ShuffleStore = ShuffleStore(),
        tokens: ShuffleTokens? = nil,
        storage: any JobStorage, copies: SharedOutputs? = nil,
        crashes: CrashTally = CrashTally(), allowsCommands: Bool = true,
        clock: @escaping @Sendable () -> Moment = NodeClock.moment,
        logger: Logger = Logger(label: "etl-coordinator") { _ in SwiftLogNoOpLogHandler() },
        fail: @escaping @Sendable (any Error) -> Void
    ) {
        self.log = log
        self.results = results
        self.resultStore = resultStore
        self.tokens = tokens
        self.storage = storage
        self.copies = copies
        self.crashes = crashes
        self.allowsCommands = allowsCommands
        self.clock = clock
        self.logger = logger
        self.fail = fail
    }
}
