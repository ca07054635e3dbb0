import Planner
import Plans
import Scheduling
import Vocabulary

// Planning stages again between stages, by what those before them wrote.
extension CoordinatorNode {
    /// Tells the scheduler what becomes otherwise now that a stage is complete. The changed stages are in the
    /// log before the fact that they count.
    func replan(after key: StageKey) {
        do throws(EngineError) {
            let work = CrashReport.Work.planning(key.job, statement: key.statement)
            let found = try CrashReport.during(work) { () throws(EngineError) in try answer(after: key) }
            guard let (book, answer) = found,
                scheduler.mayReplan(key, changing: answer.changed)
            else { return handle(.replanned(key, stages: [])) }
            let settings = book.session.settings(of: key.statement)
            var records: [LogRecord] = []
            if environment.log.isDurable {
                let bytes = try PlanCodec.encode(answer.graph, settings: settings)
                records = [.plan(key.job, statement: key.statement, bytes)]
            }
            book.replace(answer.graph, of: key.statement)
            let now = environment.clock().wallMilliseconds
            for text in answer.notes { note(key.job, "info", text, at: now) }
            let stages = stages(of: key)
            let specs = answer.changed.map { id in
                let stage = answer.graph.stages[id.index]
                var spec = StageSpec(
                    stage, result: answer.graph.result, settings: settings, landed: book.landed)
                spec.wishNearest(stage) { read in
                    read.index < stages.count ? stages[read.index].tasks.map(\.output) : []
                }
                return spec
            }
            handle(.replanned(key, stages: specs), before: records)
        } catch {
            // What was planned at first is right, too.
            environment.logger.warning("stages were not planned again: \(error.message)")
            handle(.replanned(key, stages: []))
        }
    }

    private func stages(of key: StageKey) -> [StageRecord] {
        scheduler.ledger.jobs[key.job.index].statements[Int(key.statement)].stages
    }

    private func answer(
        after key: StageKey
    ) throws(EngineError) -> (JobBook, AdaptivePlanner.Answer)? {
        guard let book = books[key.job], let graph = book.graph(key.statement) else { return nil }
        let stages = stages(of: key)
        let planner = AdaptivePlanner(
            settings: book.session.settings(of: key.statement), cluster: clusterFacts
        ) { stage in
            guard stage.index < stages.count, stages[stage.index].isComplete else { return nil }
            return stages[stage.index].tasks.map { $0.output?.partitionBytes ?? [] }
        }
        let answer = try planner.answer(graph, after: key.stage) { stage in
            scheduler.mayReplan(key, changing: [stage])
        }
        return answer.map { (book, $0) }
    }
}
