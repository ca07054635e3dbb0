import Columns
import Kernels
import Vocabulary

/// Declares `xpath` and its kin: an expression of XPath 1.0 over each row's XML text.
enum XPathFunctions {
    static let all: [ScalarFunction] = [
        function(
            "xpath", .array(.string, containsNull: true),
            "Lists the values of the nodes that an XPath expression finds; null for elements.",
            "a/b/text()", nodes),
        function("xpath_string", .string, "Returns the text of what an XPath expression finds.", "a/b") {
            .string($0.text)
        },
        function("xpath_boolean", .boolean, "Tells whether an XPath expression finds or is true.", "a/b") {
            .boolean($0.boolean)
        },
        function("xpath_double", .double, "Returns the number of an XPath expression.", "sum(a/b)", real),
        function("xpath_number", .double, "Returns the number of an XPath expression.", "sum(a/b)", real),
        function("xpath_float", .float, "Returns the number of an XPath expression.", "sum(a/b)") {
            .float(Float($0.number))
        },
        function("xpath_int", .int32, "Returns the whole number of an XPath expression.", "sum(a/b)") {
            .integer(Int64(whole($0.number, Int32.self)))
        },
        function("xpath_long", .int64, "Returns the whole number of an XPath expression.", "sum(a/b)") {
            .integer(whole($0.number, Int64.self))
        },
        function("xpath_short", .int16, "Returns the whole number of an XPath expression.", "sum(a/b)") {
            .integer(Int64(Int16(truncatingIfNeeded: whole($0.number, Int32.self))))
        },
    ]

    private static func function(
        _ name: String, _ type: DataType, _ summary: String, _ example: String,
        _ result: @escaping @Sendable (XPathValue) throws -> Scalar
    ) -> ScalarFunction {
        ScalarFunction(
            name,
            typing: { request in
                let typing = try Signature.of([.string, .string], type)(request)
                guard request.literals[1] != nil else {
                    throw EngineError.user(
                        "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT",
                        "The path of `\(request.name)` must be a constant text.")
                }
                return typing
            }, summary, example: "\(name)('<a><b>1</b></a>', '\(example)')"
        ) { call in
            let rows = Rows(call)
            var known: (text: String, path: XPath)?
            return try rows.scalars(call.type) { row in
                let bytes = rows.columns[0].bytes(row)
                let text = rows.text(1, row)
                if bytes.isEmpty || text.isEmpty { return .null }
                if known?.text != text { known = (text, try path(text)) }
                guard let document = XMLReader.document(bytes) else {
                    throw EngineError.data(
                        "MALFORMED_XML", "The text is no well-formed XML: "
                            + String(String(decoding: bytes, as: UTF8.self).prefix(200)))
                }
                let context = XPathEvaluation.Context(node: document)
                guard let path = known?.path,
                    let value = XPathEvaluation(document: document).value(path, context)
                else { throw invalid(text) }
                return try result(value)
            }
        }
    }

    private static func path(_ text: String) throws -> XPath {
        guard let path = XPath(text) else { throw invalid(text) }
        return path
    }

    private static func invalid(_ text: String) -> EngineError {
        .user(
            "INVALID_XPATH", "This is no XPath expression, or one of what is not known here: \(text)",
            remedy: "Known are paths, conditions, operators and the functions of XPath 1.0 but id and lang.")
    }

    private static func nodes(_ value: XPathValue) throws -> Scalar {
        guard case .nodes(let nodes) = value else {
            throw EngineError.user("INVALID_XPATH", "The expression of `xpath` must give nodes.")
        }
        return .array(nodes.map { $0.kind == .element || $0.kind == .document ? .null : .string($0.value) })
    }

    private static func real(_ value: XPathValue) -> Scalar { .double(value.number) }

    /// Cuts off a fraction, as Java's casts do: what is too large becomes the type's limit, NaN zero.
    private static func whole<T: FixedWidthInteger>(_ value: Double, _ type: T.Type) -> T {
        if value.isNaN { return 0 }
        return T(exactly: value.rounded(.towardZero)) ?? (value < 0 ? .min : .max)
    }
}
