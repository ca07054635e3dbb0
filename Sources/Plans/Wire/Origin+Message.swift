import Vocabulary

extension Origin {
    /// Greatest column that is read, beyond every statement's.
    static let columnLimit: UInt32 = 1 << 23
    /// Greatest length that is read: a message underlines it.
    static let lengthLimit: UInt32 = 1 << 16

    /// The message of a known place; nil for no place.
    func message() -> WireOrigin? {
        guard let location else { return nil }
        var message = WireOrigin()
        message.file = location.file
        message.line = UInt32(clamping: location.line)
        message.column = min(UInt32(clamping: location.column), Self.columnLimit)
        message.lineText = location.lineText
        message.length = min(UInt32(clamping: location.length), Self.lengthLimit)
        return message
    }

    /// Throws `CORRUPT_MESSAGE` for places that no text has.
    init(_ isThere: Bool, _ message: WireOrigin) throws(EngineError) {
        guard isThere else {
            self = .none
            return
        }
        guard message.line > 0, (1...Self.columnLimit).contains(message.column),
            (1...Self.lengthLimit).contains(message.length)
        else { throw PlanCodec.corrupt("a place in the statement's text is none") }
        self.init(
            SourceLocation(
                file: message.file, line: Int(message.line), column: Int(message.column),
                lineText: message.lineText, length: Int(message.length)))
    }
}
