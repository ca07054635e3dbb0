#if canImport(Glibc)
    import Glibc
#endif

/// Writes messages for the person who runs a program.
package enum StandardError {
    /// Writes a line at once, whole.
    package static func print(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = bytes.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
    }
}
