import Vocabulary

extension Parser {
    /// Parses the hints of a SELECT, `/*+ REPARTITION(3, c), BROADCAST(t) */`, that stand before the current
    /// token.
    func hintsHere() throws(EngineError) -> [HintSyntax] {
        guard let place = hints[index] else { return [] }
        var parser = try Parser(source, at: place)
        var list: [HintSyntax] = []
        while !parser.atEnd {
            let name = try parser.name()
            var arguments: [ExpressionSyntax] = []
            if parser.take(.leftParenthesis), !parser.take(.rightParenthesis) {
                arguments = try parser.expressionList()
                try parser.expect(.rightParenthesis)
            }
            list.append(HintSyntax(name: name, arguments: arguments))
            _ = parser.take(.comma)
        }
        return list
    }
}
