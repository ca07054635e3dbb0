import Vocabulary

extension StageOutput: MessageMapped {
    func message() throws(EngineError) -> WireStageOutput {
        var message = WireStageOutput()
        switch self {
        case .shuffle(let partitioning): message.shuffle = try partitioning.message()
        case .files(let write): message.files = try write.message()
        case .manifest: message.manifest = true
        }
        return message
    }

    init(_ message: WireStageOutput) throws(EngineError) {
        switch message.kind {
        case .shuffle(let partitioning): self = .shuffle(try Partitioning(partitioning))
        case .files(let write): self = .files(try FileWrite(write))
        case .manifest: self = .manifest
        case nil:
            throw PlanCodec.corrupt(
                "a stage's output is missing, or of a kind that this release does not know")
        }
    }
}
