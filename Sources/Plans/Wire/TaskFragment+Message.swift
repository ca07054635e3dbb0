import Vocabulary

extension TaskFragment: MessageMapped {
    func message() throws(EngineError) -> WireTaskFragment {
        var message = WireTaskFragment()
        message.version = PlanCodec.version
        message.stage = stage.rawValue
        message.taskIndex = try UInt32(plan: taskIndex)
        message.taskCount = try UInt32(plan: taskCount)
        message.plan = try plan.message()
        message.output = try output.message()
        message.splits = try FileSplit.messages(splits)
        message.settings = try settings.message()
        message.measuresOperators = measuresOperators
        return message
    }

    init(_ message: WireTaskFragment) throws(EngineError) {
        self.init(
            stage: StageID(rawValue: message.stage), taskIndex: Int(message.taskIndex),
            taskCount: Int(message.taskCount),
            plan: try PlanCodec.part(message.hasPlan, message.plan, "the plan"),
            output: try PlanCodec.part(message.hasOutput, message.output, "the output"),
            splits: try FileSplit.scans(message.splits),
            settings: try PlanCodec.part(message.hasSettings, message.settings, "the settings"),
            measuresOperators: message.measuresOperators)
    }
}
