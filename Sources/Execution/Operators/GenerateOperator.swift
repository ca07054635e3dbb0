import Columns
import Functions
import Kernels
import Memory
import Plans
import Shuffle
import Vocabulary

/// Gives each input row once per element of its list, with the element's columns behind the kept ones.
///
/// The elements of a sequence of whole numbers are written as they go out: its arrays are never made. A list
/// that is the same for all rows is held once.
final class GenerateOperator: Operator {
    /// The lists of a batch's rows.
    private enum Lists {
        /// One row, which stands for all, in a constant vector.
        case arrays(Vector)
        case sequences(NumberSequences)
    }

    private let generator: Generator
    private let kept: [Int]
    private let input: PiecewiseInput
    private let evaluator: Evaluator
    private let sequences: NumberSequenceSource?
    private let context: TaskContext
    private var current: Batch?
    private var lists: Lists?
    /// Where the next batch begins: row of the input, and place in its list.
    private var row = 0
    private var place = 0

    init(_ generator: Generator, kept: [Int], context: TaskContext, input: any Operator) throws {
        self.generator = generator
        self.kept = kept
        self.context = context
        let settings = context.settings
        sequences =
            generator.givesMembers ? nil : try NumberSequenceSource(generator.list, settings: settings)
        let computed = sequences == nil ? [generator.list] : []
        evaluator = try Evaluator(computed, settings: settings)
        self.input = PiecewiseInput(input, computing: computed)
    }

    func next() throws -> Pull {
        while true {
            if let batch = current, let lists {
                let made = try generate(batch, lists)
                if made.count > 0 { return .batch(made) }
                (current, self.lists) = (nil, nil)
            }
            let pull = try input.next()
            guard case .batch(let batch) = pull else { return pull }
            guard let made = try lists(of: batch) else { continue }
            (current, lists) = (batch, made)
            (row, place) = (0, 0)
        }
    }

    /// The lists of a batch's rows; nil where the batch comes again in smaller ones.
    private func lists(of batch: Batch) throws -> Lists? {
        if let sequences { return .sequences(try sequences.evaluate(batch)) }
        guard let vector = try input.values(of: batch, by: evaluator)?[0] else { return nil }
        return .arrays(vector.form == .dictionary ? vector.flattened() : vector)
    }

    /// Where a row's elements lie among all of the batch's, and how many they are.
    private func range(_ lists: Lists) -> (start: Int, count: Int) {
        switch lists {
        case .sequences(let sequences): return (0, sequences.count(row))
        case .arrays(let vector):
            if vector.isNull(row) { return (0, 0) }
            let at = vector.form == .constant ? 0 : row
            let start = Int(vector.offsets[at])
            return (start, Int(vector.offsets[at + 1]) - start)
        }
    }

    /// Makes the next rows, as many as a batch has at most.
    private func generate(_ batch: Batch, _ lists: Lists) throws -> Batch {
        try context.checkCancelled()
        var rows = GeneratedRows()
        while row < batch.count, rows.count < Limits.batchRows {
            let (start, size) = range(lists)
            if size == 0, generator.isOuter { rows.addMissing(row) }
            let taken = min(size - place, Limits.batchRows - rows.count)
            if case .sequences(let sequences) = lists {
                rows.add(taken, of: sequences, row: row, from: place)
            } else {
                rows.add(taken, row: row, from: place, element: start &+ place)
            }
            place += taken
            if place < size { break }
            row += 1
            place = 0
        }
        let count = rows.count
        if count == 0 { return Batch(columns: [], count: 0) }
        var columns = kept.map { rows.repeated(batch.columns[$0]) }
        if generator.givesPosition { columns.append(rows.positions) }
        let types = (generator.fields ?? []).dropFirst(generator.givesPosition ? 1 : 0).map(\.type)
        switch lists {
        case .sequences(let sequences): columns.append(rows.numbers(sequences.type))
        case .arrays(let vector): columns += elements(vector, types, rows.element, count)
        }
        return Batch(columns: columns, count: count)
    }

    /// Returns the columns that elements become, by their places among those of all rows; −1 is none.
    private func elements(
        _ lists: Vector, _ types: [DataType], _ rows: UnsafePointer<Int32>, _ count: Int
    ) -> [Vector] {
        if lists.isNullConstant { return types.map { .nulls($0, count: count) } }
        guard generator.givesMembers else {
            return zip(lists.children, types).map { child, type in
                child.type == .null ? .nulls(type, count: count) : child.gatheredNullable(rows, count: count)
            }
        }
        let whole = lists.children[0].gatheredNullable(rows, count: count).flattened()
        if whole.isNullConstant { return types.map { .nulls($0, count: count) } }
        return whole.children.map { child in
            let member = child.flattened()
            if member.type == .null || member.isNullConstant { return .nulls(member.type, count: count) }
            return .flat(
                member.type, count: count, values: member.values,
                validity: Bitmap.intersection(whole.validity, member.validity), heaps: member.heaps,
                children: member.children)
        }
    }
}
