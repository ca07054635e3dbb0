import Pipelines

// What is forgotten of runs: the jobs of all but the latest hundred's steps, and of runs as many as of jobs.
extension PipelineHost {
    /// Forgets what history has no place for.
    func trimHistory() async {
        for id in ledger.order.dropLast(PipelineHost.keptRuns) where ledger.runs[id]?.isClosed == true {
            _ = await node.forgetParts(ofRuns: [id])
        }
        for id in ledger.forgettable(beyond: await node.historyRuns) {
            guard await node.forgetParts(ofRuns: [id]) else { continue }
            await node.keep([.runForgotten(id)])
            ledger.forget(id)
            books[id] = nil
            // Places in the order of runs are others now.
            runTimes = SubmissionTimes()
        }
    }
}

extension CoordinatorNode {
    /// Runs that are remembered.
    var historyRuns: Int { scheduler.settings.historyJobs }
}
