import Columns
import Kernels
import Memory
import Vocabulary

/// Holds a path as bytes: names and places are followed on the tape, wildcards on a tree.
struct CompiledJSONPath {
    private enum Step {
        case name([UInt8])
        case index(Int)
    }

    private var steps: [Step] = []
    private let path: JSONPath
    private let hasWildcards: Bool

    /// Reads a path; nil when the text is none.
    init?(_ text: String) {
        guard let path = JSONPath(text) else { return nil }
        self.path = path
        for step in path.steps {
            switch step {
            case .name(let name): steps.append(.name(Array(name.utf8)))
            case .index(let index): steps.append(.index(index))
            case .elements, .members: break
            }
        }
        hasWildcards = steps.count < path.steps.count
    }

    /// Puts what the path finds in the text that the tape lists into a row; false when there is nothing. A
    /// text that lies within a heap is shared.
    func put(_ tape: JSONTape, _ builder: ViewBuilder, _ row: Int, _ scratch: inout [UInt8]) -> Bool {
        if hasWildcards {
            guard let text = path.find(in: tape.value(0)) else { return false }
            builder.put(text, row)
            return true
        }
        guard let place = find(tape, 0, 0) else { return false }
        if let bytes = tape.shared(place), let base = bytes.baseAddress {
            builder.share(StringView(base, count: bytes.count), row)
            return true
        }
        scratch.removeAll(keepingCapacity: true)
        if !tape.appendPlain(place, to: &scratch) { tape.appendJSON(place, to: &scratch) }
        builder.put(scratch, row)
        return true
    }

    private func find(_ tape: JSONTape, _ place: Int, _ depth: Int) -> Int? {
        if depth == steps.count { return place }
        var child = place + 1
        let end = tape.next(place)
        switch (steps[depth], tape[place].kind) {
        case (.name(let name), .object):
            // The first member of that name under which something is found.
            return name.withUnsafeBytes { name in
                while child < end {
                    let value = child + 1
                    if tape.isName(child, name), tape[value].kind != .null,
                        let found = find(tape, value, depth + 1)
                    {
                        return found
                    }
                    child = tape.next(value)
                }
                return nil
            }
        case (.index(let index), .array):
            var left = index
            while child < end {
                if left == 0 { return find(tape, child, depth + 1) }
                left -= 1
                child = tape.next(child)
            }
            return nil
        default: return nil
        }
    }
}
