import Columns
import Vocabulary

/// Says that a function does not take an argument of the type it got: the binder points at that argument.
package struct ArgumentMismatch: Error {
    /// Place of the argument, from 0.
    package let argument: Int
    package let error: EngineError
}

extension Signature {
    /// Makes an error of one of Spark's kinds of mismatch; `subclass` names it.
    static func mismatch(
        _ request: TypingRequest, argument: Int, _ subclass: String, _ words: String
    ) -> ArgumentMismatch {
        ArgumentMismatch(
            argument: argument,
            error: .user(
                "DATATYPE_MISMATCH.\(subclass)",
                "Cannot resolve `\(request.name)` due to data type mismatch: \(words)"))
    }

    /// Refuses a typing that asks for a cast that there is none of. Every call passes here: no kernel sees a
    /// value of another type than it declares.
    static func checkCasts(_ request: TypingRequest, _ typing: Typing) throws {
        for (place, (from, to)) in zip(request.types, typing.arguments).enumerated()
        where from != to && !isTaken(from, as: to, request) {
            throw mismatch(request, argument: place, requires: "\"\(to.sqlName)\"")
        }
    }

    /// Says whether a function that takes `to` may get `from`: an explicit cast of these types exists, and it
    /// is no cast of a nested value to a text, which is only ever asked for by name.
    private static func isTaken(_ from: DataType, as to: DataType, _ request: TypingRequest) -> Bool {
        if Coercion.canCast(from, to, ansi: request.ansi) { return true }
        // A union of types that differ in what may be null, or in names of fields, is no cast.
        return Coercion.commonType(from, to, ansi: request.ansi) == to
    }
}
