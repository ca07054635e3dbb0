import Columns
import Kernels
import Memory
import Plans
import Vocabulary

/// Declares functions that make arrays and structures.
enum CollectionFunctions {
    /// Most elements of an array that a function makes by itself.
    static let lengthLimit = 10_000_000

    static func element(_ type: DataType) -> DataType {
        if case .array(let element, _) = type { return element }
        return .null
    }

    static let all: [ScalarFunction] = [
        ScalarFunction(
            "array",
            typing: { request in
                let common = try Signature.commonType(request, request.types)
                return Typing(request.types.map { _ in common }, .array(common, containsNull: true))
            }, nulls: .handled, "Makes an array.", example: "array(1, 2)"
        ) { call in
            let n = call.arguments.count
            if n == 0 { return .constant(.of(call.type, [.array([])]), count: call.count) }
            let element = element(call.type)
            let all = Concat.vectors(call.arguments.map { $0.typed(element).flattened() })
            let order = Buffer(byteCount: max(call.count * n * 4, 4))
            let offsets = Buffer(byteCount: (call.count + 1) * 4)
            for row in 0..<call.count {
                for k in 0..<n { order.pointer(as: UInt32.self)[row * n + k] = UInt32(k * call.count + row) }
            }
            for row in 0...call.count { offsets.pointer(as: Int32.self)[row] = Int32(row * n) }
            let children =
                all.type == .null ? all : all.gathered(order.pointer(as: UInt32.self), count: call.count * n)
            return .flat(call.type, count: call.count, values: offsets, children: [children.flattened()])
        },
        ScalarFunction(
            "struct",
            typing: { request in
                Typing(
                    request.types,
                    .structure(request.types.enumerated().map { Field("col\($0.offset + 1)", $0.element) }))
            }, nulls: .handled, "Makes a structure.", example: "struct(1, 'a')"
        ) { call in
            .flat(call.type, count: call.count, values: nil, children: call.arguments.map { $0.flattened() })
        },
        ScalarFunction(
            "named_struct",
            typing: { request in
                guard request.types.count % 2 == 0 else {
                    throw EngineError.user("WRONG_NUM_ARGS", "`named_struct` takes names and values in turn.")
                }
                let fields = try stride(from: 0, to: request.types.count, by: 2).map { i -> Field in
                    guard case .string(let name)? = request.literals[i]?.value else {
                        throw EngineError.user(
                            "DATATYPE_MISMATCH.CREATE_NAMED_STRUCT_WITHOUT_FOLDABLE_STRING",
                            "The names of `named_struct` must be constant texts.")
                    }
                    return Field(name, request.types[i + 1])
                }
                return Typing(request.types, .structure(fields))
            }, nulls: .handled, "Makes a structure with names.", example: "named_struct('a', 1)"
        ) { call in
            let children = stride(from: 1, to: call.arguments.count, by: 2).map { call[$0].flattened() }
            return .flat(call.type, count: call.count, values: nil, children: children)
        },
    ]
}
