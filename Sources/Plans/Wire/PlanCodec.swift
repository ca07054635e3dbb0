import FoundationEssentials
import SwiftProtobuf
import Vocabulary

/// Turns task fragments into bytes for workers and back, and stage graphs for the coordinator's log. The
/// bytes are protobuf messages; `Messages/*.proto` holds their fields, `Generated` what protoc-gen-swift made
/// of them, and each file beside this one maps one of Plans' values.
///
/// What is read may come from anywhere: every number, case and position that could trap later is checked.
package enum PlanCodec {
    /// Grows when an older reader would misunderstand a plan.
    static let version: UInt32 = 1
    /// Deepest nesting of messages that is read: 400 operators of a chain (`Parser.treeHeight`) with a cast
    /// around each, two levels for either, and what stands above.
    static let depthLimit = 14 * Limits.nestingDepth
    /// Deepest nesting that is read on the caller's thread; deeper plans are rare and read on a thread with a
    /// larger stack.
    static let shallowDepthLimit = 2 * Limits.nestingDepth
    /// Deepest nesting of a relation's messages: two levels for each of a type.
    static let relationDepthLimit = 2 * Limits.nestingDepth + 8
    /// Longest fragment that is read, bytes; what a session's frame can hold. A message in memory takes up to
    /// some hundred bytes for each two of these.
    static let fragmentBytes = 64 << 20

    /// Returns the bytes of a fragment. Throws for plans with subqueries, which must have been rewritten.
    package static func encode(_ fragment: TaskFragment) throws(EngineError) -> [UInt8] {
        try bytes(of: fragment.message())
    }

    /// Reads a fragment. Throws `INCOMPATIBLE_VERSION` for another version and `CORRUPT_MESSAGE` for bytes
    /// that no writer made, that are nested too deeply, or that are too many.
    package static func decode(_ bytes: [UInt8]) throws(EngineError) -> TaskFragment {
        if bytes.count > fragmentBytes { throw corrupt("it is longer than \(fragmentBytes) bytes") }
        try checkVersion(of: bytes)
        return try withStack { (limit) throws(EngineError) in
            try TaskFragment(read(WireTaskFragment.self, from: bytes, depthLimit: limit))
        }
    }

    /// Returns the bytes of a statement's stages and of the settings they were planned under, for the
    /// coordinator's log.
    package static func encode(
        _ graph: StageGraph, settings: SessionSettings
    ) throws(EngineError) -> [UInt8] {
        try bytes(of: graph.message(settings: settings))
    }

    /// Reads what `encode(_:settings:)` wrote. Throws as `decode` does.
    package static func decodeGraph(
        _ bytes: [UInt8]
    ) throws(EngineError) -> (StageGraph, SessionSettings) {
        try checkVersion(of: bytes)
        return try withStack { (limit) throws(EngineError) in
            try StageGraph.read(read(WireStageGraph.self, from: bytes, depthLimit: limit))
        }
    }

    /// Calls `body` with a limit of nesting that the stack holds: here, and if that was too low on a deeper
    /// stack.
    private static func withStack<Value: Sendable>(
        _ body: @escaping @Sendable (Int) throws(EngineError) -> Value
    ) throws(EngineError) -> Value {
        do { return try body(shallowDepthLimit) } catch {
            guard error == corrupt(tooDeep) else { throw error }
        }
        return try DeepStack.run { () throws(EngineError) in try body(depthLimit) }
    }

    // MARK: Messages and bytes

    /// Reads the version alone, so that a later layout is refused by its number and not as damage.
    private static func checkVersion(of bytes: [UInt8]) throws(EngineError) {
        let found = try read(WireVersion.self, from: bytes, depthLimit: 1).version
        if found == version { return }
        throw .system(
            "INCOMPATIBLE_VERSION",
            "The plan is of version \(found), this worker understands version \(version)",
            remedy: "Run the same release on the coordinator and on every worker.")
    }

    /// Returns a message's bytes; the same message gives the same bytes every time.
    static func bytes(of message: some SwiftProtobuf.Message) throws(EngineError) -> [UInt8] {
        var options = BinaryEncodingOptions()
        options.useDeterministicOrdering = true
        do { return try message.serializedBytes(options: options) } catch {
            throw .internal("A plan cannot be written: \(error)")
        }
    }

    /// Reads a message; fields that this release does not know are passed over.
    static func read<Message: SwiftProtobuf.Message>(
        _ type: Message.Type, from bytes: some SwiftProtobufContiguousBytes, depthLimit: Int
    ) throws(EngineError) -> Message {
        var options = BinaryDecodingOptions()
        options.messageDepthLimit = depthLimit
        options.discardUnknownFields = true
        do { return try Message(serializedBytes: bytes, options: options) } catch {
            throw corrupt(reason(error))
        }
    }

    private static let tooDeep = "it is nested too deeply"

    private static func reason(_ error: any Error) -> String {
        switch error as? BinaryDecodingError {
        case .messageDepthLimit: tooDeep
        case .truncated: "it is cut short"
        case .invalidUTF8: "a text in it is not UTF-8"
        case .malformedProtobuf: "its fields are damaged"
        default: "\(error)"
        }
    }

    static func corrupt(_ what: String) -> EngineError {
        .system(
            "CORRUPT_MESSAGE", "A plan cannot be read: \(what)", remedy: "Run the same release on every node."
        )
    }
}
