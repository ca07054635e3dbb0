import CKernels
import Columns
import Memory
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Reads the JSON records that begin in a range of a file, one a line, as batches of `schema`'s columns.
///
/// Only members that the schema asks for are parsed; the others are checked to be JSON. Strings without
/// escapes point into the window of text that they were read from. Used by one thread at a time.
package final class JSONReader: BatchStream {
    private let schema: Schema
    private let options: JSONOptions
    private let windows: TextWindows
    private let indexer: JSONIndexer
    private let plan: JSONWalkPlan
    /// Position in the schema of the corrupt-record column.
    private let corruptColumn: Int?
    private let dataFields: [Field]
    private let earlier: EarlierValues
    private var window: TextWindow?
    private var walk = json_walk()
    private var isWalked = true
    private let batchRows: Int
    private let memory: CountedMemory

    /// Begins to read the records of `source` that begin in `range`, as columns of `schema` in its order;
    /// `earlier` is what they have in records without such a member. Throws `UNSUPPORTED_FEATURE` (user) for
    /// types that JSON cannot hold.
    package init(
        source: any ByteSource, range: Range<Int>, schema: Schema, options: JSONOptions,
        earlier: EarlierValues = .none, batchRows: Int = Limits.batchRows,
        memory: CountedMemory = .unlimited
    ) throws(EngineError) {
        self.schema = schema
        self.earlier = earlier
        self.memory = memory
        self.options = options
        self.batchRows = batchRows
        corruptColumn = schema.fields.firstIndex {
            $0.name == options.corruptRecordColumn && $0.type == .string
        }
        var fields = schema.fields
        if let corruptColumn { fields.remove(at: corruptColumn) }
        dataFields = fields
        windows = try TextWindows(
            source, range: range, whole: options.multiLine, decoding: options.decoding, memory: memory)
        indexer = try JSONIndexer(memory: memory)
        plan = try JSONWalkPlan(
            fields: fields, rowCapacity: batchRows, tellsNulls: !earlier.isEmpty, memory: memory)
    }

    /// Returns the next batch. Throws `MALFORMED_RECORD_IN_PARSING` (data) in mode FAILFAST.
    package func next() throws -> Batch? {
        while true {
            if isWalked {
                guard let window = try windows.next() else { return nil }
                if window.count > Int(UInt32.max) - 64 {
                    throw EngineError.data(
                        "RECORD_TOO_LARGE", "A multi-line file exceeds 4 GiB: \(windows.name)")
                }
                try begin(skippingMark(of: window))
            }
            if let batch = try nextOfWindow() { return batch }
        }
    }

    /// Blanks the byte order mark that may begin a file.
    private func skippingMark(of window: TextWindow) -> TextWindow {
        if window.isFirst, window.count >= 3, memcmp(window.base, "\u{FEFF}", 3) == 0 {
            memset(window.base, 0x20, 3)
        }
        if options.allowsComments { JSONComments.blank(window) }
        return window
    }

    /// Indexes a window and sets the walk to its start.
    private func begin(_ window: TextWindow) throws(EngineError) {
        self.window = window
        let (positions, count) = try indexer.index(window, multiLine: options.multiLine)
        try plan.makeRoom(positionCount: count)
        let hasEscapes = memchr(window.base, 0x5C, window.count) != nil
        walk = plan.makeWalk(
            window, positions: positions, positionCount: count, multiLine: options.multiLine,
            hasEscapes: hasEscapes)
        isWalked = count == 0
    }

    /// Walks on for one batch; nil when it has no rows.
    private func nextOfWindow() throws(EngineError) -> Batch? {
        guard let window, !isWalked else { return nil }
        let start = (cursor: walk.cursor, offset: walk.offset, inside: walk.inside_array)
        plan.reset()
        walk.row_count = 0
        walk.broken_count = 0
        isWalked = json_walk_records(&walk) == 1
        if walk.broken_count > 0, JSONQuoteRepair.mayApply(walk) {
            if let repaired = try JSONQuoteRepair.repair(window, walk, memory: memory) {
                try begin(repaired)
                return try nextOfWindow()
            }
        }
        let count = Int(walk.row_count)
        if count == 0 { return nil }
        let columns = JSONColumns(
            plan: plan, heap: window.buffer, zone: options.zone, patterns: options.patterns,
            memory: memory)
        let record = try columns.column(0, .structure(dataFields), count: count)
        let faults = Bitmap.union(record.touched, brokenRows(count))
        let children = filled(record.vector.children, count)
        guard let faults else { return batch(children, corrupt: nil, count: count) }
        switch options.mode {
        case .permissive:
            return batch(children, corrupt: try corruptRecords(window, faults), count: count)
        case .failFast:
            let row = (0..<count).first { faults.isSet($0) } ?? 0
            let place = window.start.map { $0 + Int(plan.rowStarts[row]) }
            throw .malformedRecord(recordText(window, row), in: windows, at: place)
        case .dropMalformed:
            blank(window, faults)
            try restart(window, at: start)
            return nil
        }
    }

    /// Gives columns their value in records that lack them, but for those that are no records.
    private func filled(_ columns: [Vector], _ count: Int) -> [Vector] {
        if earlier.isEmpty { return columns }
        return columns.indices.map { place in
            earlier.filled(columns[place], dataFields[place].name, count: count) {
                plan.lacks(place, row: $0)
            }
        }
    }

    private func batch(_ columns: [Vector], corrupt: Vector?, count: Int) -> Batch {
        guard let corruptColumn else { return Batch(columns: columns, count: count) }
        var all = columns
        all.insert(corrupt ?? .nulls(.string, count: count), at: corruptColumn)
        return Batch(columns: all, count: count)
    }

    private func brokenRows(_ count: Int) -> Bitmap? {
        if walk.broken_count == 0 { return nil }
        let words = Bitmap.makeWords(count)
        for row in 0..<count where plan.rowBroken[row] != 0 {
            words.pointer(as: UInt64.self)[row >> 6] |= 1 << UInt64(row & 63)
        }
        return Bitmap(words, count: count)
    }

    private func recordText(_ window: TextWindow, _ row: Int) -> String {
        let (start, end) = (Int(plan.rowStarts[row]), Int(plan.rowEnds[row]))
        var text = UnsafeRawBufferPointer(start: window.base + start, count: end - start)
        if !options.multiLine, text.last == 0x0D { text = .init(rebasing: text[..<(text.count - 1)]) }
        return String(decoding: text, as: UTF8.self)
    }

    /// Makes the corrupt-record column: the text of the records that did not fit.
    private func corruptRecords(_ window: TextWindow, _ faults: Bitmap) throws(EngineError) -> Vector? {
        guard corruptColumn != nil else { return nil }
        var longest = 0
        for row in 0..<faults.count where faults.isSet(row) {
            longest = max(longest, Int(plan.rowEnds[row]) - Int(plan.rowStarts[row]))
        }
        // A record's text, and what holds the texts while it grows.
        return try memory.beside(3 * longest) { () throws(EngineError) in
            let builder = VectorBuilder(.string)
            for row in 0..<faults.count {
                builder.append(faults.isSet(row) ? .string(recordText(window, row)) : .null)
            }
            return builder.finish()
        }
    }

    /// Overwrites the records that did not fit with blanks; nobody else has seen the window yet but earlier
    /// batches, whose records are others.
    private func blank(_ window: TextWindow, _ faults: Bitmap) {
        for row in 0..<faults.count where faults.isSet(row) {
            let start = Int(plan.rowStarts[row])
            memset(window.base + start, 0x20, Int(plan.rowEnds[row]) - start)
        }
    }

    /// Indexes the window again and goes back to where a batch began.
    private func restart(_ window: TextWindow, at start: (cursor: Int, offset: Int, inside: Int32))
        throws(EngineError)
    {
        try begin(window)
        if isWalked { return }
        walk.offset = start.offset
        var cursor = 0
        while cursor < walk.position_count, Int(walk.positions[cursor]) < start.offset { cursor += 1 }
        // Inside of an array the records before the batch lie behind the offset; blanking ended the array.
        walk.cursor = cursor
        if start.inside != 0 { isWalked = options.multiLine }
    }
}
