import Foundation

/// Feeds a target: every committed input, then what a mutator makes, until its time is over. A fault ends the
/// process; the input that did it is then in the file of `CurrentInput`.
struct FuzzLoop {
    let target: FuzzTarget
    var seconds: Double
    /// The loop ends sooner after so many inputs of the mutator's, nil for none.
    var inputCount: Int?
    var seed: UInt64
    /// Folder of the file that holds the present input.
    var folder: URL
    /// Whether the committed inputs are taken first.
    var takesCorpus = true
    /// A file that belongs to the corpus beside the committed ones.
    var more: String?
    /// Processor time that one input may take, seconds.
    var inputSeconds = 10.0

    /// About how many inputs of a corpus that is not committed are taken as they are.
    private static let takenCount = 400

    /// The file of the present input.
    static func currentPath(_ target: FuzzTarget, in folder: URL) -> String {
        folder.appendingPathComponent("\(target.name).current").path
    }

    func run() throws {
        var corpus = try Corpus.all(of: target)
        if let more { corpus.append(Array(try Data(contentsOf: URL(fileURLWithPath: more)))) }
        let longest = corpus.reduce(target.maximalBytes) { max($0, $1.count) }
        let path = FuzzLoop.currentPath(target, in: folder)
        guard let current = CurrentInput(path: path, maximalBytes: longest) else {
            throw Finding("cannot write \(path)")
        }
        current.watch(seconds: inputSeconds)
        FuzzLoop.limitMemory(2 * target.memoryBytes + (1 << 30))
        let start = ContinuousClock.now
        var count = 0
        func take(_ bytes: [UInt8]) {
            current.begin(bytes)
            bytes.withUnsafeBytes { target.run($0) }
            let used = FuzzLoop.mostMemory
            if used > target.memoryBytes { fault("\(target.name): \(used >> 20) MiB of memory") }
            current.end()
            count += 1
        }
        if takesCorpus {
            // All that is committed; of thousands of others each seed takes some.
            let committed = Corpus.files(of: target).count
            let step = max(1, corpus.count / FuzzLoop.takenCount)
            for (place, bytes) in corpus.enumerated()
            where place < committed || place % step == Int(seed % UInt64(step)) || place == corpus.count - 1 {
                take(bytes)
            }
        }
        let taken = count
        var mutator = Mutator(target: target, corpus: corpus, seed: seed)
        while ContinuousClock.now - start < .seconds(seconds), count - taken < inputCount ?? .max {
            take(mutator.next())
        }
        unlink(path)
        print(
            "\(target.name): \(taken) inputs of the corpus and \(count - taken) made from seed \(seed), "
                + "at most \(FuzzLoop.mostMemory >> 20) MiB")
    }

    /// The most memory that this process has had, bytes.
    private static var mostMemory: Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss << 10
    }

    /// Lets allocations fail, and so trap, before they are the machine's trouble.
    private static func limitMemory(_ bytes: Int) {
        var limit = rlimit(rlim_cur: rlim_t(bytes), rlim_max: rlim_t(bytes))
        setrlimit(__rlimit_resource_t(2), &limit)
    }
}
