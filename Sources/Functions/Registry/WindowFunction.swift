import Columns
import Plans
import Vocabulary

/// Describes a function that is only used with OVER: names, types and documentation. Execution computes it.
package struct WindowFunction: Sendable {
    package let name: String
    package let typing: @Sendable (TypingRequest) throws -> Typing
    /// Says that the function needs the window's ORDER BY, and does not look at a frame.
    package let goesByOrder: Bool
    package let summary: String
    package let example: String

    private init(
        _ name: String, _ typing: @escaping @Sendable (TypingRequest) throws -> Typing,
        goesByOrder: Bool = true, _ summary: String, _ example: String
    ) {
        self.name = name
        self.typing = typing
        self.goesByOrder = goesByOrder
        self.summary = summary
        self.example = example
    }

    /// All of them.
    static let all: [WindowFunction] = [
        WindowFunction(
            "row_number", Signature.of([], .int32), "Numbers the rows of the partition from 1.",
            "row_number() OVER (ORDER BY a)"),
        WindowFunction(
            "rank", ranking(.int32),
            "Returns one more than the number of rows before the row's peers.", "rank() OVER (ORDER BY a)"),
        WindowFunction(
            "dense_rank", ranking(.int32), "Numbers the peers of the partition from 1.",
            "dense_rank() OVER (ORDER BY a)"),
        WindowFunction(
            "percent_rank", ranking(.double),
            "Returns the rank less one as a share of the other rows.", "percent_rank() OVER (ORDER BY a)"),
        WindowFunction(
            "cume_dist", Signature.of([], .double),
            "Returns the share of rows up to the row's last peer.", "cume_dist() OVER (ORDER BY a)"),
        WindowFunction(
            "ntile", Signature.of([.int], optional: 1, .int32),
            "Deals the rows of the partition out into so many buckets of about equal size.",
            "ntile(4) OVER (ORDER BY a)"),
        WindowFunction(
            "lag", neighbour, "Returns the value of a row before this one: by default the last.",
            "lag(a, 1) OVER (ORDER BY b)"),
        WindowFunction(
            "lead", neighbour, "Returns the value of a row after this one: by default the next.",
            "lead(a, 1, 0) OVER (ORDER BY b)"),
        WindowFunction(
            "nth_value", Signature.of([.any, .int]) { $0[0] }, goesByOrder: false,
            "Returns the value of the frame's n-th row.", "nth_value(a, 2) OVER (ORDER BY b)"),
    ]

    /// Spark takes any arguments and goes by the window's order all the same.
    private static func ranking(_ type: DataType) -> Signature.Rule {
        Signature.variadic(rest: .any) { _ in type }
    }

    /// The default takes the value's type.
    private static let neighbour: Signature.Rule = { request in
        let types = try Signature.of([.any, .int, .any], optional: 2) { $0[0] }(request).arguments
        guard types.count == 3 else { return Typing(types, types[0]) }
        guard types[2] == .null || Coercion.canCast(types[2], types[0], ansi: request.ansi) else {
            throw Signature.differing(request, [types[0], types[2]])
        }
        return Typing([types[0], types[1], types[0]], types[0])
    }
}
