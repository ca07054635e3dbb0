import Columns
import Vocabulary

extension PlanCodec {
    /// Returns the bytes of rows that a stage found for the session.
    package static func encode(rows: [[Literal]]) throws(EngineError) -> [UInt8] {
        try bytes(of: PhysicalPlan.values(rows, Schema([Field]())))
    }

    /// Reads what `encode(rows:)` wrote. Throws `CORRUPT_MESSAGE`.
    package static func decodeRows(_ bytes: [UInt8]) throws(EngineError) -> [[Literal]] {
        let message = try read(WireValues.self, from: bytes, depthLimit: relationDepthLimit)
        return try message.rows.map { (row) throws(EngineError) in try [Literal](row.values) }
    }
}

extension PlanCodec {
    /// Returns the bytes of a schema, for what the coordinator keeps.
    package static func encode(_ schema: Schema) throws(EngineError) -> [UInt8] {
        try bytes(of: schema.message())
    }

    /// Reads what `encode(_:)` wrote of a schema. Throws `CORRUPT_MESSAGE`.
    package static func decodeSchema(_ bytes: [UInt8]) throws(EngineError) -> Schema {
        try Schema(read(WireSchema.self, from: bytes, depthLimit: relationDepthLimit))
    }
}
