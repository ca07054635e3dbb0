import Protocol
import Scheduling
import Vocabulary

// Gives the tokens by which workers let each other read the outputs of a job.
extension CoordinatorNode {
    /// Takes the key of all tokens from the log, or makes one, which is durable when this returns.
    func prepareTokens(_ records: [LogRecord]) async throws {
        for case .tokenKey(let key) in records { secret = JobSecret(key: key) }
        if secret == nil {
            let key = JobSecret.newKey()
            secret = JobSecret(key: key)
            if environment.log.isDurable { try await environment.log.append([.tokenKey(key)]) }
        }
        for worker in scheduler.ledger.workers where worker.loss == nil { noteTokens(of: worker.identity) }
    }

    /// Takes in who takes part: a worker of an earlier release reads without a token, as long as it is there.
    func noteTokens(_ facts: [Fact]) {
        for fact in facts {
            switch fact {
            case .workerRegistered(_, let identity): noteTokens(of: identity)
            case .workerLost(let worker, _):
                tokenless.remove(scheduler.ledger.workers[worker.index].identity.life)
            default: break
            }
        }
    }

    private func noteTokens(of identity: WorkerIdentity) {
        if identity.version < WorkerIdentity.tokenVersion { tokenless.insert(identity.life) }
    }

    /// Returns what a message's reader needs to read outputs and to let others read them.
    func grants(for message: CoordinatorMessage) -> JobGrants {
        var grants = JobGrants(isRequired: tokenless.isEmpty)
        guard case .deliver(let delivery) = message else { return grants }
        for command in delivery.commands {
            switch command {
            case .launch(let launch): grants.tokens[launch.attempt.task.stage.job] = []
            case .adopt(_, let outputs):
                for output in outputs { grants.tokens[output.attempt.task.stage.job] = [] }
            default: break
            }
        }
        for job in grants.tokens.keys { grants.tokens[job] = token(of: job) }
        return grants
    }

    /// Returns a job's token; nil for one that history has forgotten.
    func token(of job: JobID) -> [UInt8]? {
        guard let book = books[job] else { return nil }
        if book.token == nil { book.token = try? secret?.token(of: book.externalID) }
        return book.token
    }
}
