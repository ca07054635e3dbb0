import CKernels
import Columns
import Memory
import Vocabulary

/// Infers the schema of JSON files as Spark does: members by name, numbers widened, conflicts as strings.
///
/// An `InferenceSample` says which records are looked at.
package struct JSONSchemaInference {
    private let options: JSONOptions
    private let sample: InferenceSample
    private let memory: CountedMemory

    /// `memory`: what long records are taken from.
    package init(
        options: JSONOptions, sample: InferenceSample = InferenceSample(looksAtAll: false),
        memory: CountedMemory = .unlimited
    ) {
        self.options = options
        self.memory = memory
        self.sample = options.multiLine ? InferenceSample(looksAtAll: true) : sample
    }

    /// Returns the schema of all `sources`. Throws `MALFORMED_RECORD_IN_PARSING` (data) in mode FAILFAST, and
    /// `COLUMN_ALREADY_EXISTS` (user) for names that differ only in case.
    package func infer(_ sources: [any ByteSource]) throws(EngineError) -> Schema {
        try examine(sources).schema
    }

    /// Returns the schema as `infer` does, and how many of the records that were looked at are not JSON.
    package func examine(
        _ sources: [any ByteSource]
    ) throws(EngineError) -> (schema: Schema, brokenCount: Int) {
        let root = JSONShapeNode()
        var brokenCount = 0
        for (file, range) in sample.stretches(sources.map(\.byteCount)) {
            let scan = try JSONShapeScan(
                sources[file], range: range, root: root, options: options, memory: memory)
            brokenCount += try scan.run()
        }
        var fields = root.structure(options: options) ?? []
        if brokenCount > 0, options.mode == .permissive,
            !fields.contains(where: { $0.name == options.corruptRecordColumn })
        {
            fields.append(Field(options.corruptRecordColumn, .string))
            fields.sort { $0.name.utf16.lexicographicallyPrecedes($1.name.utf16) }
        }
        var seen: Set<String> = []
        for field in fields where !seen.insert(field.name.lowercased()).inserted {
            throw .user(
                "COLUMN_ALREADY_EXISTS", "The column `\(field.name.lowercased())` already exists",
                remedy: "Give the columns with CREATE TEMPORARY VIEW name (columns) USING json ….")
        }
        return (Schema(fields), brokenCount)
    }
}

/// Looks at the records of one stretch of a file.
private final class JSONShapeScan {
    private let windows: TextWindows
    private let indexer: JSONIndexer
    private let memory: CountedMemory
    private let plan: JSONWalkPlan
    private let root: JSONShapeNode
    private let options: JSONOptions
    private var text: UnsafePointer<UInt8>
    private var next: UnsafePointer<UInt32>
    private var recordCount = 0

    init(
        _ source: any ByteSource, range: Range<Int>, root: JSONShapeNode, options: JSONOptions,
        memory: CountedMemory
    ) throws(EngineError) {
        self.memory = memory
        windows = try TextWindows(
            source, range: range, whole: options.multiLine, decoding: options.decoding, memory: memory)
        indexer = try JSONIndexer(memory: memory)
        plan = try JSONWalkPlan(fields: [], rowCapacity: Limits.batchRows)
        self.root = root
        self.options = options
        text = UnsafePointer(plan.rowBroken)
        next = UnsafePointer(plan.rowStarts)
    }

    /// Takes in all records and returns how many were not JSON.
    func run() throws(EngineError) -> Int {
        var brokenCount = 0
        while let window = try windows.next() {
            if window.isFirst, window.count >= 3, window.base[0] == 0xEF, window.base[1] == 0xBB {
                window.base.update(repeating: 0x20, count: 3)
            }
            if options.allowsComments { JSONComments.blank(window) }
            brokenCount += try scan(window)
        }
        return brokenCount
    }

    private func scan(_ window: TextWindow) throws(EngineError) -> Int {
        let (positions, count) = try indexer.index(window, multiLine: options.multiLine)
        if count == 0 { return 0 }
        var walk = plan.makeWalk(
            window, positions: positions, positionCount: count, multiLine: options.multiLine, hasEscapes: true
        )
        text = UnsafePointer(window.base)
        var cursor = 0
        var lastStart = -1
        var brokenCount = 0
        while true {
            plan.reset()
            walk.row_count = 0
            walk.broken_count = 0
            let isDone = json_walk_records(&walk) == 1
            if walk.broken_count > 0, JSONQuoteRepair.mayApply(walk),
                let repaired = try JSONQuoteRepair.repair(window, walk, memory: memory)
            {
                // From its begin again.
                return max(try scan(repaired), brokenCount)
            }
            for row in 0..<Int(walk.row_count) {
                if plan.rowBroken[row] != 0 {
                    brokenCount += 1
                    if options.mode == .failFast { throw failure(window, row) }
                    continue
                }
                let start = Int(plan.rowStarts[row])
                if start == lastStart { continue }
                lastStart = start
                while Int(positions[cursor]) < start { cursor += 1 }
                next = positions + cursor
                record()
                cursor = next - positions
            }
            if isDone { return brokenCount }
        }
    }

    private func failure(_ window: TextWindow, _ row: Int) -> EngineError {
        let (start, end) = (Int(plan.rowStarts[row]), Int(plan.rowEnds[row]))
        let bytes = UnsafeRawBufferPointer(start: window.base + start, count: end - start)
        return .malformedRecord(
            String(decoding: bytes, as: UTF8.self), in: windows, at: window.start.map { $0 + start })
    }

    /// Takes in a record, or an array of them, that the walk has found to be JSON.
    private func record() {
        recordCount += 1
        if options.samplingRatio < 1 {
            let mixed = UInt32(truncatingIfNeeded: recordCount) &* 2_654_435_761
            if Double(mixed) >= options.samplingRatio * 4_294_967_296 { return }
        }
        if text[Int(next[0])] == 0x5B {
            repeat {
                next += 1
                if text[Int(next[0])] == 0x5D { return }
                visit(root)
            } while text[Int(next[0])] == 0x2C
        } else {
            visit(root)
        }
    }

    private func visit(_ node: JSONShapeNode) {
        let at = Int(next[0])
        switch text[at] {
        case 0x7B:
            node.kinds.insert(.object)
            visitObject(node)
        case 0x5B:
            node.kinds.insert(.array)
            visitArray(node)
        default:
            next += 1
            scalar(node, at)
        }
    }

    private func visitObject(_ node: JSONShapeNode) {
        var hint = 0
        next += 1
        if text[Int(next[0])] == 0x7D {
            next += 1
            return
        }
        while true {
            let start = Int(next[0]) + 1
            var end = Int(next[1])
            while text[end] != 0x22 { end &-= 1 }
            let raw = UnsafeBufferPointer(start: text + start, count: end - start)
            let position = node.memberPosition(raw, hint: hint) { JSONText.string(raw) }
            hint = position + 1
            next += 2
            visit(node.members[position].node)
            next += 1
            if text[Int(next[-1])] != 0x2C { return }
        }
    }

    private func visitArray(_ node: JSONShapeNode) {
        let element = node.elementNode()
        next += 1
        if text[Int(next[0])] == 0x5D {
            next += 1
            return
        }
        while true {
            visit(element)
            next += 1
            if text[Int(next[-1])] != 0x2C { return }
        }
    }

    private func scalar(_ node: JSONShapeNode, _ at: Int) {
        var end = Int(next[0])
        while end > at + 1, text[end - 1] <= 0x20 { end &-= 1 }
        switch text[at] {
        case 0x6E: node.kinds.insert(.null)
        case 0x22: string(node, at, end)
        case 0x74, 0x66: node.kinds.insert(options.primitivesAsString ? .string : .boolean)
        default:
            if options.primitivesAsString {
                node.kinds.insert(.string)
            } else {
                number(node, UnsafeBufferPointer(start: text + at, count: end - at))
            }
        }
    }

    private func string(_ node: JSONShapeNode, _ at: Int, _ end: Int) {
        if !options.inferTimestamp || node.kinds.contains(.string) {
            node.kinds.insert(.string)
            return
        }
        if let parser = options.patterns.timestamp {
            let text = UnsafeBufferPointer(start: text + at + 1, count: max(0, end - at - 2))
            node.kinds.insert(parser(text) != nil ? .timestamp : .string)
            return
        }
        var (value, zoned): (Int64, UInt8) = (0, 0)
        let isTime = text_parse_timestamp(text + at + 1, max(0, end - at - 2), &value, &zoned) == 1
        node.kinds.insert(isTime ? .timestamp : .string)
    }

    private func number(_ node: JSONShapeNode, _ token: UnsafeBufferPointer<UInt8>) {
        let digits = token.count - (token.first == 0x2D ? 1 : 0)
        let isWhole = token.allSatisfy { ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x2D }
        if isWhole, digits < 19 || Int64(String(decoding: token, as: UTF8.self)) != nil {
            node.kinds.insert(.long)
            return
        }
        let hasExponent = token.contains { $0 == 0x65 || $0 == 0x45 }
        let isName = token.contains { $0 == 0x4E || $0 == 0x49 }
        let point = token.firstIndex(of: 0x2E)
        if isName || hasExponent || (point != nil && !options.prefersDecimal) {
            node.kinds.insert(.double)
            return
        }
        let fraction = point.map { token.count - $0 - 1 } ?? 0
        var whole = digits - fraction - (point == nil ? 0 : 1)
        if point != nil, whole == 1, token[token.count - fraction - 2] == 0x30 { whole = 0 }
        if whole + fraction > DataType.maximumPrecision {
            node.kinds.insert(.double)
            return
        }
        node.kinds.insert(.decimal)
        node.wholeDigits = max(node.wholeDigits, whole)
        node.fractionDigits = max(node.fractionDigits, fraction)
    }
}

/// Reads the text between the quotes of a JSON string.
enum JSONText {
    static func string(_ raw: UnsafeBufferPointer<UInt8>) -> String {
        guard raw.contains(0x5C), let base = raw.baseAddress else {
            return String(decoding: raw, as: UTF8.self)
        }
        let plain = [UInt8](unsafeUninitializedCapacity: raw.count) { buffer, count in
            count = buffer.baseAddress.map { max(0, Int(json_unescape(base, raw.count, $0))) } ?? 0
        }
        return String(decoding: plain, as: UTF8.self)
    }
}
