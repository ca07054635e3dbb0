import Foundation

/// Reads the command line.
struct FuzzCommand {
    private static let usage = """
        usage: Fuzzing list                                  names the targets
               Fuzzing run TARGET [--seconds S] [--inputs N] [--seed N] [--keep FOLDER] [--corpus FILE]
                           [--continue]
                                                             takes the corpus, with a file of one's own, then
                                                             mutations of it; keeps what breaks the target in
                                                             FOLDER, .build/fuzz/TARGET unless told otherwise
               Fuzzing try TARGET FILE…                      takes these inputs
               Fuzzing seeds TARGET FOLDER                   writes what the corpus of a target begins with
               Fuzzing libfuzzer TARGET …                    runs libFuzzer, where scripts/fuzz built this
        """
    private let words: [String]
    private var options: [String: String] = [:]

    init(_ arguments: [String]) {
        var words: [String] = []
        var rest = arguments[...]
        if rest.first == "libfuzzer" {
            self.words = arguments
            return
        }
        while let word = rest.popFirst() {
            switch word {
            case "--continue", "--skip-corpus": options[word] = ""
            case "--seconds", "--inputs", "--seed", "--keep", "--input-seconds", "--corpus":
                options[word] = rest.popFirst() ?? ""
            default: words.append(word)
            }
        }
        self.words = words
    }

    /// Returns the exit status: 1 when something was found, 2 for bad usage.
    func run() -> Int32 {
        do {
            return try perform()
        } catch {
            FileHandle.standardError.write(Data("error: \(error)\n".utf8))
            return 1
        }
    }

    private func perform() throws -> Int32 {
        guard let verb = words.first else { return misuse() }
        if verb == "list" {
            print(FuzzTarget.all.map(\.name).joined(separator: "\n"))
            return 0
        }
        guard words.count > 1, let target = FuzzTarget.named(words[1]) else { return misuse() }
        let places = words.dropFirst(2)
        switch verb {
        case "run":
            let supervisor = Supervisor(loop: try loop(target), goesOn: options["--continue"] != nil)
            return try supervisor.run().isEmpty ? 0 : 1
        case "loop":
            try loop(target).run()
            return 0
        case "try":
            for place in places {
                let bytes = try Data(contentsOf: URL(fileURLWithPath: place))
                let start = ContinuousClock.now
                bytes.withUnsafeBytes { target.run($0) }
                print("\(place): \(ContinuousClock.now - start)")
            }
            return 0
        case "seeds":
            guard let folder = places.first else { return misuse() }
            for bytes in try Corpus.all(of: target) {
                let file = URL(fileURLWithPath: folder).appendingPathComponent(Corpus.name(of: bytes))
                try Data(bytes).write(to: file)
            }
            return 0
        case "libfuzzer": return LibFuzzer.run(target, Array(places))
        default: return misuse()
        }
    }

    private func loop(_ target: FuzzTarget) throws -> FuzzLoop {
        let keep = options["--keep"] ?? ".build/fuzz/\(target.name)"
        guard let seconds = Double(options["--seconds"] ?? "60"),
            let seed = UInt64(options["--seed"] ?? "1"),
            let inputSeconds = Double(options["--input-seconds"] ?? "10")
        else { throw Finding("--seconds, --seed and --input-seconds take numbers") }
        var loop = FuzzLoop(
            target: target, seconds: seconds, seed: seed, folder: URL(fileURLWithPath: keep),
            takesCorpus: options["--skip-corpus"] == nil)
        loop.inputSeconds = inputSeconds
        loop.inputCount = options["--inputs"].flatMap { Int($0) }
        loop.more = options["--corpus"]
        return loop
    }

    private func misuse() -> Int32 {
        FileHandle.standardError.write(Data((FuzzCommand.usage + "\n").utf8))
        return 2
    }
}
