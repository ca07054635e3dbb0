import Columns
import Functions
import Kernels
import Memory
import Plans
import Shuffle
import Vocabulary

/// Gives each input row once per element of its list, with the element's columns behind the kept ones.
final class GenerateOperator: Operator {
    private let generator: Generator
    private let kept: [Int]
    private let input: any Operator
    private let evaluator: Evaluator
    private var current: Batch?
    private var lists: Vector?
    /// Where the next batch begins: row of the input, and place in its list.
    private var row = 0
    private var place = 0

    init(_ generator: Generator, kept: [Int], settings: SessionSettings, input: any Operator) throws {
        self.generator = generator
        self.kept = kept
        self.input = input
        evaluator = try Evaluator([generator.list], settings: settings)
    }

    func next() throws -> Pull {
        while true {
            if let batch = current, let lists {
                let made = generate(batch, lists)
                if made.count > 0 { return .batch(made) }
                current = nil
            }
            let pull = try input.next()
            guard case .batch(let batch) = pull else { return pull }
            current = batch
            lists = try evaluator.evaluate(batch)[0].flattened()
            (row, place) = (0, 0)
        }
    }

    /// Makes the next rows, as many as a batch has at most.
    private func generate(_ batch: Batch, _ lists: Vector) -> Batch {
        let sources = Buffer(byteCount: Limits.batchRows * 4)
        let elementPlaces = Buffer(byteCount: Limits.batchRows * 4)
        let positions = Buffer(byteCount: Limits.batchRows * 4)
        // The pointers below live as long as their buffers.
        defer { withExtendedLifetime((sources, elementPlaces, positions)) {} }
        let source = sources.pointer(as: UInt32.self)
        let element = elementPlaces.pointer(as: Int32.self)
        let position = positions.pointer(as: Int32.self)
        var count = 0
        while row < batch.count, count < Limits.batchRows {
            let isMissing = lists.isNullConstant || lists.isNull(row)
            let start = isMissing ? 0 : Int(lists.offsets[row])
            let size = isMissing ? 0 : Int(lists.offsets[row + 1]) - start
            if size == 0, generator.isOuter {
                source[count] = UInt32(truncatingIfNeeded: row)
                element[count] = -1
                position[count] = -1
                count &+= 1
            }
            while place < size, count < Limits.batchRows {
                source[count] = UInt32(truncatingIfNeeded: row)
                element[count] = Int32(truncatingIfNeeded: start &+ place)
                position[count] = Int32(truncatingIfNeeded: place)
                count &+= 1
                place &+= 1
            }
            if place < size { break }
            row &+= 1
            place = 0
        }
        if count == 0 { return Batch(columns: [], count: 0) }
        var columns = kept.map { batch.columns[$0].gathered(source, count: count) }
        if generator.givesPosition {
            let places = Vector.flat(.int32, count: count, values: positions)
            // A row without element has the place −1, which is no row.
            let own = Buffer(byteCount: count * 4)
            defer { withExtendedLifetime(own) {} }
            let index = own.pointer(as: Int32.self)
            var i = 0
            while i < count {
                index[i] = position[i] < 0 ? -1 : Int32(truncatingIfNeeded: i)
                i &+= 1
            }
            columns.append(places.gatheredNullable(index, count: count))
        }
        let types = (generator.fields ?? []).dropFirst(generator.givesPosition ? 1 : 0).map(\.type)
        columns += elements(lists, types, element, count)
        return Batch(columns: columns, count: count)
    }

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
