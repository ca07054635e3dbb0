import Scheduling
import Simulation
import Testing
import Vocabulary

@Suite("The simulator's rules")
struct RuleTests {
    /// Plays seeds with a spoiled scheduler until the rule is broken; returns whether it ever was. Where that
    /// is rare, `first` is shortly before a seed that is known to break it: others are tried where it has
    /// ceased to, and the output names the next one.
    static func breaks(
        _ rule: String, from first: UInt64 = 1, within seeds: UInt64 = 2000,
        _ tamper: @escaping (inout Decision) -> Void
    ) -> Bool {
        for seed in first..<first + seeds {
            do { _ = try Simulation.run(seed: seed, tamper: tamper) } catch {
                if error.rule.contains(rule) {
                    if seed > first + 500 { print("A seed that breaks \"\(rule)\" is now \(seed).") }
                    return true
                }
            }
        }
        return false
    }

    /// Changes the commands of every delivery.
    static func change(_ decision: inout Decision, _ change: (Command) -> [Command]) {
        for (place, action) in decision.actions.enumerated() {
            guard case .send(let worker, let life, .deliver(var delivery)) = action else { continue }
            delivery.commands = delivery.commands.flatMap(change)
            decision.actions[place] = .send(worker, life, .deliver(delivery))
        }
    }

    @Test("a run is the same every time")
    func replay() throws {
        for seed in [3, 29, 3818] as [UInt64] {
            #expect(try Simulation.run(seed: seed) == Simulation.run(seed: seed))
        }
    }

    @Test(
        "seeds that once found a bug stay well",
        arguments: [29, 78, 1033, 1853, 3613, 3818, 5790, 5946, 10418, 21276] as [UInt64])
    func pinned(seed: UInt64) throws { _ = try Simulation.run(seed: seed) }

    @Test("a commit whose start is not logged publishes two different manifests")
    func doublePublication() {
        let isSeen = Self.breaks("published twice, differently", from: 19_300, within: 20_000) { decision in
            decision.facts.removeAll { if case .commitStarted = $0 { true } else { false } }
        }
        #expect(isSeen)
    }

    @Test("a launch sent twice as two attempts takes more slots than there are")
    func oversubscription() {
        let isSeen = Self.breaks("more tasks than slots") { decision in
            Self.change(&decision) { command in
                guard case .launch(var launch) = command else { return [command] }
                let first = launch
                launch.attempt.number += 1_000_000
                return [.launch(first), .launch(launch)]
            }
        }
        #expect(isSeen)
    }

    @Test("launches that are given more memory than is left promise too much of it")
    func memory() {
        let isSeen = Self.breaks("promised too much memory") { decision in
            Self.change(&decision) { command in
                guard case .launch(var launch) = command else { return [command] }
                launch.memoryBytes += 1 << 29
                return [.launch(launch)]
            }
        }
        #expect(isSeen)
    }

    @Test("a lost output that is not logged shows as a finished task run again")
    func unloggedLoss() {
        let isSeen = Self.breaks("without a lost output") { decision in
            decision.facts.removeAll { if case .outputLost = $0 { true } else { false } }
        }
        #expect(isSeen)
    }

    @Test("a copy that is not logged shows as an output that a worker's loss took")
    func unloggedCopy() {
        let isSeen = Self.breaks("not the winner's") { decision in
            decision.facts.removeAll { if case .outputStored = $0 { true } else { false } }
        }
        #expect(isSeen)
    }

    @Test("a result that the log holds and that is said to be lost breaks a rule")
    func lostFromLog() {
        let isSeen = Self.breaks("although the log holds it") { decision in
            for case .taskCompleted(let output) in decision.facts where output.isInLog {
                decision.facts.append(.outputLost(output.attempt, isBlamed: false, nil))
            }
        }
        #expect(isSeen)
    }

    @Test("a result larger than the log may hold breaks a rule")
    func largeInLog() {
        let isSeen = Self.breaks("more bytes of results than it may") { decision in
            for place in decision.facts.indices {
                guard case .taskCompleted(var output) = decision.facts[place], output.isInLog else {
                    continue
                }
                output.partitionBytes = [1 << 20]
                decision.facts[place] = .taskCompleted(output)
            }
        }
        #expect(isSeen)
    }

    @Test("copies that nobody deletes are left")
    func leftCopies() {
        let isSeen = Self.breaks("a copy of") { decision in
            decision.actions.removeAll { if case .removeStoredOutputs = $0 { true } else { false } }
        }
        #expect(isSeen)
    }

    @Test("a job cleaned when it ends, and not when its last attempt has stopped, breaks a rule")
    func earlyCleaning() {
        let isSeen = Self.breaks("was cleaned while an attempt of it runs") { decision in
            for case .jobEnded(let job, let outcome, _) in decision.facts where outcome != .succeeded {
                decision.actions.append(.clean(job, statement: 0))
            }
        }
        #expect(isSeen)
    }

    @Test("losers of a commit that nobody cleans up after show as files left aside")
    func noCleaning() {
        var unsuccessful: Set<JobID> = []
        // Rare: a worker must die in the half second in which it stops the loser.
        let isSeen = Self.breaks("left files aside", from: 12_700, within: 20_000) { decision in
            for fact in decision.facts {
                if case .epochStarted(1) = fact { unsuccessful = [] }
                if case .jobEnded(let job, let outcome, _) = fact, outcome != .succeeded {
                    unsuccessful.insert(job)
                }
            }
            decision.actions.removeAll { action in
                if case .clean(let job, _) = action { !unsuccessful.contains(job) } else { false }
            }
        }
        #expect(isSeen)
    }

    @Test("losers of which no fact tells show as files left aside")
    func unloggedLosers() {
        let isSeen = Self.breaks("left files aside", from: 5_860, within: 20_000) { decision in
            decision.facts.removeAll { if case .losersLeft = $0 { true } else { false } }
        }
        #expect(isSeen)
    }

    @Test("files that their worker deletes before the commit publishes them break a rule")
    func deletedFiles() {
        var files: Set<StageKey> = []
        var done: [AttemptID] = []
        let isSeen = Self.breaks("were deleted before they were published") { decision in
            for fact in decision.facts {
                switch fact {
                case .epochStarted(1): (files, done) = ([], [])
                case .statementPlanned(let job, let statement, let stages, _):
                    for stage in stages where stage.output == .files {
                        files.insert(StageKey(job: job, statement: statement, stage: stage.id))
                    }
                case .taskCompleted(let output) where files.contains(output.attempt.task.stage):
                    done.append(output.attempt)
                default: break
                }
            }
            Self.change(&decision) { done.isEmpty ? [$0] : [$0, .drop(done)] }
        }
        #expect(isSeen)
    }

    @Test("a crash that is not logged comes again and again")
    func unloggedCrash() {
        let isSeen = Self.breaks("again and again") { decision in
            decision.facts.removeAll { if case .coordinatorCrashed = $0 { true } else { false } }
        }
        #expect(isSeen)
    }

    @Test("failed jobs that nobody cleans up after break a rule")
    func uncleanedFailure() {
        let isSeen = Self.breaks("was not cleaned") { decision in
            decision.actions.removeAll { if case .clean = $0 { true } else { false } }
        }
        #expect(isSeen)
    }

    @Test("a scheduler that never launches shows as a job that never ends")
    func starvation() {
        let isSeen = Self.breaks("never ended") { decision in
            Self.change(&decision) { if case .launch = $0 { [] } else { [$0] } }
        }
        #expect(isSeen)
    }
}
