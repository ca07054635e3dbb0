import Vocabulary

extension Stage: MessageMapped {
    func message() throws(EngineError) -> WireStage {
        var message = WireStage()
        message.id = id.rawValue
        message.name = name
        message.plan = try plan.message()
        message.output = try output.message()
        message.taskCount = try UInt64(plan: taskCount)
        message.splits = try splits.map { (scans) throws(EngineError) in
            var task = WireTaskSplits()
            task.scans = try FileSplit.messages(scans)
            return task
        }
        message.dependencies = dependencies.map(\.rawValue)
        return message
    }

    init(_ message: WireStage) throws(EngineError) {
        self.init(
            id: StageID(rawValue: message.id), name: message.name,
            plan: try PlanCodec.part(message.hasPlan, message.plan, "a stage's plan"),
            output: try PlanCodec.part(message.hasOutput, message.output, "a stage's output"),
            taskCount: try Int(message: message.taskCount),
            splits: try message.splits.map { (task) throws(EngineError) in try FileSplit.scans(task.scans) },
            dependencies: message.dependencies.map { StageID(rawValue: $0) })
    }
}
