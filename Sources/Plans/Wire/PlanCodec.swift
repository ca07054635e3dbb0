import Vocabulary

/// Turns task fragments into bytes for workers and back. The bytes are protobuf messages of `plans.proto`.
package enum PlanCodec {
    /// Grows when an older reader would misunderstand a plan.
    static let version: UInt32 = 1

    /// Returns the bytes of a fragment. Throws for plans with subqueries, which must have been rewritten.
    package static func encode(_ fragment: TaskFragment) throws(EngineError) -> [UInt8] {
        var writer = ProtobufWriter()
        try fragment.encode(to: &writer)
        return writer.bytes
    }

    /// Reads a fragment. Throws `INCOMPATIBLE_VERSION` for another version and `CORRUPT_MESSAGE` for bytes
    /// that no writer
    /// made, or that are nested too deeply.
    package static func decode(_ bytes: [UInt8]) throws(EngineError) -> TaskFragment {
        var reader = ProtobufReader(bytes)
        return try TaskFragment(decoding: &reader)
    }

    static func check(version found: Int) throws(EngineError) {
        if found == Int(version) { return }
        throw .system(
            "INCOMPATIBLE_VERSION",
            "The plan is of version \(found), this worker understands version \(version)",
            remedy: "Run the same release on the coordinator and on every worker.")
    }
}
