/// Computes the functions of XPath 1.0.
enum XPathCalls {
    /// Returns nil for what is not known, or has other arguments.
    static func value(
        _ name: String, _ given: [XPathValue], _ context: XPathEvaluation.Context
    ) -> XPathValue? {
        switch (name, given.count) {
        case ("last", 0): return .number(Double(context.size))
        case ("position", 0): return .number(Double(context.place))
        case ("true", 0): return .boolean(true)
        case ("false", 0): return .boolean(false)
        case ("boolean", 1): return .boolean(given[0].boolean)
        case ("not", 1): return .boolean(!given[0].boolean)
        case ("count", 1), ("sum", 1):
            guard case .nodes(let nodes) = given[0] else { return nil }
            let numbers = nodes.map { XPathValue.number($0.text) }
            return .number(name == "count" ? Double(nodes.count) : numbers.reduce(0, +))
        case ("name", 0...1), ("local-name", 0...1):
            var node: XMLNode? = context.node
            if let first = given.first {
                guard case .nodes(let nodes) = first else { return nil }
                node = nodes.first
            }
            let whole = node?.name ?? ""
            return .text(name == "name" ? whole : String(whole.split(separator: ":").last ?? ""))
        case ("number", 0...1): return .number((given.first ?? .nodes([context.node])).number)
        case ("floor", 1): return .number(given[0].number.rounded(.down))
        case ("ceiling", 1): return .number(given[0].number.rounded(.up))
        case ("round", 1): return .number((given[0].number + 0.5).rounded(.down))
        default: return text(name, given, context)
        }
    }

    private static func text(
        _ name: String, _ given: [XPathValue], _ context: XPathEvaluation.Context
    ) -> XPathValue? {
        let texts = given.map(\.text)
        switch (name, given.count) {
        case ("string", 0...1): return .text(texts.first ?? context.node.text)
        case ("concat", 2...): return .text(texts.joined())
        case ("starts-with", 2): return .boolean(texts[1].isEmpty || texts[0].hasPrefix(texts[1]))
        case ("contains", 2): return .boolean(texts[1].isEmpty || place(of: texts[1], in: texts[0]) != nil)
        case ("substring-before", 2), ("substring-after", 2):
            let (whole, part) = (Array(texts[0].unicodeScalars), Array(texts[1].unicodeScalars))
            guard let start = place(of: texts[1], in: texts[0]) else { return .text("") }
            let kept = name == "substring-before" ? whole[..<start] : whole[(start + part.count)...]
            return .text(string(kept))
        case ("substring", 2...3):
            let from = round(given[1].number)
            let end = given.count == 3 ? from + round(given[2].number) : .infinity
            let kept = texts[0].unicodeScalars.enumerated().filter { index, _ in
                Double(index + 1) >= from && Double(index + 1) < end
            }
            return .text(string(kept.map(\.element)))
        case ("string-length", 0...1):
            return .number(Double((texts.first ?? context.node.text).unicodeScalars.count))
        case ("normalize-space", 0...1):
            let words = (texts.first ?? context.node.text).split { $0.isWhitespace }
            return .text(words.joined(separator: " "))
        case ("translate", 3):
            let (from, to) = (Array(texts[1].unicodeScalars), Array(texts[2].unicodeScalars))
            let mapped = texts[0].unicodeScalars.compactMap { scalar -> Unicode.Scalar? in
                guard let index = from.firstIndex(of: scalar) else { return scalar }
                return index < to.count ? to[index] : nil
            }
            return .text(string(mapped))
        default: return nil
        }
    }

    private static func round(_ value: Double) -> Double { (value + 0.5).rounded(.down) }

    private static func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }

    /// Returns how many characters stand before a part of a text.
    private static func place(of part: String, in whole: String) -> Int? {
        let (text, wanted) = (Array(whole.unicodeScalars), Array(part.unicodeScalars))
        guard wanted.count <= text.count else { return nil }
        return (0...(text.count - wanted.count)).first { text[$0...].starts(with: wanted) }
    }
}
