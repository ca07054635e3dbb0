import Columns
import Functions
import Plans
import SQLSyntax
import Vocabulary

extension DataType {
    /// True where values hold variants, which can be neither compared nor grouped.
    var hasVariant: Bool { holds { $0 == .variant } }
}

extension Binder {
    /// Binds `variant_get(variant, path[, type])`, its `try_` form and `variant:path`, whose results have the
    /// type that the third argument names; nil for other calls.
    func variantCall(
        _ name: String, _ call: CallSyntax, _ context: BindContext, at span: SourceSpan
    ) throws(EngineError) -> Expression? {
        let isPath = name == ColumnNaming.pathCall && call.arguments.count == 3
        guard isPath || ["variant_get", "try_variant_get"].contains(name), call.arguments.count > 1,
            call.arguments.count < 4
        else { return nil }
        let variant = try bind(call.arguments[0].value, context)
        if isPath, variant.type != .variant, variant.type != .null {
            throw .user(
                "COLUMN_IS_NOT_VARIANT_TYPE",
                "A path behind a colon takes a VARIANT, not a value of type \(variant.type.sqlName).",
                remedy: "Read the text by parse_json(…) first.", at: location(span))
        }
        let path = try bind(call.arguments[1].value, context)
        let bound = try self.call(isPath ? "variant_get" : name, [variant, path], at: span)
        guard !isPath, call.arguments.count == 3, case .call(var found) = bound else { return bound }
        let type = try variantType(call.arguments[2].value, name, context)
        guard Coercion.canCast(.variant, type, ansi: true) else {
            throw .user(
                "DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION",
                "A value of type VARIANT cannot be cast to \(type.sqlName).", at: location(span))
        }
        found.type = type
        return .call(found)
    }

    private func variantType(
        _ argument: ExpressionSyntax, _ name: String, _ context: BindContext
    ) throws(EngineError) -> DataType {
        guard let literal = constant(try bind(argument, context)), case .string(let text) = literal.value
        else {
            throw .user(
                "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", "The type of \(name) must be a constant text.",
                remedy: "Write it as 'int' or 'struct<a int>'.", at: location(argument.span))
        }
        do throws(EngineError) {
            return DataType(try SQLParser.type(SQLSource(text, file: source.file)))
        } catch {
            throw .user(
                error.code, "The type of \(name) cannot be read: \(error.message)", remedy: error.remedy,
                at: location(argument.span))
        }
    }

    /// Refuses to group by variants.
    func refuseVariant(_ expression: Expression, at span: SourceSpan) throws(EngineError) {
        guard expression.type.hasVariant else { return }
        throw .user(
            "GROUP_EXPRESSION_TYPE_IS_NOT_ORDERABLE",
            "Rows cannot be grouped by a value of this type: \(expression.type.sqlName).",
            remedy: "Group by a cast of it, such as CAST(… AS STRING).", at: location(span))
    }
}
