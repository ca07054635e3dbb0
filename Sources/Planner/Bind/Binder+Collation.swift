import Columns
import Functions
import Plans
import SQLSyntax
import Vocabulary

extension Binder {
    /// Collations that Spark knows by these names, or by names that begin so.
    private static let sparkCollations = ["UTF8_BINARY", "UTF8_LCASE", "UNICODE"]

    /// Binds `text COLLATE name`. Texts compare byte by byte here, which is UTF8_BINARY; others are refused,
    /// as results would silently be other ones.
    func collated(_ arguments: [Expression], at span: SourceSpan) throws(EngineError) -> Expression {
        guard arguments[0].type == .string || arguments[0].type == .null else {
            throw .user(
                "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
                "COLLATE takes a STRING, not a value of type \(arguments[0].type.sqlName).",
                at: location(span))
        }
        guard let literal = constant(arguments[1]), case .string(let name) = literal.value else {
            throw .user(
                "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", "The name of a collation must be a constant text.",
                at: location(span))
        }
        let upper = name.uppercased()
        if upper == "UTF8_BINARY" { return cast(arguments[0], to: .string) }
        if Self.sparkCollations.contains(where: { upper.hasPrefix($0) }) {
            throw .user(
                "UNSUPPORTED_FEATURE.COLLATION",
                "Texts compare byte by byte, as UTF8_BINARY does; there is no collation \(upper) here.",
                remedy: "Compare lower(…) or upper(…) of both sides instead.", at: location(span))
        }
        throw .user(
            "COLLATION_INVALID_NAME", "There is no collation of this name: \(name).",
            remedy: Suggestion.nearest(to: upper, among: Self.sparkCollations).map {
                "Did you mean '\($0)'?"
            },
            at: location(span))
    }
}
