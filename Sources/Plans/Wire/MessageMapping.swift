import SwiftProtobuf
import Vocabulary

/// A value of a plan with a message of `Messages/*.proto`.
protocol MessageMapped {
    associatedtype Message: SwiftProtobuf.Message

    /// Throws `CORRUPT_MESSAGE` for what no writer of this release makes.
    init(_ message: Message) throws(EngineError)
    /// Throws `INTERNAL_ERROR` for what must not be in a plan that is sent.
    func message() throws(EngineError) -> Message
}

extension Array where Element: MessageMapped {
    init(_ messages: [Element.Message]) throws(EngineError) {
        self = try messages.map { (message) throws(EngineError) in try Element(message) }
    }

    func messages() throws(EngineError) -> [Element.Message] {
        try map { (element) throws(EngineError) in try element.message() }
    }
}

extension PlanCodec {
    /// Reads a part that the message must have. `isThere` is the message's `has…` of it.
    static func part<Value: MessageMapped>(
        _ isThere: Bool, _ message: Value.Message, _ name: String
    ) throws(EngineError) -> Value {
        guard isThere else { throw corrupt("\(name) is missing") }
        return try Value(message)
    }

    /// Reads a part that the message may have.
    static func optionalPart<Value: MessageMapped>(
        _ isThere: Bool, _ message: Value.Message
    ) throws(EngineError) -> Value? {
        isThere ? try Value(message) : nil
    }

    /// Returns the error for a number of an enumeration, or a text, that this release has no case for.
    static func unknown(_ name: String, _ found: some CustomStringConvertible) -> EngineError {
        corrupt("\(name) of a kind that this release does not know: \(found)")
    }
}

extension UInt64 {
    /// Takes a count or position of a plan, which is never negative.
    init(plan value: Int) throws(EngineError) {
        guard let exact = UInt64(exactly: value) else {
            throw .internal("A plan holds a negative count: \(value)")
        }
        self = exact
    }
}

extension UInt32 {
    /// Takes a count of a plan that is never negative nor beyond 32 bits.
    init(plan value: Int) throws(EngineError) {
        guard let exact = UInt32(exactly: value) else {
            throw .internal("A plan holds a count out of range: \(value)")
        }
        self = exact
    }
}

extension Int {
    /// Takes a count or position out of a message.
    init(message value: UInt64) throws(EngineError) {
        guard let exact = Int(exactly: value) else { throw PlanCodec.corrupt("a count is too large") }
        self = exact
    }
}

extension [Int] {
    /// Takes counts or positions out of a message.
    init(message values: [UInt64]) throws(EngineError) {
        self = try values.map { (value) throws(EngineError) in try Int(message: value) }
    }

    /// The counts or positions as a message holds them.
    func plan() throws(EngineError) -> [UInt64] {
        try map { (value) throws(EngineError) in try UInt64(plan: value) }
    }
}
