import Vocabulary

extension Parser {
    /// Parses `INTERVAL '3' MONTH`, `INTERVAL 3 months 2 days`, `INTERVAL '1-2' YEAR TO MONTH`,
    /// `INTERVAL '3 months'`; returns nil when INTERVAL is a plain name here.
    mutating func intervalLiteral() throws(EngineError) -> ExpressionSyntax? {
        let start = index
        let isSigned = peek().symbol == .minus || peek().symbol == .plus
        let first = peek(isSigned ? 2 : 1)
        guard [.string, .rawString, .integer, .decimal].contains(first.kind) else { return nil }
        advance()
        var fields: [(value: String, unit: IntervalUnit)] = []
        var range: (text: String, from: IntervalUnit, to: IntervalUnit)?
        while true {
            var value = ""
            if at(.minus) || at(.plus), [.string, .rawString, .integer, .decimal].contains(peek().kind),
                fields.isEmpty || isUnit(peek(2))
            {
                value = at(.minus) ? "-" : ""
                advance()
            }
            guard [.string, .rawString, .integer, .decimal].contains(current.kind),
                fields.isEmpty || isUnit(peek())
            else { break }
            let isText = atString
            let text = isText ? stringText(current) : self.text(current)
            value = value == "-" && text.hasPrefix("-") ? String(text.dropFirst()) : value + text
            advance()
            guard let unit = takeUnit() else {
                guard fields.isEmpty, isText else { throw unexpected("an interval unit such as DAY") }
                fields = try intervalFields(ofText: value, at: span(from: start))
                break
            }
            if fields.isEmpty, take(.TO) {
                guard let to = takeUnit() else { throw unexpected("an interval unit such as MONTH") }
                range = (value, unit, to)
                break
            }
            fields.append((value, unit))
        }
        let place = span(from: start)
        let interval: IntervalSyntax?
        if let range {
            interval = IntervalReading.range(range.text, from: range.from, to: range.to)
        } else {
            interval = IntervalReading.fields(fields)
        }
        guard let interval else { throw invalidInterval(place) }
        return ExpressionSyntax(.literal(.interval(interval)), span: place)
    }

    private func isUnit(_ token: Token) -> Bool {
        token.kind == .word && IntervalUnit(word: text(token)) != nil
    }

    private mutating func takeUnit() -> IntervalUnit? {
        guard current.kind == .word, let unit = IntervalUnit(word: text(current)) else { return nil }
        advance()
        return unit
    }

    /// Reads the fields of `INTERVAL '3 months 2 days'`.
    private func intervalFields(
        ofText text: String, at place: SourceSpan
    ) throws(EngineError) -> [(value: String, unit: IntervalUnit)] {
        var words = text.split(whereSeparator: \.isWhitespace).map(String.init)
        if words.first?.lowercased() == "interval" { words.removeFirst() }
        guard !words.isEmpty, words.count % 2 == 0 else { throw invalidInterval(place) }
        var fields: [(value: String, unit: IntervalUnit)] = []
        for pair in stride(from: 0, to: words.count, by: 2) {
            guard let unit = IntervalUnit(word: words[pair + 1]) else { throw invalidInterval(place) }
            fields.append((words[pair], unit))
        }
        return fields
    }

    private func invalidInterval(_ place: SourceSpan) -> EngineError {
        .user(
            "INVALID_INTERVAL_FORMAT", "The interval cannot be read: \(source.text(place)).",
            remedy:
                "Write it as INTERVAL '3' MONTH, INTERVAL '2' DAY or INTERVAL '1 12:30:00' DAY TO "
                + "SECOND; years "
                + "and months do not mix with days and smaller units.", at: source.location(place))
    }
}
