import Columns
import Plans
import Vocabulary

/// Names the functions that take lambdas, and how their calls are laid out: the inputs, then the lambdas'
/// bodies, then the numbers of the lambdas' variables as literals. In a body a variable is a call of
/// `lambda_variable` with its number.
package enum LambdaForm: String, Sendable, CaseIterable {
    case transform, filter, exists, forall, aggregate
    case zipWith = "zip_with"
    case mapFilter = "map_filter"
    case transformKeys = "transform_keys"
    case transformValues = "transform_values"
    case arraySort = "array_sort"
    case mapZipWith = "map_zip_with"

    /// Name of the calls that stand for variables.
    package static let variable = "lambda_variable"

    package var inputCount: Int { self == .aggregate || self == .zipWith || self == .mapZipWith ? 2 : 1 }
    package var bodyCount: Int { self == .aggregate ? 2 : 1 }

    /// Returns the call that stands for a variable.
    package static func variable(_ number: Int, _ type: DataType) -> Expression {
        .call(FunctionCall(variable, [.literal(.int64(Int64(number)))], type: type))
    }

    /// One sentence for the documentation.
    var summary: String {
        switch self {
        case .transform: "Computes an array's elements anew; the lambda may take the 0-based place too."
        case .filter: "Keeps the elements for which the lambda is true."
        case .exists: "Says whether the lambda is true for some element."
        case .forall: "Says whether the lambda is true for every element."
        case .aggregate: "Folds an array into one value, with a last step that may be left out."
        case .zipWith: "Joins two arrays element by element; the shorter one goes on with nulls."
        case .mapFilter: "Keeps the entries of a map for which the lambda is true."
        case .transformKeys: "Computes a map's keys anew."
        case .transformValues: "Computes a map's values anew."
        case .arraySort: "Sorts an array by a lambda that compares two elements."
        case .mapZipWith: "Joins two maps key by key; the lambda takes null for a key that one lacks."
        }
    }

    var example: String {
        switch self {
        case .transform: "transform(array(1, 2), x -> x + 1)"
        case .filter: "filter(array(1, 2), x -> x > 1)"
        case .exists: "exists(array(1, 2), x -> x > 1)"
        case .forall: "forall(array(1, 2), x -> x > 1)"
        case .aggregate: "aggregate(array(1, 2), 0, (sum, x) -> sum + x)"
        case .zipWith: "zip_with(array(1), array(2), (x, y) -> x + y)"
        case .mapFilter: "map_filter(map('a', 1), (k, v) -> v > 0)"
        case .transformKeys: "transform_keys(map('a', 1), (k, v) -> upper(k))"
        case .transformValues: "transform_values(map('a', 1), (k, v) -> v + 1)"
        case .arraySort: "array_sort(array(2, 1), (x, y) -> x - y)"
        case .mapZipWith: "map_zip_with(map(1, 'a'), map(1, 'b'), (k, x, y) -> x || y)"
        }
    }

    /// The functions' entries in the registry. The binder lays their calls out itself.
    /// `array_sort` without a lambda has an entry of its own.
    static let functions: [ScalarFunction] = allCases.filter { $0 != .arraySort }.map { form in
        ScalarFunction(
            form.rawValue, aliases: form == .aggregate ? ["reduce"] : [],
            typing: { request in
                try Signature.checkCount(request, (form.inputCount + 1)...(form.inputCount + form.bodyCount))
                throw EngineError.user(
                    "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
                    "Cannot resolve `\(request.name)`: it takes a lambda function, as in \(form.example).")
            }, nulls: .handled, form.summary, example: form.example
        ) { call in
            throw EngineError.internal("\(call.name) was called without its lambda")
        }
    }
}
