/// Reads bytes at positions; a file, an object in a store, or memory. Calls block; safe from several threads.
package protocol ByteSource: AnyObject, Sendable {
    /// Names the source in messages: the path or URL as the user would write it.
    var name: String { get }
    /// Size in bytes.
    var byteCount: Int { get }
    /// Differs when the file was written anew in place, where the source can tell; else 0.
    var stamp: UInt64 { get }
    /// Whether many small reads cost hardly more than one large one, as with a local file.
    var isNear: Bool { get }
    /// Fills `buffer` from `offset` on and returns the number of bytes read, fewer than asked only at the
    /// end. Throws a `system` error when the device fails.
    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(EngineError) -> Int
    /// Announces ranges that are about to be read, each in one piece. A source far away joins those that are
    /// near to each other.
    func willRead(_ ranges: [Range<Int>])
}

extension ByteSource {
    /// Tells nothing: the name and the size are all that is known.
    package var stamp: UInt64 { 0 }

    /// False: better few large reads.
    package var isNear: Bool { false }

    /// Does nothing: what is near is read as it is asked for.
    package func willRead(_ ranges: [Range<Int>]) {}

    /// Fills all of `buffer` from `offset` on. Throws a `data` error `TRUNCATED_FILE` when the source ends
    /// before.
    package func readFully(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(EngineError) {
        var done = 0
        while done < buffer.count {
            let got = try read(at: offset + done, into: .init(rebasing: buffer[done...]))
            if got == 0 {
                throw .data(
                    "TRUNCATED_FILE", "The file ends before byte \(offset + buffer.count): \(name)",
                    remedy: "Copy the file again from where it came from.")
            }
            done += got
        }
    }
}

/// Takes bytes in order; nothing is visible to readers before whoever owns the sink publishes it.
package protocol ByteSink: AnyObject {
    /// Names the sink in messages.
    var name: String { get }
    /// Number of bytes written so far.
    var byteCount: Int { get }
    /// Appends bytes; the buffer may be reused after the call.
    func write(_ bytes: UnsafeRawBufferPointer) throws(EngineError)
    /// What a publication has to know of the finished file beyond its path and size; empty for most.
    var receipt: [UInt8] { get }
    /// Makes all bytes durable and closes. No write may follow.
    func finish() throws(EngineError)
    /// Closes and removes what was written. Safe to call after a failure, and twice.
    func abort()
}

extension ByteSink {
    /// Nothing: path and size say all.
    package var receipt: [UInt8] { [] }
}
