import Foundation
import Vocabulary

/// Names one kind of input from outside and the function that takes it: any bytes at all must be answered
/// with a result or with an error, in bounded time and memory.
struct FuzzTarget: Sendable {
    let name: String
    /// Longest input that is made.
    let maximalBytes: Int
    /// Memory that an input of that length may take, bytes, what is kept between inputs included.
    var memoryBytes = 512 << 20
    /// Words that mutations put in, beside those of the corpus.
    var words: [String] = []
    /// Inputs beside those of the corpus folder: what our own writers make.
    var seeds: @Sendable () throws -> [[UInt8]] = { [] }
    /// Takes one input. Throws the input's error, or a `Finding`.
    let take: @Sendable (UnsafeRawBufferPointer) throws -> Void

    static let all = [
        SQLEntry.target, CSVEntry.target, JSONEntry.target, ParquetEntry.target, BlockEntry.target,
        HTTPEntry.target, PipelineEntry.target,
    ]

    /// Returns the target of that name; `canary` is there to see that findings are found.
    static func named(_ name: String) -> FuzzTarget? {
        (all + [CanaryEntry.target]).first { $0.name == name }
    }

    /// Takes one input and traps where it shows a fault, so that whoever runs this sees one kind of failure.
    func run(_ input: UnsafeRawBufferPointer) {
        do {
            try take(input)
        } catch let error as EngineError where error.blame != .internal {
            // What any input may come to.
        } catch {
            fault("\(name): \(error)")
        }
    }
}

/// Ends the process as a trap does, without its backtrace: the input tells all.
func fault(_ what: String) -> Never {
    FileHandle.standardError.write(Data((what + "\n").utf8))
    abort()
}

/// Tells of an answer that cannot be right.
struct Finding: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Throws a `Finding` where a condition does not hold.
func require(_ holds: Bool, _ what: @autoclosure () -> String) throws {
    if !holds { throw Finding(what()) }
}

/// Runs a part of an entry whose errors are the input's, so that what follows runs whatever it gave; says
/// whether it ended without one. Throws findings, and errors that blame the engine.
@discardableResult
func attempt(_ body: () throws -> Void) throws -> Bool {
    do {
        try body()
        return true
    } catch let error as EngineError where error.blame != .internal {
        return false
    }
}
