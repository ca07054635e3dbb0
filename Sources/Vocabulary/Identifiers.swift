/// Defines the small dense ids that the scheduler uses inside; outside, a job is its UUIDv7.
package protocol DenseID: Hashable, Comparable, Sendable, CustomStringConvertible {
    var rawValue: UInt32 { get }
    init(rawValue: UInt32)
}

extension DenseID {
    package init(_ value: Int) { self.init(rawValue: UInt32(value)) }
    /// The id as an array index.
    package var index: Int { Int(rawValue) }
    package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    package var description: String { String(rawValue) }
}

/// Numbers a stage within a job's statement.
package struct StageID: DenseID {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// Numbers a column within one logical plan; unique across the plan, stable through rewrites.
package struct ColumnID: DenseID {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }
}
