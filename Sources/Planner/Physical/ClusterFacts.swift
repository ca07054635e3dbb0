/// Says what the planner needs to know of the machines that will run the plan.
package struct ClusterFacts: Hashable, Sendable {
    /// Tasks that run at the same time, over all workers.
    package var slots: Int
    /// Processes among which rows have to travel; 1 when embedded.
    package var workers: Int

    package init(slots: Int, workers: Int) {
        self.slots = max(1, slots)
        self.workers = max(1, workers)
    }
}
