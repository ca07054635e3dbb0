import Vocabulary

extension SessionSettings: MessageMapped {
    func message() throws(EngineError) -> WireSessionSettings {
        var message = WireSessionSettings()
        message.ansi = ansi
        message.timeZone = timeZone
        message.nowMicroseconds = nowMicroseconds
        message.shufflePartitions = try UInt64(plan: shufflePartitions)
        message.broadcastBytes = Int64(broadcastBytes)
        message.options = options
        return message
    }

    init(_ message: WireSessionSettings) throws(EngineError) {
        self.init(
            ansi: message.ansi, timeZone: message.timeZone, nowMicroseconds: message.nowMicroseconds,
            shufflePartitions: try Int(message: message.shufflePartitions),
            broadcastBytes: Int(message.broadcastBytes), options: message.options)
    }
}
