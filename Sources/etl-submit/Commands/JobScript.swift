import Protocol
import Storage
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Holds a job's text with its variables filled in, and where each line of it came from.
struct JobScript {
    /// What is run.
    let text: String
    /// For each line of `text` that of the text as it was written, both from 1; nil where they are the same.
    private let lines: [Int]?

    /// Fills `${name}` from `values`. A value is text: what looks like a variable in it stays.
    init(_ written: String, values: [String: String]) {
        guard !values.isEmpty, written.contains("${") else {
            (text, lines) = (written, nil)
            return
        }
        var filled = ""
        var line = 1
        var origins = [1]
        var hasBreaks = false
        func append(_ piece: Substring) {
            filled += piece
            for byte in piece.utf8 where byte == UInt8(ascii: "\n") {
                line += 1
                origins.append(line)
            }
        }
        var rest = written[...]
        while let start = rest.firstRange(of: "${") {
            let inner = rest[start.upperBound...]
            guard let end = inner.firstIndex(of: "}"), let value = values[String(inner[..<end])] else {
                append(rest[..<start.upperBound])
                rest = inner
                continue
            }
            append(rest[..<start.lowerBound])
            filled += value
            let breaks = value.utf8.count { $0 == UInt8(ascii: "\n") }
            hasBreaks = hasBreaks || breaks > 0
            origins += Array(repeating: line, count: breaks)
            rest = inner[inner.index(after: end)...]
        }
        append(rest)
        text = filled
        lines = hasBreaks ? origins : nil
    }

    /// Returns the error with its line counted as in the text that was written.
    func located(_ error: EngineError) -> EngineError {
        guard let lines, var place = error.location, lines.indices.contains(place.line - 1) else {
            return error
        }
        place.line = lines[place.line - 1]
        var error = error
        error.location = place
        return error
    }

    /// Runs `body`; its errors come out located.
    func locating<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let error as EngineError {
            throw located(error)
        }
    }

    /// Reads a file of SQL. Throws `USAGE` when there is no such text, with the place of the first byte that
    /// is no UTF-8: it would change values without a word.
    static func read(_ path: String) throws(EngineError) -> String {
        let bytes: [UInt8]
        do throws(TextFile.Failure) {
            bytes = try TextFile.bytes(path, limitBytes: Limits.sqlBytes)
        } catch {
            if case .tooLong = error { throw JobText.tooLong(file: path) }
            if case .unreadable(let number) = error, number == ENOENT { throw MissingJob.error(path) }
            throw .user(
                "USAGE", "Cannot read the job \(path): \(error.reason)",
                remedy: "Give a file of SQL statements, or -e \"SQL\".")
        }
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        throw notText(bytes, file: path, remedy: "Convert it, such as with: iconv -f LATIN1 -t UTF-8 \(path)")
    }

    /// Throws as for a file when the SQL of the command line is no UTF-8. `sql` is what became of it, with
    /// U+FFFD in the place of what is none; `arguments` are the bytes of all that the program was given.
    static func checkArgument(_ sql: String, in arguments: [[UInt8]]) throws(EngineError) {
        // Only such a text can have been another one.
        guard sql.unicodeScalars.contains("\u{FFFD}") else { return }
        for argument in arguments where String(validating: argument, as: UTF8.self) == nil {
            // `-e SQL` or, in one word, `-e=SQL`.
            for skipped in [0, 3] where skipped <= argument.count {
                let bytes = Array(argument[skipped...])
                guard String(decoding: bytes, as: UTF8.self) == sql else { continue }
                throw notText(
                    bytes, file: commandLine,
                    remedy: "Use a terminal whose characters are UTF-8 (see locale).")
            }
        }
    }

    /// What messages name instead of a file.
    static let commandLine = "<command line>"

    /// Returns the bytes of the words that this program was started with.
    static func arguments() -> [[UInt8]] {
        (0..<Int(CommandLine.argc)).compactMap { place in
            CommandLine.unsafeArgv[place].map { word in
                UnsafeRawBufferPointer(start: word, count: strlen(word)).map { $0 }
            }
        }
    }

    private static func notText(_ bytes: [UInt8], file: String, remedy: String) -> EngineError {
        let offset = firstInvalid(bytes)
        return .user(
            "USAGE", "The job's text is no UTF-8 at byte \(offset + 1): \(file)", remedy: remedy,
            at: place(of: offset, in: bytes, file: file))
    }

    private static func firstInvalid(_ bytes: [UInt8]) -> Int {
        var parser = Unicode.UTF8.ForwardParser()
        var iterator = bytes.makeIterator()
        var offset = 0
        while true {
            switch parser.parseScalar(from: &iterator) {
            case .valid(let scalar): offset += scalar.count
            case .error, .emptyInput: return offset
            }
        }
    }

    /// Returns the place of a byte for messages.
    static func place(of offset: Int, in bytes: [UInt8], file: String, length: Int = 1) -> SourceLocation {
        let newline = UInt8(ascii: "\n")
        let start = (bytes[..<offset].lastIndex(of: newline) ?? -1) + 1
        let end = bytes[offset...].firstIndex(of: newline) ?? bytes.count
        let before = String(decoding: bytes[start..<offset], as: UTF8.self)
        return SourceLocation(
            file: file, line: bytes[..<start].count { $0 == newline } + 1, column: before.count + 1,
            wholeLine: String(decoding: bytes[start..<end], as: UTF8.self), length: length)
    }
}
