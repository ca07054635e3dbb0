import Columns
import Kernels
import Protocol
import Vocabulary

/// Writes the rows of a job to standard output.
enum ResultWriter {
    /// Writes all rows, batch by batch as they come; for people, the text of EXPLAIN as it is. Throws the
    /// error of a result that broke off, and `OUTPUT_CLOSED` when nobody reads any more.
    static func write(_ result: JobResult, form: OutputForm, isPlan: Bool) async throws {
        switch form {
        case .none: for try await _ in result.batches {}
        case .json: try await writeLines(result, isJSON: true)
        case .csv: try await writeLines(result, isJSON: false)
        case .table where isPlan: try await writeText(result)
        case .table: try await writeTable(result)
        }
    }

    private static func writeLines(_ result: JobResult, isJSON: Bool) async throws {
        let zone = try Zone.named(result.timeZone)
        var out: [UInt8] = []
        if !isJSON { RowText.appendCSVHeader(result.schema, to: &out) }
        for try await batch in result.batches {
            let rows = try RowText(batch, schema: result.schema, isJSON: isJSON, zone: zone)
            for row in 0..<rows.rowCount {
                if isJSON { rows.appendJSON(row: row, to: &out) } else { rows.appendCSV(row: row, to: &out) }
                if out.count >= 1 << 16 { try StandardOutput.flush(&out) }
            }
            try StandardOutput.flush(&out)
        }
        try StandardOutput.flush(&out)
    }

    /// Writes the cells of the first column, each from the start of a line.
    private static func writeText(_ result: JobResult) async throws {
        let zone = try Zone.named(result.timeZone)
        var out: [UInt8] = []
        for try await batch in result.batches {
            let rows = try RowText(batch, schema: result.schema, isJSON: false, zone: zone)
            for row in 0..<rows.rowCount {
                out.append(contentsOf: (rows.cell(row: row, column: 0) ?? "").utf8)
                if out.last != UInt8(ascii: "\n") { out.append(UInt8(ascii: "\n")) }
            }
        }
        try StandardOutput.flush(&out)
    }

    private static func writeTable(_ result: JobResult) async throws {
        let zone = try Zone.named(result.timeZone)
        var table = TableText(result.schema, lineCells: Terminal.outputWidth)
        var out: [UInt8] = []
        for try await batch in result.batches {
            let rows = try RowText(batch, schema: result.schema, isJSON: false, zone: zone)
            for row in 0..<rows.rowCount {
                table.append((0..<result.schema.count).map { rows.cell(row: row, column: $0) }, to: &out)
                if out.count >= 1 << 16 { try StandardOutput.flush(&out) }
            }
        }
        table.finish(to: &out)
        try StandardOutput.flush(&out)
    }
}
