import CKernels
import Columns
import Memory
import Vocabulary

/// Reads a column that is a structure, an array or a map. Source of the assembly: "Dremel made simple with
/// Parquet" (Melnik et al., VLDB 2010), in the form that Arrow uses: each node finds its own slots from any
/// leaf below it.
final class NestedColumnReader: ColumnReader {
    private let node: ParquetNode
    private let leaves: [NestedLeafReader]
    private let memory: CountedMemory
    private var pendingRows = 0

    init(node: ParquetNode, leaves: [NestedLeafReader], memory: CountedMemory) {
        self.node = node
        self.memory = memory
        self.leaves = leaves
    }

    func skip(_ rows: Int) throws(EngineError) { pendingRows += rows }

    func read(_ rows: Int) throws(EngineError) -> Vector {
        while pendingRows > 0 {
            let take = min(pendingRows, Limits.batchRows)
            for leaf in leaves { _ = try leaf.read(take) }
            pendingRows -= take
        }
        var entries: [Int: LeafEntries] = [:]
        for leaf in leaves { entries[leaf.leaf.index] = try leaf.read(rows) }
        let assembly = NestedAssembly(entries: entries, memory: memory)
        let vector = try assembly.build(node, ancestorDefinition: 0, ancestorRepetition: 0)
        if vector.count != rows { throw assembly.damaged(node) }
        return vector
    }
}

/// Builds vectors from the levels of leaves.
private struct NestedAssembly {
    let entries: [Int: LeafEntries]
    let memory: CountedMemory

    func damaged(_ node: ParquetNode) -> EngineError {
        let path = node.leaves.first?.path ?? ""
        return .data(
            "FAILED_READ_FILE", "The Parquet file is damaged: the parts of column \(path) do not fit together"
        )
    }

    /// Builds the vector of `node`: one slot for each entry that the nearest repeated ancestor has an element
    /// for.
    func build(
        _ node: ParquetNode, ancestorDefinition: Int, ancestorRepetition: Int
    ) throws(EngineError) -> Vector {
        switch node {
        case .leaf(let leaf): return try build(leaf, ancestorDefinition)
        case .structure(let type, let definition, let children):
            let slots = try slots(node, definition, ancestorDefinition, ancestorRepetition)
            var vectors: [Vector] = []
            for child in children {
                let vector = try build(
                    child, ancestorDefinition: ancestorDefinition, ancestorRepetition: ancestorRepetition)
                if vector.count != slots.count { throw damaged(node) }
                vectors.append(vector)
            }
            return .flat(type, count: slots.count, values: nil, validity: slots, children: vectors)
        case .list(let type, let definition, let elementDefinition, let repetition, let children):
            let slots = try slots(node, definition, ancestorDefinition, ancestorRepetition)
            let offsets = try offsets(node, elementDefinition, repetition, ancestorDefinition, slots.count)
            var vectors: [Vector] = []
            for child in children {
                let vector = try build(
                    child, ancestorDefinition: elementDefinition, ancestorRepetition: repetition)
                if vector.count != Int(offsets.pointer(as: Int32.self)[slots.count]) { throw damaged(node) }
                vectors.append(vector)
            }
            return .flat(type, count: slots.count, values: offsets, validity: slots, children: vectors)
        }
    }

    private func leafEntries(_ node: ParquetNode) throws(EngineError) -> LeafEntries {
        guard let leaf = node.leaves.first, let found = entries[leaf.index] else { throw damaged(node) }
        return found
    }

    /// Finds the slots of a node and which of them are not null.
    private func slots(
        _ node: ParquetNode, _ definition: Int, _ ancestorDefinition: Int, _ ancestorRepetition: Int
    ) throws(EngineError) -> Bitmap {
        let entries = try leafEntries(node)
        let words = Bitmap.makeWords(entries.definitions.count)
        let bits = words.pointer(as: UInt64.self)
        var slot = 0
        for (level, repetition) in zip(entries.definitions, entries.repetitions) {
            if Int(repetition) > ancestorRepetition || Int(level) < ancestorDefinition { continue }
            if Int(level) >= definition { bits[slot >> 6] |= 1 << UInt64(slot & 63) }
            slot += 1
        }
        return Bitmap(words, count: slot)
    }

    private func offsets(
        _ node: ParquetNode, _ elementDefinition: Int, _ repetition: Int, _ ancestorDefinition: Int,
        _ slots: Int
    ) throws(EngineError) -> Buffer {
        let entries = try leafEntries(node)
        let buffer = Buffer.zeroed(byteCount: (slots + 1) * 4)
        let offsets = buffer.pointer(as: Int32.self)
        if entries.definitions.count > Int(Int32.max) { throw damaged(node) }
        var slot = 0
        var elements: Int32 = 0
        for (level, repeated) in zip(entries.definitions, entries.repetitions) {
            if Int(repeated) > repetition || Int(level) < ancestorDefinition { continue }
            if Int(repeated) < repetition {
                offsets[slot] = elements
                slot += 1
            }
            if Int(level) >= elementDefinition { elements += 1 }
        }
        offsets[slots] = elements
        return buffer
    }

    private func build(_ leaf: ParquetLeaf, _ ancestorDefinition: Int) throws(EngineError) -> Vector {
        guard let found = entries[leaf.index] else { throw damaged(.leaf(leaf)) }
        let words = Bitmap.makeWords(found.definitions.count)
        let bits = words.pointer(as: UInt64.self)
        var slot = 0
        for level in found.definitions where Int(level) >= ancestorDefinition {
            if Int(level) == leaf.definition { bits[slot >> 6] |= 1 << UInt64(slot & 63) }
            slot += 1
        }
        if leaf.type == .null { return .nulls(.null, count: slot) }
        let validity = Bitmap(words, count: slot)
        let width = leaf.type.physical.width
        let values = try memory.buffer(byteCount: max(slot, 1) * width)
        values.base.copyMemory(from: found.values.base, byteCount: found.valueCount * width)
        if found.valueCount < slot {
            parquet_spread(values.base, bits, 0, Int64(slot), Int64(found.valueCount), Int32(width))
        }
        return .flat(leaf.type, count: slot, values: values, validity: validity, heaps: found.heaps)
    }
}
