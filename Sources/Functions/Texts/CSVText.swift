import Columns
import Kernels
import Vocabulary

/// Declares functions that read and write one CSV record.
enum CSVText {
    static let all: [ScalarFunction] = [
        ScalarFunction(
            "from_csv",
            typing: Signature.boundBySchema,
            "Reads a CSV record as a structure.", example: "from_csv('1,a', 'a INT, b STRING')"
        ) { call in
            guard case .structure(let fields) = call.type else {
                throw EngineError.internal("from_csv without a structure")
            }
            let options = TextOptionValues(call, at: 1)
            let form = CSVForm(options)
            let reader = try TextValueReader(options, zone: call.zone)
            let failsFast = try options.failsFast("from_csv")
            let corrupt = options["columnnameofcorruptrecord"] ?? "_corrupt_record"
            let rows = Rows(call)
            return try rows.scalars(call.type) { row in
                let text = rows.text(0, row)
                var tokens = form.tokens(text)[...]
                let wanted = fields.filter { $0.name != corrupt }.count
                var isBroken = tokens.count != wanted
                var values = fields.map { field -> Scalar in
                    if field.name == corrupt { return .null }
                    guard let token = tokens.popFirst() else { return .null }
                    guard let text = token else { return .null }
                    if let value = reader.value(text, field.type) { return value }
                    isBroken = true
                    return .null
                }
                if isBroken, failsFast { throw TextOptionValues.misfit(text) }
                if isBroken, let place = fields.firstIndex(where: { $0.name == corrupt }) {
                    values[place] = .string(text)
                }
                return .structure(values)
            }
        },
        ScalarFunction(
            "to_csv",
            typing: { request in
                try Signature.checkCount(request, 1...2)
                guard case .structure = request.types[0] else {
                    throw Signature.mismatch(request, argument: 0, requires: "\"STRUCT\"")
                }
                return Typing(request.types, .string)
            }, "Writes a structure as a CSV record.", example: "to_csv(named_struct('a', 1))"
        ) { call in
            let options = TextOptionValues(call, at: 1)
            let form = CSVForm(options)
            let writer = try ValueWriter(options, zone: call.zone)
            let vector = call[0].flattened()
            return Rows(call).texts { row in
                vector.children.map { form.written(writer.text($0.flattened(), row)) }
                    .joined(separator: form.separator)
            }
        },
        ScalarFunction(
            "schema_of_csv", typing: Signature.of([.string, .any], optional: 1, .string),
            "Returns the type of a CSV record in the words of DDL.", example: "schema_of_csv('1,abc')"
        ) { call in
            let rows = Rows(call)
            let options = TextOptionValues(call, at: 1)
            let form = CSVForm(options)
            let reader = try TextValueReader(options, zone: call.zone)
            return rows.texts { row in
                let types = form.tokens(rows.text(0, row)).map { $0.map { type(of: $0, reader) } ?? .string }
                let fields = types.enumerated().map { Field("_c\($0.offset)", $0.element) }
                return DataType.structure(fields).sqlName
            }
        },
    ]

    /// The narrowest type that reads a token.
    private static func type(of token: String, _ reader: TextValueReader) -> DataType {
        if Int32(token) != nil { return .int32 }
        if Int64(token) != nil { return .int64 }
        if Double(token) != nil { return .double }
        if token.utf8.count >= 10, reader.value(token, .date) != nil, !token.contains(":") { return .date }
        if token.utf8.count >= 10, reader.value(token, .timestamp) != nil { return .timestamp }
        return ["true", "false"].contains(token.lowercased()) ? .boolean : .string
    }
}

/// Holds how a CSV record is written.
struct CSVForm {
    let separator: String
    private let quote: Character
    private let escape: Character
    private let nullValue: String
    private let trims: Bool

    init(_ options: TextOptionValues) {
        separator = options["sep"] ?? options["delimiter"] ?? ","
        quote = options["quote"]?.first ?? "\""
        escape = options["escape"]?.first ?? "\\"
        nullValue = options["nullvalue"] ?? ""
        trims = options.isTrue("ignoreleadingwhitespace") ?? true
    }

    /// Takes a record apart; nil for what stands for null.
    func tokens(_ text: String) -> [String?] {
        var tokens: [String?] = []
        var rest = Substring(text)
        while true {
            tokens.append(token(&rest))
            guard rest.hasPrefix(separator), !separator.isEmpty else { return tokens }
            rest = rest.dropFirst(separator.count)
        }
    }

    private func token(_ rest: inout Substring) -> String? {
        var text = ""
        if rest.first == quote {
            var inside = rest.dropFirst()
            while let next = inside.popFirst() {
                if next == escape, inside.first == quote || inside.first == escape {
                    text.append(inside.removeFirst())
                } else if next == quote, inside.isEmpty || inside.hasPrefix(separator) {
                    rest = inside
                    return text == nullValue ? nil : text
                } else {
                    text.append(next)
                }
            }
            // The quote was not closed in the place where a field ends: it belongs to the value.
            text = ""
        }
        while !rest.isEmpty, !rest.hasPrefix(separator) { text.append(rest.removeFirst()) }
        return text == nullValue ? nil : text
    }

    /// Writes one value; null is the option nullValue, an empty text `""`.
    func written(_ value: String?) -> String {
        guard var text = value else { return nullValue }
        if trims {
            text = String(text.drop { $0 == " " || $0 == "\t" })
            while text.last == " " || text.last == "\t" { text.removeLast() }
        }
        if text.isEmpty { return "\(quote)\(quote)" }
        guard text.contains(separator) || text.contains(where: { $0 == quote || $0 == "\n" || $0 == "\r" })
        else { return text }
        var inside = ""
        for character in text {
            if character == quote || character == escape { inside.append(escape) }
            inside.append(character)
        }
        return "\(quote)\(inside)\(quote)"
    }
}

/// Writes single values as JSON and CSV show them: times in ISO form or by the options' patterns.
struct ValueWriter {
    private let times: TimeOptions
    private var zone: Zone { times.zone }

    init(_ options: TextOptionValues, zone: Zone) throws { times = try TimeOptions(options, zone: zone) }

    /// Returns the text of a row of a flat vector; nil for null.
    func text(_ vector: Vector, _ row: Int) -> String? {
        if vector.type == .null || vector.isNullConstant || vector.isNull(row) { return nil }
        switch vector.type {
        case .timestamp, .timestampNTZ, .date:
            var out: [UInt8] = []
            append(vector, row, to: &out)
            return String(decoding: out, as: UTF8.self)
        default: break
        }
        let part = vector.sliced(from: row, count: 1).flattened()
        let shown = try? Casting.cast(part, to: .string, mode: .null, zone: zone).scalar(at: 0)
        if case .string(let value)? = shown { return value }
        return nil
    }

    /// Appends the text of a date or time, which is not null.
    func append(_ vector: Vector, _ row: Int, to out: inout [UInt8]) {
        let value = Column(vector).integer(row)
        if vector.type == .date {
            guard let date = times.date else { return TimeText.date(value, &out) }
            let local = value &* ClockTime.microsecondsPerDay
            return date.format(local: local, offset: 0, zoneName: "UTC", &out)
        }
        let isInstant = vector.type == .timestamp
        guard let pattern = isInstant ? times.timestamp : times.timestampNTZ else {
            return JSONText.appendInstant(vector, row, zone, to: &out)
        }
        let local = isInstant ? zone.local(value) : value
        let offset = (local &- value) / 1_000_000
        let instant = ClockTime.floorDivide(local, 1_000_000) - offset
        pattern.format(
            local: local, offset: offset, zoneName: isInstant ? zone.name : "UTC",
            letters: isInstant ? pattern.letters(of: zone, at: instant) : nil, &out)
    }
}
