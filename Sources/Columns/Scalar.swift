/// Holds one value of any type, outside of the hot paths: literals, statistics, partition values, tests.
package indirect enum Scalar: Hashable, Sendable {
    case null
    case boolean(Bool)
    /// All integers, dates (days), timestamps and day-time intervals (microseconds), times (nanoseconds),
    /// year-month intervals (months).
    case integer(Int64)
    /// Unscaled value of a decimal of any precision.
    case decimal(Int128)
    case float(Float)
    case double(Double)
    case string(String)
    case binary([UInt8])
    case array([Scalar])
    case structure([Scalar])
    case map(keys: [Scalar], values: [Scalar])

    package var isNull: Bool { self == .null }
}

/// Holds a value together with its type.
package struct Literal: Hashable, Sendable {
    package var value: Scalar
    package var type: DataType

    package init(_ value: Scalar, _ type: DataType) {
        self.value = value
        self.type = type
    }

    /// A null of `type`.
    package static func null(_ type: DataType) -> Literal { Literal(.null, type) }
    package static func boolean(_ value: Bool) -> Literal { Literal(.boolean(value), .boolean) }
    package static func int32(_ value: Int32) -> Literal { Literal(.integer(Int64(value)), .int32) }
    package static func int64(_ value: Int64) -> Literal { Literal(.integer(value), .int64) }
    package static func double(_ value: Double) -> Literal { Literal(.double(value), .double) }
    package static func string(_ value: String) -> Literal { Literal(.string(value), .string) }
}
