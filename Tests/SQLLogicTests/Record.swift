/// Holds one record of a case file: a statement and what it must give.
struct Record: Sendable {
    enum Expectation: Sendable, Hashable {
        /// Spark's type names and the row lines; `isSorted` when both sides are compared as sorted lines.
        case rows(types: [String], isSorted: Bool, lines: [String])
        /// Column names and types.
        case columns([Column])
        case success
        /// The error class before its point; nil for any error.
        case failure(code: String?)
        /// A session setting for the rest of the file.
        case setting(key: String, value: String)
    }

    struct Column: Sendable, Hashable {
        var name: String
        var type: String
    }

    var statement: String
    var expectation: Expectation
    /// 1-based line of the record's first line in its file.
    var line: Int
}

/// Says why a case file cannot be read.
struct RecordFormatError: Error, CustomStringConvertible {
    var path: String
    var line: Int
    var message: String
    var description: String { "\(path):\(line): \(message)" }
}
