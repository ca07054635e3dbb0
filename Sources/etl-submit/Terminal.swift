// `stdout` is a variable to Swift, which nobody sets here.
#if canImport(Glibc)
    @preconcurrency import Glibc
#endif

/// Writes to the user's terminal; rows go to standard output, everything else to standard error.
enum Terminal {
    static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }
    static var inputIsTerminal: Bool { isatty(STDIN_FILENO) == 1 }

    /// Whether to colour messages: on a terminal, unless `NO_COLOR` is set.
    static var isColoured: Bool { errorIsTerminal && getenv("NO_COLOR") == nil }

    /// Characters in a line of standard error.
    static var width: Int { width(of: STDERR_FILENO) ?? 80 }

    /// Characters in a line of standard output; nil when it is no terminal.
    static var outputWidth: Int? { isatty(STDOUT_FILENO) == 1 ? width(of: STDOUT_FILENO) : nil }

    private static func width(of descriptor: Int32) -> Int? {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    /// Writes text as it is to standard error, behind what was printed before. Flushes that alone: a flush
    /// of every stream waits for whoever reads standard input.
    static func write(_ text: String) {
        fflush(stdout)
        var copy = text
        copy.withUTF8 { bytes in
            var done = 0
            while done < bytes.count, let base = bytes.baseAddress {
                let written = Glibc.write(STDERR_FILENO, base + done, bytes.count - done)
                if written <= 0 { return }
                done += written
            }
        }
    }

    /// Writes a line of information.
    static func printNote(_ text: String) { write(text + "\n") }

    /// Writes an error, its first word red where colours show.
    static func printError(_ text: String) {
        let label = isColoured ? "\u{1B}[1;31merror:\u{1B}[0m " : "error: "
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(shortened)
        write(label + lines.joined(separator: "\n") + "\n")
    }

    /// Characters of a line of an error that are shown: values and names may be of any length.
    private static let lineCharacters = 1_000

    private static func shortened(_ line: Substring) -> String {
        line.utf8.count > lineCharacters ? line.prefix(lineCharacters) + "…" : String(line)
    }

    /// Writes a warning.
    static func printWarning(_ text: String) {
        write((isColoured ? "\u{1B}[1;33mwarning:\u{1B}[0m " : "warning: ") + text + "\n")
    }
}
