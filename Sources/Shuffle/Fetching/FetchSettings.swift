import Transport
import Vocabulary

/// Says how a worker fetches from others.
package struct FetchSettings: Sendable {
    /// Bytes that all workers together may send ahead of the consumer, in one read.
    package var creditBytes = 32 << 20
    /// Least and most bytes that one worker may send ahead.
    package var laneBytes = (256 << 10)...(16 << 20)
    /// Times that a worker which cannot be reached, or breaks off, is asked in all before its output is given
    /// up.
    package var tries = 3
    /// Times that a block whose checksum is wrong is fetched again before its output is given up.
    package var repairs = 1
    /// Pause before the second try, doubled for each further one and spread by half; seconds.
    package var pauseSeconds = 0.4
    /// Fields sent along for a job's outputs, such as its token.
    package var headers: @Sendable (JobID) -> [HeaderField] = { _ in [] }

    package init() {}
}
