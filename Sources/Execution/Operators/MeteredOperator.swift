import Columns
import Shuffle

/// Counts the rows that an operator gives and the time that it takes for them, without that of its inputs,
/// which are metered as well.
final class MeteredOperator: Operator {
    private let measured: any Operator
    private let meter: OperatorMeters.Meter
    private let meters: OperatorMeters

    init(_ measured: any Operator, _ meter: OperatorMeters.Meter, of meters: OperatorMeters) {
        self.measured = measured
        self.meter = meter
        self.meters = meters
    }

    func next() throws -> Pull {
        let outer = meters.become(meter)
        defer { meters.become(outer) }
        let pull = try measured.next()
        if case .batch(let batch) = pull { meter.pulled(rows: batch.count) } else { meter.pulled(rows: 0) }
        return pull
    }

    func offer(_ filter: JoinKeyFilter, columns: [Int]) {
        let outer = meters.become(meter)
        defer { meters.become(outer) }
        measured.offer(filter, columns: columns)
    }
}
