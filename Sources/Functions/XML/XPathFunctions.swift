import Columns
import Kernels
import Vocabulary

/// Declares functions that find values in XML texts by XPath.
enum XPathFunctions {
    static let all: [ScalarFunction] = [
        function(
            "xpath", .array(.string, containsNull: true),
            "Returns the values of the nodes that an XPath finds in an XML text; null for elements."
        ) { tree, path in
            guard case .nodes(let nodes) = try XPathEvaluator(tree: tree).value(path) else {
                throw XPathEvaluator.Failure(reason: "it gives no nodes, as xpath needs; use xpath_string")
            }
            return .array(
                nodes.map { node in
                    tree.nodes[node].kind == .element || tree.nodes[node].kind == .root
                        ? .null : .string(tree.nodes[node].value)
                })
        },
        function("xpath_boolean", .boolean, "Says whether an XPath finds something or is true.") {
            .boolean(try XPathEvaluator(tree: $0).value($1).boolean)
        },
        function("xpath_string", .string, "Returns the text of the first node that an XPath finds.") {
            .string(try XPathEvaluator(tree: $0).value($1).text(in: $0))
        },
        numeric("xpath_short", .int16), numeric("xpath_int", .int32), numeric("xpath_long", .int64),
        numeric("xpath_float", .float), numeric("xpath_double", .double), numeric("xpath_number", .double),
    ]

    private static func numeric(_ name: String, _ type: DataType) -> ScalarFunction {
        let kind = type.isFloating ? "NaN" : "0"
        return function(
            name, type,
            "Returns the number of the first node that an XPath finds, \(kind) where there is none."
        ) { tree, path in
            let number = try XPathEvaluator(tree: tree).value(path).number(in: tree)
            switch type {
            case .int16: return .integer(Int64(Int16(truncatingIfNeeded: saturated(number, Int32.self))))
            case .int32: return .integer(Int64(saturated(number, Int32.self)))
            case .int64: return .integer(saturated(number, Int64.self))
            case .float: return .double(Double(Float(number)))
            default: return .double(number)
            }
        }
    }

    /// Cuts a number to an integer, as Java does.
    private static func saturated<T: FixedWidthInteger>(_ number: Double, _: T.Type) -> T {
        if number.isNaN { return 0 }
        return T(exactly: number.rounded(.towardZero)) ?? (number < 0 ? .min : .max)
    }

    private static func function(
        _ name: String, _ type: DataType, _ summary: String,
        _ value: @escaping @Sendable (XMLTree, XPath) throws -> Scalar
    ) -> ScalarFunction {
        ScalarFunction(
            name, typing: Signature.of([.string, .string], type), summary,
            example: "\(name)('<a><b>1</b></a>', 'a/b')"
        ) { call in
            let rows = Rows(call)
            var known: (text: String, path: XPath)?
            return try rows.scalars(call.type) { row in
                let text = rows.text(1, row)
                let document = rows.columns[0].bytes(row)
                if text.isEmpty || document.isEmpty { return .null }
                if known?.text != text { known = (text, try Self.path(text)) }
                guard let path = known?.path else { return .null }
                do {
                    return try value(try XMLReader.tree(document), path)
                } catch let failure as XMLReader.Failure {
                    throw EngineError.data(
                        "INVALID_XML_DOCUMENT", "A text is no XML document: \(failure.reason)",
                        remedy: "Leave such texts out, or mend them before \(name).")
                } catch let failure as XPathEvaluator.Failure {
                    throw EngineError.user(
                        "INVALID_XPATH", "The XPath '\(text.prefix(200))' does not do: \(failure.reason)")
                }
            }
        }
    }

    private static func path(_ text: String) throws -> XPath {
        do { return try XPathParser.path(text) } catch {
            throw EngineError.user(
                "INVALID_XPATH", "'\(text.prefix(200))' is no XPath: \(error.reason)",
                remedy: "Write one such as 'a/b/text()' or '//b[@id=\"1\"]'.")
        }
    }
}
