import Vocabulary

extension FileSplit: MessageMapped {
    func message() throws(EngineError) -> WireFileSplit {
        var message = WireFileSplit()
        message.file = try UInt64(plan: file)
        message.start = try UInt64(plan: start)
        message.end = try UInt64(plan: end)
        message.byteCount = try UInt64(plan: byteCount)
        return message
    }

    init(_ message: WireFileSplit) throws(EngineError) {
        self.init(
            file: try Int(message: message.file), start: try Int(message: message.start),
            end: try Int(message: message.end), byteCount: try Int(message: message.byteCount))
    }

    /// Returns the splits of one task, by scan.
    static func messages(_ scans: [[FileSplit]]) throws(EngineError) -> [WireSplitList] {
        try scans.map { (splits) throws(EngineError) in
            var list = WireSplitList()
            list.splits = try splits.messages()
            return list
        }
    }

    /// Reads the splits of one task, by scan.
    static func scans(_ messages: [WireSplitList]) throws(EngineError) -> [[FileSplit]] {
        try messages.map { (list) throws(EngineError) in try [FileSplit](list.splits) }
    }
}
