import Columns
import Vocabulary

/// Lays rows out as a table. The first 1,000 rows decide on the widths; later rows go out as they come.
///
///     ┌────┬───────┐
///     │ id │ name  │
///     ├────┼───────┤
///     │  1 │ Ada   │
///     └────┴───────┘
///     1 row
///
/// On a terminal it fits the lines: cells of the widest columns are cut, and where that leaves too little of
/// them, each row goes below the other as `name │ value` lines. Elsewhere nothing is cut.
struct TableText {
    /// Rows that decide on the widths.
    static let sampleRows = 1000
    /// Cells that a column keeps when columns are cut to fit the terminal.
    static let leastWidth = 8

    /// Cells of a terminal's line; nil where nobody's lines need to be fitted.
    private let lineCells: Int?
    private var isStacked = false
    private let names: [String]
    private let alignsRight: [Bool]
    private var sample: [[String]] = []
    private var widths: [Int] = []
    private var rowCount = 0

    init(_ schema: Schema, lineCells: Int?) {
        self.lineCells = lineCells
        names = schema.names.map { TableText.oneLine($0) }
        alignsRight = schema.types.map(\.isNumeric)
    }

    /// Takes a row; nil stands for null.
    mutating func append(_ row: [String?], to out: inout [UInt8]) {
        // Rows without columns have nothing to show but their number.
        if names.isEmpty { return rowCount += 1 }
        let cells = row.map { $0.map { TableText.oneLine($0) } ?? "NULL" }
        if !widths.isEmpty { return put(cells, to: &out) }
        sample.append(cells)
        if sample.count == TableText.sampleRows { begin(to: &out) }
    }

    /// Ends the table with the number of rows.
    mutating func finish(to out: inout [UInt8]) {
        if widths.isEmpty, !names.isEmpty { begin(to: &out) }
        if !isStacked, !names.isEmpty { rule("└", "┴", "┘", to: &out) }
        out.append(contentsOf: "\(rowCount) \(rowCount == 1 ? "row" : "rows")\n".utf8)
    }

    private mutating func begin(to out: inout [UInt8]) {
        widths = names.indices.map { column in
            let widest = sample.reduce(CharacterCells.of(names[column])) {
                max($0, CharacterCells.of($1[column]))
            }
            return max(1, widest)
        }
        if let lineCells { fit(lineCells) }
        if !isStacked {
            rule("┌", "┬", "┐", to: &out)
            line(names, to: &out)
            rule("├", "┼", "┤", to: &out)
        }
        for cells in sample { put(cells, to: &out) }
        sample = []
    }

    /// Cuts the widest columns until a row fits a line.
    private mutating func fit(_ lineCells: Int) {
        var excess = widths.reduce(1) { $0 + $1 + 3 } - lineCells
        while excess > 0 {
            guard let widest = widths.max(), widest > TableText.leastWidth else {
                isStacked = true
                return
            }
            let next = max(widths.filter { $0 < widest }.max() ?? 0, TableText.leastWidth)
            let columns = widths.indices.filter { widths[$0] == widest }
            let cut = min(widest - next, (excess + columns.count - 1) / columns.count)
            for column in columns { widths[column] -= cut }
            excess -= cut * columns.count
        }
    }

    private mutating func put(_ cells: [String], to out: inout [UInt8]) {
        rowCount += 1
        guard isStacked else { return line(cells, to: &out) }
        let width = names.reduce(0) { max($0, CharacterCells.of($1)) }
        out.append(contentsOf: "─ row \(rowCount) ─\n".utf8)
        for (name, cell) in zip(names, cells) {
            let padding = String(repeating: " ", count: width - CharacterCells.of(name))
            out.append(contentsOf: "\(name)\(padding) │ \(cell)\n".utf8)
        }
    }

    private func rule(_ left: String, _ middle: String, _ right: String, to out: inout [UInt8]) {
        let bars = widths.map { String(repeating: "─", count: $0 + 2) }
        out.append(contentsOf: (left + bars.joined(separator: middle) + right + "\n").utf8)
    }

    private func line(_ cells: [String], to out: inout [UInt8]) {
        var line = "│"
        for (column, cell) in cells.enumerated() {
            let shown = lineCells == nil ? cell : CharacterCells.cut(cell, to: widths[column])
            let padding = String(repeating: " ", count: max(0, widths[column] - CharacterCells.of(shown)))
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
