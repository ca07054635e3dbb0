import CKernels
import Columns
import Memory
import Vocabulary

/// Infers the columns of CSV files as Spark does: names from the header or `_c0`, `_c1`, …; all strings
/// unless `inferSchema` is set, then the narrowest type that holds every value.
///
/// An `InferenceSample` says which records are looked at.
package struct CSVSchemaInference {
    private let options: CSVOptions
    private let sample: InferenceSample
    private let memory: CountedMemory

    /// `memory`: what long records are taken from.
    package init(
        options: CSVOptions, sample: InferenceSample = InferenceSample(looksAtAll: false),
        memory: CountedMemory = .unlimited
    ) {
        self.options = options
        self.memory = memory
        self.sample = options.multiLine ? InferenceSample(looksAtAll: true) : sample
    }

    /// Returns the schema of all `sources`; no columns when there is no record.
    package func infer(_ sources: [any ByteSource]) throws(EngineError) -> Schema {
        var names: [String] = []
        for source in sources {
            names = try header(of: source)
            if !names.isEmpty { break }
        }
        var kinds = [CSVKind?](repeating: nil, count: names.count)
        if options.inferSchema, !names.isEmpty {
            for (file, range) in sample.stretches(sources.map(\.byteCount)) {
                try scan(sources[file], range, &kinds)
            }
        }
        return Schema(zip(names, kinds).map { Field($0, $1?.type ?? .string) })
    }

    /// Reads the first record and names the columns by it.
    private func header(of source: any ByteSource) throws(EngineError) -> [String] {
        let windows = try TextWindows(
            source, range: 0..<source.byteCount, whole: options.multiLine, decoding: options.decoding,
            memory: memory)
        let indexer = CSVIndexer(options: options, batchRows: 1, keepsOriginal: false, memory: memory)
        while let window = try windows.next() {
            try indexer.index(try CSVIndexer.mended(window, memory: memory))
            if indexer.collectRows() > 0 { return names(indexer.texts(0)) }
        }
        return []
    }

    /// Names columns as Spark does: names that differ only in case, or not at all, get their position.
    func names(_ first: [String?]) -> [String] {
        if !options.header { return first.indices.map { "_c\($0)" } }
        var counts: [String: Int] = [:]
        for name in first { counts[(name ?? "").lowercased(), default: 0] += 1 }
        return first.enumerated().map { i, name in
            guard let name, !name.isEmpty, name != options.nullValue else { return "_c\(i)" }
            return counts[name.lowercased(), default: 0] > 1 ? "\(name)\(i)" : name
        }
    }

    private func scan(
        _ source: any ByteSource, _ range: Range<Int>, _ kinds: inout [CSVKind?]
    ) throws(EngineError) {
        let windows = try TextWindows(
            source, range: range, whole: options.multiLine, decoding: options.decoding, memory: memory)
        let indexer = CSVIndexer(
            options: options, batchRows: Limits.batchRows, keepsOriginal: false, memory: memory)
        let places = Buffer(byteCount: max(1, kinds.count) * Limits.batchRows * 8)
        let starts = places.pointer(as: UInt32.self)
        let ends = starts + kinds.count * Limits.batchRows
        let wanted = kinds.indices.map { UInt32($0) }
        var mustSkip = options.header
        while let raw = try windows.next() {
            let window = try CSVIndexer.mended(raw, memory: memory)
            mustSkip = mustSkip && window.isFirst
            try indexer.index(window)
            while indexer.collectRows() > 0 {
                if mustSkip { indexer.keepRows { $0 > 0 } }
                mustSkip = false
                indexer.place(
                    wanted, nullValue: Array(options.nullValue.utf8), stride: Limits.batchRows, starts, ends)
                for column in kinds.indices {
                    let offset = column * Limits.batchRows
                    let tokens = TokenColumn(
                        heap: window.buffer, starts: starts + offset, ends: ends + offset,
                        count: Int(indexer.rows.count), style: .plain, zone: .utc,
                        patterns: options.patterns)
                    kinds[column] = try CSVKind.widened(kinds[column], by: tokens)
                }
            }
        }
    }
}

/// Names what the values of a CSV column were so far.
enum CSVKind: Equatable {
    case int, long
    /// Whole numbers beyond 64 bits, of at most so many digits.
    case decimal(Int)
    case double, date, timestamp, boolean, string

    var type: DataType {
        switch self {
        case .int: .int32
        case .long: .int64
        case .decimal(let digits): .decimal(precision: digits, scale: 0)
        case .double: .double
        case .date: .date
        case .timestamp: .timestamp
        case .boolean: .boolean
        case .string: .string
        }
    }

    /// Returns the kind that holds what a column was so far and the tokens of a batch.
    static func widened(_ known: CSVKind?, by tokens: TokenColumn) throws(EngineError) -> CSVKind? {
        if known == .string { return .string }
        var kind = known
        // Most batches hold what is known already: these are only parsed, all at once.
        var suspects: Bitmap?
        if let known, known != .date {
            suspects = try tokens.parse(as: known.type).bad
            if suspects == nil { return known }
        }
        for row in 0..<tokens.count where tokens.starts[row] < TEXT_NULL && (suspects?.isSet(row) ?? true) {
            let token = UnsafePointer(tokens.heap.pointer(as: UInt8.self)) + Int(tokens.starts[row])
            let found = of(token, Int(tokens.ends[row] - tokens.starts[row]), tokens.patterns)
            kind = kind.map { merged($0, found) } ?? found
            if kind == .string { break }
        }
        return kind
    }

    /// Tells the kind of one token, tried in Spark's order.
    private static func of(
        _ token: UnsafePointer<UInt8>, _ length: Int, _ patterns: TextPatterns
    ) -> CSVKind {
        let bytes = UnsafeBufferPointer(start: token, count: length)
        let text = String(decoding: bytes, as: UTF8.self)
        if Int32(text) != nil { return .int }
        if Int64(text) != nil { return .long }
        let digits = bytes.count { $0 >= 0x30 && $0 <= 0x39 }
        let signs = bytes.first == 0x2D || bytes.first == 0x2B ? 1 : 0
        if digits > 0, digits + signs == length, digits <= DataType.maximumPrecision {
            return .decimal(digits)
        }
        var value = 0.0
        if text_parse_double(token, length, &value) == 1 { return .double }
        if let time = time(bytes, patterns) { return time }
        return ["true", "false"].contains(text.lowercased()) ? .boolean : .string
    }

    /// Tells dates and timestamps, by the patterns that the options name or in Spark's usual forms.
    private static func time(_ bytes: UnsafeBufferPointer<UInt8>, _ patterns: TextPatterns) -> CSVKind? {
        var (days, time, zoned): (Int32, Int64, UInt8) = (0, 0, 0)
        guard let token = bytes.baseAddress else { return nil }
        let looksLikeDate = bytes.count == 10 && token[4] == 0x2D && token[7] == 0x2D
        let isDate =
            patterns.date.map { $0(bytes) != nil }
            ?? (looksLikeDate && text_parse_date(token, bytes.count, &days) == 1)
        if isDate { return .date }
        let isTimestamp =
            patterns.timestamp.map { $0(bytes) != nil }
            ?? (text_parse_timestamp(token, bytes.count, &time, &zoned) == 1)
        return isTimestamp ? .timestamp : nil
    }

    private static func merged(_ a: CSVKind, _ b: CSVKind) -> CSVKind {
        if a == b { return a }
        switch (a, b) {
        case (.date, .timestamp), (.timestamp, .date): return .timestamp
        case (.decimal(let x), .decimal(let y)): return .decimal(max(x, y))
        default: break
        }
        guard let x = a.rank, let y = b.rank else { return .string }
        let (low, high) = x <= y ? (a, b) : (b, a)
        if case .decimal(let digits) = high { return .decimal(max(digits, low == .int ? 10 : 20)) }
        return high
    }

    /// Place among the numbers, narrowest first; nil for other kinds.
    private var rank: Int? {
        switch self {
        case .int: 0
        case .long: 1
        case .decimal: 2
        case .double: 3
        default: nil
        }
    }
}
