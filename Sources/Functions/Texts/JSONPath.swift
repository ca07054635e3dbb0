import Vocabulary

/// Finds values by the paths of `get_json_object`: `$.a['b'][0][*]`, with Hive's meaning of wildcards as
/// Spark has it (`GetJsonObject.evaluatePath`).
struct JSONPath {
    /// Names one step of a path.
    enum Step: Equatable {
        case name(String)
        case index(Int)
        /// `[*]`: all elements of an array.
        case elements
        /// `.*`: stands for members, of which Spark finds none.
        case members
    }

    /// Says how strings are written, and whether arrays are taken apart.
    private enum Style { case raw, quoted, flattened }

    let steps: [Step]

    /// Reads a path; nil when the text is none.
    init?(_ text: String) {
        var rest = Substring(text)
        guard rest.hasPrefix("$") else { return nil }
        rest.removeFirst()
        var steps: [Step] = []
        while !rest.isEmpty {
            guard let step = Self.step(&rest) else { return nil }
            steps.append(step)
        }
        self.steps = steps
    }

    private static func step(_ rest: inout Substring) -> Step? {
        if rest.hasPrefix(".*") || rest.hasPrefix("['*']") {
            rest.removeFirst(rest.hasPrefix(".*") ? 2 : 5)
            return .members
        }
        if rest.hasPrefix(".") {
            let name = rest.dropFirst().prefix { $0 != "." && $0 != "[" }
            rest = rest[name.endIndex...]
            return name.isEmpty ? nil : .name(String(name))
        }
        if rest.hasPrefix("['") {
            let name = rest.dropFirst(2).prefix { $0 != "'" && $0 != "?" }
            rest = rest[name.endIndex...]
            guard !name.isEmpty, rest.hasPrefix("']") else { return nil }
            rest.removeFirst(2)
            return .name(String(name))
        }
        guard rest.hasPrefix("["), let close = rest.firstIndex(of: "]") else { return nil }
        let inside = rest[rest.index(after: rest.startIndex)..<close]
        rest = rest[rest.index(after: close)...]
        if inside == "*" { return .elements }
        guard inside.utf8.allSatisfy({ (48...57).contains($0) }), let index = Int(inside) else { return nil }
        return .index(index)
    }

    /// Returns what the path finds, as text; nil for nothing.
    func find(in value: JSONValue) -> String? {
        var found: [String] = []
        return Self.write(value, steps[...], .raw, &found) ? found.joined(separator: ",") : nil
    }

    /// Adds the texts of what `path` finds; false when there is nothing.
    private static func write(
        _ value: JSONValue, _ path: ArraySlice<Step>, _ style: Style, _ out: inout [String]
    ) -> Bool {
        guard let step = path.first else { return writeWhole(value, style, &out) }
        let rest = path.dropFirst()
        switch (value, step) {
        case (.object(let members), .name(let name)):
            // The first member of that name under which something is found.
            for member in members where member.name == name {
                if case .null = member.value { continue }
                if write(member.value, rest, style, &out) { return true }
            }
            return false
        case (.array(let elements), .elements): return writeElements(elements, rest, style, &out)
        case (.array(let elements), .index(let index)):
            guard elements.indices.contains(index) else { return false }
            return write(elements[index], rest, rest.first == .elements ? .quoted : style, &out)
        default: return false
        }
    }

    private static func writeWhole(_ value: JSONValue, _ style: Style, _ out: inout [String]) -> Bool {
        switch (value, style) {
        case (.string(let text), .raw): out.append(text)
        case (.array(let elements), .flattened):
            var isFound = false
            for element in elements where writeWhole(element, style, &out) { isFound = true }
            return isFound
        default: out.append(value.text)
        }
        return true
    }

    private static func writeElements(
        _ elements: [JSONValue], _ rest: ArraySlice<Step>, _ style: Style, _ out: inout [String]
    ) -> Bool {
        var inner: [String] = []
        if rest.first == .elements {
            // Two wildcards in a row flatten.
            var isFound = false
            for element in elements where write(element, rest.dropFirst(), .flattened, &inner) {
                isFound = true
            }
            out.append("[\(inner.joined(separator: ","))]")
            return isFound
        }
        var found = 0
        let next: Style = style == .raw ? .quoted : style
        for element in elements where write(element, rest, next, &inner) { found += 1 }
        if style == .quoted {
            out.append("[\(inner.joined(separator: ","))]")
        } else if found > 1 {
            out.append("[\(inner.joined(separator: ","))]")
        } else {
            // A single match stands for itself.
            out += inner
        }
        return found > 0
    }
}
