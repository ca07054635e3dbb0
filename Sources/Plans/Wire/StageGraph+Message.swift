import Columns
import Vocabulary

extension StageGraph {
    func message(settings: SessionSettings) throws(EngineError) -> WireStageGraph {
        var message = WireStageGraph()
        message.version = PlanCodec.version
        message.stages = try stages.messages()
        switch result {
        case .rows(let stage, let schema):
            message.resultStage = stage.rawValue
            message.rows = try schema.message()
        case .files(let stage, let write):
            message.resultStage = stage.rawValue
            message.files = try StageOutput.files(write).message()
        case .manifest(let stage):
            message.resultStage = stage.rawValue
            message.files = try StageOutput.manifest.message()
        }
        message.settings = try settings.message()
        return message
    }

    /// Returns the stages and the settings that they were planned under.
    static func read(_ message: WireStageGraph) throws(EngineError) -> (StageGraph, SessionSettings) {
        let stage = StageID(rawValue: message.resultStage)
        let result: StatementResult
        if message.hasFiles {
            switch try StageOutput(message.files) {
            case .files(let write): result = .files(stage: stage, write: write)
            case .manifest: result = .manifest(stage: stage)
            case .shuffle: throw PlanCodec.corrupt("a statement's files are a shuffle")
            }
        } else {
            result = .rows(
                stage: stage,
                schema: try PlanCodec.part(message.hasRows, message.rows, "the result's schema"))
        }
        let settings: SessionSettings = try PlanCodec.part(
            message.hasSettings, message.settings, "the settings")
        return (StageGraph(stages: try [Stage](message.stages), result: result), settings)
    }
}
