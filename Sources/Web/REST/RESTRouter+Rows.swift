import Columns
import Formats
import Kernels
import Protocol
import Transport
import Vocabulary

// Rows, which come in pieces.
extension RESTRouter {
    /// Names the forms of rows.
    private enum RowForm { case blocks, json, csv }

    /// Streams rows in the form that the client accepts: column blocks, CSV, or JSON lines.
    func result(_ id: String, _ request: WebRequest) async throws -> WebResponse {
        let accept = request.headers["accept"] ?? ""
        let form: RowForm =
            accept.contains(ResultFraming.contentType) ? .blocks : accept.contains("text/csv") ? .csv : .json
        let type =
            switch form {
            case .blocks: ResultFraming.contentType
            case .csv: "text/csv; charset=utf-8; header=present"
            case .json: "application/x-ndjson"
            }
        let pieces = RowPieces(try await service.result(id), form: form)
        // A result that is gone is told by the status: nothing is sent before its first rows are there.
        // (HEAD takes none: the rows are released once all were taken.)
        if request.method != "HEAD" { try await pieces.begin() }
        return WebResponse(
            status: 200, headers: [HeaderField("content-type", type)],
            body: .stream(AsyncThrowingStream { try await pieces.next() }))
    }

    /// Turns batches into pieces of a response, one batch at a time as the client takes them.
    ///
    /// `@unchecked Sendable`: the stream's one consumer owns it; its calls do not overlap.
    private final class RowPieces: @unchecked Sendable {
        private enum Step { case head, rows, over }

        private let schema: Schema
        private let timeZone: String
        private let form: RowForm
        private var batches: AsyncThrowingStream<Batch, any Error>.Iterator
        private let encoder: ColumnBlockEncoder
        private var step = Step.head
        /// The first batch, while it was not handed on.
        private var first: Batch?

        init(_ result: JobResult, form: RowForm) {
            schema = result.schema
            timeZone = result.timeZone
            self.form = form
            batches = result.batches.makeAsyncIterator()
            encoder = ColumnBlockEncoder(schema: result.schema)
        }

        /// Waits for the first batch.
        func begin() async throws { first = try await batches.next(isolation: nil) }

        func next() async throws -> [UInt8]? {
            switch step {
            case .over: return nil
            case .head:
                step = .rows
                switch form {
                case .blocks: return ResultFraming.head(schema, timeZone: timeZone)
                case .csv:
                    var line: [UInt8] = []
                    RowText.appendCSVHeader(schema, to: &line)
                    return line
                case .json: return try await rows()
                }
            case .rows: return try await rows()
            }
        }

        private func rows() async throws -> [UInt8]? {
            var next = first
            first = nil
            if next == nil { next = try await batches.next(isolation: nil) }
            guard let batch = next else {
                step = .over
                return form == .blocks ? ResultFraming.end : nil
            }
            var out: [UInt8] = []
            if form == .blocks {
                for block in try encoder.encode(batch) { out.append(contentsOf: block.bytes) }
                return out
            }
            let text = try RowText(
                batch, schema: schema, isJSON: form == .json, zone: try Zone.named(timeZone))
            for row in 0..<text.rowCount {
                if form == .json {
                    text.appendJSON(row: row, to: &out)
                } else {
                    text.appendCSV(row: row, to: &out)
                }
            }
            return out
        }
    }
}
