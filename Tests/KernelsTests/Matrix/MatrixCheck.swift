import Columns
import Kernels
import Testing
import Vocabulary

/// What one row must give: a value (null among them), or a failure with an error class.
enum Outcome: Sendable {
    case value(Scalar)
    case failure(String)

    static let null = Outcome.value(.null)

    /// What a row gives that has no result: an error, or null.
    static func none(_ code: String, _ mode: FailureMode) -> Outcome {
        mode == .error ? .failure(code) : .null
    }
}

/// One operation on operands of given types, with the reference that says what each row must give.
struct MatrixOperation: Sendable, CustomTestStringConvertible {
    var name: String
    var types: [DataType]
    var result: DataType
    var modes: [FailureMode] = [.error]
    /// False when operands are flat, or constant and not null: others are flattened before the call.
    var takesAnyForm = false
    /// False when a row is null as soon as an operand is.
    var seesNulls = false
    /// Values for the operands instead of those of their types.
    var pools: [[Scalar]]?
    var kernel: @Sendable ([Vector], Int, FailureMode) throws -> Vector
    var reference: @Sendable ([Scalar], FailureMode) -> Outcome

    var testDescription: String { "\(name) of \(types.map(\.sqlName).joined(separator: ", "))" }
}

/// Runs an operation on every layout in every mode and collects what differs from the reference.
struct MatrixCheck {
    let operation: MatrixOperation
    private let pools: [[Scalar]]
    /// What values gave by mode and by their places in the pools: references may be slow.
    private var known: [Int: Outcome] = [:]
    private(set) var differences: [String] = []
    private(set) var rowsSeen = 0

    /// Primes: going on in both pools row by row meets every pair.
    private static let sizes = [29, 31]

    init(_ operation: MatrixOperation) {
        self.operation = operation
        pools =
            operation.pools
            ?? operation.types.enumerated().map {
                MatrixValues.pool($1, count: operation.types.count == 1 ? 61 : 31, seed: UInt64($0 + 7))
            }
    }

    private func place(_ operand: Int, _ row: Int, _ layout: MatrixLayout) -> Int {
        let size = pools.count == 2 ? MatrixCheck.sizes[operand] : pools[operand].count
        return (layout.constant == operand ? layout.start : layout.start + row) % size
    }

    private func values(_ layout: MatrixLayout) -> [[Scalar]] {
        pools.enumerated().map { operand, pool in
            (0..<layout.count).map { pool[place(operand, $0, layout)] }
        }
    }

    private func nulls(_ layout: MatrixLayout) -> [[Bool]] {
        pools.indices.map { operand in
            if layout.constant == operand {
                return Array(repeating: operation.takesAnyForm && layout.nullEvery == 1, count: layout.count)
            }
            return (0..<layout.count).map { row in
                layout.nullEvery > 0 && (row + operand) % layout.nullEvery == 0
            }
        }
    }

    private func vector(_ operand: Int, _ layout: MatrixLayout, _ values: [Scalar], _ isNull: [Bool])
        -> Vector
    {
        let type = operation.types[operand]
        if layout.constant == operand {
            if isNull.first == true { return .nulls(type, count: layout.count) }
            return .constant(.of(type, [values.first ?? pools[operand][0]]), count: layout.count)
        }
        let made = layout.form.vector(type, values, isNull)
        return operation.takesAnyForm ? made : made.flattened()
    }

    mutating func run() {
        for layout in MatrixLayout.all(operands: operation.types.count, takesAnyForm: operation.takesAnyForm)
        {
            let values = self.values(layout)
            for mode in operation.modes {
                var nulls = self.nulls(layout)
                let outcomes = expected(layout, values, nulls, mode)
                let codes = outcomes.compactMap { if case .failure(let code) = $0 { code } else { nil } }
                if !codes.isEmpty {
                    checkFailure(layout, values, nulls, mode, codes)
                    // The same rows again, with those null that fail: their values may not be looked at.
                    let hiding = layout.constant == 0 ? 1 : 0
                    guard hiding < values.count else { continue }
                    for (row, outcome) in outcomes.enumerated() {
                        if case .failure = outcome { nulls[hiding][row] = true }
                    }
                    check(layout, values, nulls, mode, expected(layout, values, nulls, mode))
                } else {
                    check(layout, values, nulls, mode, outcomes)
                }
                if differences.count >= 5 { return }
            }
        }
    }

    private mutating func expected(
        _ layout: MatrixLayout, _ values: [[Scalar]], _ nulls: [[Bool]], _ mode: FailureMode
    ) -> [Outcome] {
        (0..<layout.count).map { row in
            if nulls.contains(where: { $0[row] }) {
                if !operation.seesNulls { return .null }
                return operation.reference(
                    values.indices.map { nulls[$0][row] ? .null : values[$0][row] }, mode)
            }
            let key = values.indices.reduce(Int(mode.rawValue)) { $0 << 8 | place($1, row, layout) }
            if let outcome = known[key] { return outcome }
            let outcome = operation.reference(values.map { $0[row] }, mode)
            known[key] = outcome
            return outcome
        }
    }

    private func call(
        _ layout: MatrixLayout, _ values: [[Scalar]], _ nulls: [[Bool]], _ mode: FailureMode
    ) throws -> Vector {
        let operands = values.indices.map { vector($0, layout, values[$0], nulls[$0]) }
        return try operation.kernel(operands, layout.count, mode)
    }

    private mutating func checkFailure(
        _ layout: MatrixLayout, _ values: [[Scalar]], _ nulls: [[Bool]], _ mode: FailureMode,
        _ codes: [String]
    ) {
        do {
            _ = try call(layout, values, nulls, mode)
            report(layout, mode, "no error, where \(codes[0]) is due")
        } catch {
            let code = (error as? EngineError)?.code.prefix { $0 != "." } ?? ""
            if !codes.contains(String(code)) { report(layout, mode, "\(error), where \(codes[0]) is due") }
        }
    }

    private mutating func check(
        _ layout: MatrixLayout, _ values: [[Scalar]], _ nulls: [[Bool]], _ mode: FailureMode,
        _ outcomes: [Outcome]
    ) {
        let vector: Vector
        do {
            vector = try call(layout, values, nulls, mode).flattened()
        } catch {
            return report(layout, mode, "fails though no row does: \(error)")
        }
        if vector.count != layout.count || vector.type != operation.result {
            report(layout, mode, "gives \(vector.count) rows of \(vector.type.sqlName)")
            return
        }
        for (row, outcome) in outcomes.enumerated() {
            rowsSeen += 1
            guard case .value(let due) = outcome else { continue }
            let here = vector.scalar(at: row)
            if identical(here, due) { continue }
            let operands = values.indices.map { nulls[$0][row] ? "null" : "\(values[$0][row])" }
            report(layout, mode, "row \(row), \(operands.joined(separator: " and ")): \(here), not \(due)")
            return
        }
    }

    private mutating func report(_ layout: MatrixLayout, _ mode: FailureMode, _ what: String) {
        differences.append("\(operation.testDescription), mode \(mode), \(layout): \(what)")
    }
}

/// Says whether two values are the same to the bit, any NaN being any other.
func identical(_ a: Scalar, _ b: Scalar) -> Bool {
    func all(_ a: [Scalar], _ b: [Scalar]) -> Bool { a.count == b.count && zip(a, b).allSatisfy(identical) }
    switch (a, b) {
    case (.float(let x), .float(let y)): return x.bitPattern == y.bitPattern || x.isNaN && y.isNaN
    case (.double(let x), .double(let y)): return x.bitPattern == y.bitPattern || x.isNaN && y.isNaN
    case (.array(let x), .array(let y)), (.structure(let x), .structure(let y)): return all(x, y)
    case (.map(let k, let v), .map(let l, let w)): return all(k, l) && all(v, w)
    default: return a == b
    }
}
