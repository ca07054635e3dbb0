import Columns
import Plans
import Vocabulary

/// Counts distinct values by their hashes, and has bytes by which others know it.
protocol HashSketch {
    var bytes: [UInt8] { get }
    var memoryBytes: Int { get }
    /// Takes a value by both halves of its `SketchHash`.
    mutating func add(_ halves: (first: UInt64, second: UInt64))
}

/// Keeps a sketch for each group, of values or out of sketches that rows hold.
class SketchAccumulator<Sketch: HashSketch>: Accumulator {
    private let empty: Sketch
    private let takesValues: Bool
    /// Nil before the first row.
    private var sketches: [Sketch?] = []

    init(empty: Sketch, takesValues: Bool) {
        (self.empty, self.takesValues) = (empty, takesValues)
        super.init(stateTypes: [.binary], type: .binary)
    }

    /// Combines a group's sketch, nil before its first row, with the one of these bytes.
    func combine(_ sketch: inout Sketch?, with bytes: [UInt8]) throws {
        throw EngineError.internal("a sketch without a way to combine it")
    }

    override var memoryBytes: Int { sketches.reduce(0) { $0 + 16 + ($1?.memoryBytes ?? 0) } }

    override func resize(groups: Int) {
        while sketches.count < groups { sketches.append(nil) }
    }

    override func update(groups: UnsafePointer<UInt32>, arguments: [Vector], count: Int) throws {
        let values = arguments[0].flattened()
        if values.type == .null || values.isNullConstant { return }
        guard takesValues else { return try combine(groups, values, count) }
        let column = Column(values)
        for row in 0..<count where !values.isNull(row) {
            let group = Int(groups[row])
            if sketches[group] == nil { sketches[group] = empty }
            if let halves = Self.hash(column, row) { sketches[group]?.add(halves) }
        }
    }

    /// Returns a value's hash; nil for an empty text, which counts as no value.
    private static func hash(_ column: Column, _ row: Int) -> (first: UInt64, second: UInt64)? {
        let type = column.vector.type
        if type.physical == .view {
            let bytes = column.bytes(row)
            return bytes.isEmpty ? nil : SketchHash.halves(bytes)
        }
        if type.isFloating {
            let value = column.double(row)
            return SketchHash.halves(value == 0 ? 0 : value.isNaN ? 0x7FF8_0000_0000_0000 : value.bitPattern)
        }
        return SketchHash.halves(UInt64(bitPattern: Int64(column.integer(row))))
    }

    override func merge(groups: UnsafePointer<UInt32>, states: [Vector], count: Int) throws {
        let values = states[0].flattened()
        if values.isNullConstant { return }
        try combine(groups, values, count)
    }

    private func combine(_ groups: UnsafePointer<UInt32>, _ values: Vector, _ count: Int) throws {
        let column = Column(values)
        for row in 0..<count where !values.isNull(row) {
            try combine(&sketches[Int(groups[row])], with: column.bytes(row))
        }
    }

    override func states(from: Int, count: Int) -> [Vector] {
        [.of(.binary, sketches[from..<(from + count)].map { $0.map { .binary($0.bytes) } ?? .null })]
    }

    override func results(from: Int, count: Int) throws -> [Vector] {
        [.of(.binary, sketches[from..<(from + count)].map { .binary(($0 ?? empty).bytes) })]
    }
}
