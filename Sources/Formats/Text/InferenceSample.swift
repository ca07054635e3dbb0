import Vocabulary

/// Chooses what the schema of text files is inferred from: everything up to `wholeBytes`, beyond it a sample
/// that is spread over all files. A value outside of the sample that does not fit is treated as the read mode
/// says, and a member of JSON records that is only there is not seen; the option `samplingRatio` makes
/// inference look at all.
package struct InferenceSample: Sendable {
    /// Bytes up to which all records are looked at.
    package static let wholeBytes = 64 << 20
    /// Files of a sample at most: opening one takes a round trip where they lie in an object store.
    package static let fileCount = 256
    /// Bytes that are looked at of a sample, about.
    static let sampleBytes = 32 << 20
    /// Bytes of one stretch of a file.
    static let stretchBytes = (64 << 10)...(512 << 10)
    /// Stretches of a sample, when the files are fewer.
    static let stretchCount = 32

    /// Whether all records are looked at, however many there are.
    package let looksAtAll: Bool

    package init(looksAtAll: Bool) { self.looksAtAll = looksAtAll }

    /// Reads the option `samplingRatio`: who gives it wants more than a sample.
    package init(options: [String: String]) {
        looksAtAll = options.contains { $0.key.lowercased() == "samplingratio" }
    }

    /// Says whether files of these sizes are looked at in part only.
    package func isPartial(_ byteCounts: [Int]) -> Bool {
        !looksAtAll && byteCounts.reduce(0, +) > InferenceSample.wholeBytes
    }

    /// Returns the positions of the files to look into, with the first and the last.
    package func files(_ byteCounts: [Int]) -> [Int] {
        let most = InferenceSample.fileCount
        guard isPartial(byteCounts), byteCounts.count > most else { return Array(byteCounts.indices) }
        return (0..<most).map { $0 * (byteCounts.count - 1) / (most - 1) }
    }

    /// Returns the stretches of bytes to look at, by position of the file; each file has one at its start.
    func stretches(_ byteCounts: [Int]) -> [(file: Int, range: Range<Int>)] {
        let total = byteCounts.reduce(0, +)
        guard isPartial(byteCounts) else { return byteCounts.enumerated().map { ($0, 0..<$1) } }
        let step = total / InferenceSample.stretchCount
        let starts = byteCounts.enumerated().flatMap { file, count in
            stride(from: 0, to: max(1, count), by: step).map { (file, $0) }
        }
        let bounds = InferenceSample.stretchBytes
        let length = min(
            max(InferenceSample.sampleBytes / starts.count, bounds.lowerBound), bounds.upperBound)
        return starts.map { file, start in (file, start..<min(byteCounts[file], start + length)) }
    }
}
