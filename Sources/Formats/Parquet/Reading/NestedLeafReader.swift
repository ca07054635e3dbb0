import CKernels
import Columns
import Memory
import Vocabulary

/// Holds what a leaf has for some records: both levels of each entry, and the values that are not null,
/// dense.
struct LeafEntries {
    var definitions: [UInt8] = []
    var repetitions: [UInt8] = []
    var values: Buffer
    var valueCount = 0
    var heaps: [Buffer] = []
    /// What it takes while columns are made of it.
    let counted: CountedBytes
}

/// Reads a leaf below structures, arrays or maps, record by record.
final class NestedLeafReader {
    let leaf: ParquetLeaf
    private var pages: PageStream
    private var values: PageValues
    private var dictionary: Vector?
    /// Keeps the open page's levels alive, which may lie apart from its values.
    private var pageOwner: Buffer?
    private var definitionRuns = parquet_hybrid()
    private var repetitionRuns = parquet_hybrid()
    /// Entries of the open page whose levels are not decoded yet.
    private var pageEntries = 0
    /// Decoded levels that no record has taken yet, all of the open page.
    private var definitions: [UInt8] = []
    private var repetitions: [UInt8] = []
    private var at = 0

    private static let windowEntries = 1024
    /// Bytes of an entry beside its value: two levels in arrays that have grown, and offsets.
    private static let entryBytes = 12

    init(leaf: ParquetLeaf, pages: PageStream, scratch: Buffer) {
        self.leaf = leaf
        self.pages = pages
        values = PageValues(leaf: leaf, scratch: scratch, memory: pages.memory)
    }

    /// Returns the entries of the next `records` records.
    func read(_ records: Int) throws(EngineError) -> LeafEntries {
        let width = leaf.type.physical.width
        var entries = LeafEntries(
            values: Buffer(byteCount: (records + 8) * width), counted: pages.memory.count())
        var begun = 0
        while true {
            if at == definitions.count, try !refill() {
                if begun < records {
                    throw pages.damaged("the pages hold fewer records than the footer says")
                }
                return entries
            }
            let start = at
            while at < definitions.count {
                if repetitions[at] == 0 {
                    if begun == records { break }
                    begun += 1
                } else if begun == 0 {
                    throw pages.damaged("a record begins in its middle")
                }
                at += 1
            }
            try take(start..<at, into: &entries, width: width)
            if at < definitions.count { return entries }
        }
    }

    private func take(_ range: Range<Int>, into entries: inout LeafEntries, width: Int) throws(EngineError) {
        if range.isEmpty { return }
        // Runs of levels and codes take no bytes, so that a record of few may have millions of entries.
        let total = entries.definitions.count + range.count
        try entries.counted.hold(total * (NestedLeafReader.entryBytes + 2 * width))
        entries.definitions.append(contentsOf: definitions[range])
        entries.repetitions.append(contentsOf: repetitions[range])
        var count = 0
        for i in range where Int(definitions[i]) == leaf.definition { count += 1 }
        if count == 0 { return }
        if leaf.type == .null { throw pages.damaged("a column of nulls only has values") }
        let needed = (entries.valueCount + count) * width
        if needed > entries.values.byteCount {
            let larger = Buffer(byteCount: max(needed, 2 * entries.values.byteCount))
            larger.base.copyMemory(from: entries.values.base, byteCount: entries.valueCount * width)
            entries.values = larger
        }
        try values.read(count, dictionary: dictionary, to: entries.values.base + entries.valueCount * width)
        entries.valueCount += count
        guard leaf.type.physical == .view else { return }
        if values.form == .codes {
            if let heap = dictionary?.heaps.first, entries.heaps.last !== heap { entries.heaps.append(heap) }
        } else if let owner = values.owner, entries.heaps.last !== owner {
            entries.heaps.append(owner)
        }
    }

    /// Decodes the levels of more entries, opening the next page when this one is used up. False at the
    /// chunk's end.
    private func refill() throws(EngineError) -> Bool {
        while pageEntries == 0 {
            guard let header = try pages.nextHeader() else { return false }
            switch header.kind {
            case .index: pages.pass(header)
            case .dictionary: dictionary = try pages.takeDictionaryVector(header, values: &values)
            case .data, .dataV2: try open(header)
            }
        }
        let count = min(pageEntries, NestedLeafReader.windowEntries)
        pageEntries -= count
        at = 0
        definitions = try levels(&definitionRuns, count, limit: leaf.definition)
        repetitions = try levels(&repetitionRuns, count, limit: leaf.repetition)
        return true
    }

    private func levels(
        _ runs: inout parquet_hybrid, _ count: Int, limit: Int
    ) throws(EngineError) -> [UInt8] {
        if limit == 0 { return [UInt8](repeating: 0, count: count) }
        var wide = [UInt32](repeating: 0, count: count + 8)
        if parquet_hybrid_read(&runs, &wide, Int64(count)) != 0 {
            throw pages.damaged("a page ends inside its levels")
        }
        if Int(parquet_largest(wide, Int64(count))) > limit { throw pages.damaged("a level is too high") }
        return wide[..<count].map { UInt8(truncatingIfNeeded: $0) }
    }

    private func open(_ header: PageHeader) throws(EngineError) {
        let page = try pages.takeData(header)
        pageOwner = page.owner
        let definition = page.definition.baseAddress?.assumingMemoryBound(to: UInt8.self)
        let repetition = page.repetition.baseAddress?.assumingMemoryBound(to: UInt8.self)
        parquet_hybrid_open(
            &definitionRuns, definition, page.definition.count, Int32(NestedLeafReader.bits(leaf.definition)))
        parquet_hybrid_open(
            &repetitionRuns, repetition, page.repetition.count, Int32(NestedLeafReader.bits(leaf.repetition)))
        try values.open(page.values, encoding: page.encoding, valueCount: page.valueCount, owner: page.owner)
        pageEntries = page.valueCount
    }

    /// Returns the bits that a level up to `most` takes.
    static func bits(_ most: Int) -> Int { Int.bitWidth - most.leadingZeroBitCount }
}
