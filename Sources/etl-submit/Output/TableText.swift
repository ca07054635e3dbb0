import Columns

/// Lays rows out as a table. The first 1,000 rows decide on the widths; later rows go out as they come, their
/// longer cells cut.
///
///     ┌────┬───────┐
///     │ id │ name  │
///     ├────┼───────┤
///     │  1 │ Ada   │
///     └────┴───────┘
///     1 row
struct TableText {
    /// Rows that decide on the widths.
    static let sampleRows = 1000
    /// Widest column, in character cells.
    static let widthLimit = 60

    private let names: [String]
    private let alignsRight: [Bool]
    private var sample: [[String]] = []
    private var widths: [Int] = []
    private var rowCount = 0

    init(_ schema: Schema) {
        names = schema.names.map { TableText.oneLine($0) }
        alignsRight = schema.types.map(\.isNumeric)
    }

    /// Takes a row; nil stands for null.
    mutating func append(_ row: [String?], to out: inout [UInt8]) {
        let cells = row.map { $0.map { TableText.oneLine($0) } ?? "NULL" }
        rowCount += 1
        if !widths.isEmpty { return put(cells, to: &out) }
        sample.append(cells)
        if sample.count == TableText.sampleRows { begin(to: &out) }
    }

    /// Ends the table with the number of rows.
    mutating func finish(to out: inout [UInt8]) {
        if widths.isEmpty { begin(to: &out) }
        rule("└", "┴", "┘", to: &out)
        out.append(contentsOf: "\(rowCount) \(rowCount == 1 ? "row" : "rows")\n".utf8)
    }

    private mutating func begin(to out: inout [UInt8]) {
        widths = names.indices.map { column in
            let widest = sample.reduce(TextWidth.of(names[column])) { max($0, TextWidth.of($1[column])) }
            return max(1, min(widest, TableText.widthLimit))
        }
        rule("┌", "┬", "┐", to: &out)
        put(names, to: &out)
        rule("├", "┼", "┤", to: &out)
        for cells in sample { put(cells, to: &out) }
        sample = []
    }

    private func rule(_ left: String, _ middle: String, _ right: String, to out: inout [UInt8]) {
        let bars = widths.map { String(repeating: "─", count: $0 + 2) }
        out.append(contentsOf: (left + bars.joined(separator: middle) + right + "\n").utf8)
    }

    private func put(_ cells: [String], to out: inout [UInt8]) {
        var line = "│"
        for (column, cell) in cells.enumerated() {
            let shown = TextWidth.cut(cell, to: widths[column])
            let padding = String(repeating: " ", count: max(0, widths[column] - TextWidth.of(shown)))
            line += alignsRight[column] ? " \(padding)\(shown) │" : " \(shown)\(padding) │"
        }
        out.append(contentsOf: (line + "\n").utf8)
    }

    /// Shows control characters as escapes: a value must not break the table nor reach the terminal as a
    /// command.
    private static func oneLine(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.value < 32 || (127..<160).contains($0.value) }) else {
            return text
        }
        var shown = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": shown += "\\n"
            case "\r": shown += "\\r"
            case "\t": shown += "\\t"
            default:
                let value = scalar.value
                if value < 32 || (127..<160).contains(value) {
                    shown += "\\u{\(String(value, radix: 16))}"
                } else {
                    shown.unicodeScalars.append(scalar)
                }
            }
        }
        return shown
    }
}

/// Measures text in the character cells of a terminal.
enum TextWidth {
    /// Returns the cells that a text takes; characters of East Asian scripts and emoji take two.
    static func of(_ text: String) -> Int {
        if text.utf8.allSatisfy({ $0 < 128 }) { return text.utf8.count }
        return text.reduce(0) { $0 + width($1) }
    }

    /// Returns the text, or what fits of it into `cells` with … at its end.
    static func cut(_ text: String, to cells: Int) -> String {
        if of(text) <= cells { return text }
        var shown = ""
        var used = 0
        for character in text {
            let next = width(character)
            if used + next > cells - 1 { break }
            shown.append(character)
            used += next
        }
        return shown + "…"
    }

    private static func width(_ character: Character) -> Int {
        guard let first = character.unicodeScalars.first else { return 0 }
        switch first.value {
        case 0x300...0x36F, 0x200B...0x200F: return 0
        case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF,
            0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }
}
