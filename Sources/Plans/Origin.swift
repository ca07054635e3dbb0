import Vocabulary

/// Tells where in the user's text an expression stands, for errors that show only when rows are computed.
///
/// Expressions that differ in their origins alone are equal and hash alike: an origin explains a value, it is
/// no part of it. So equal expressions from two places are computed once, under the first one's origin.
package struct Origin: Hashable, Sendable {
    private final class Place: Sendable {
        let location: SourceLocation
        init(_ location: SourceLocation) { self.location = location }
    }

    private let place: Place?

    /// The origin of what no text stands for.
    package static let none = Origin(nil)

    package init(_ location: SourceLocation?) { place = location.map { Place($0) } }

    package var location: SourceLocation? { place?.location }

    package static func == (first: Origin, second: Origin) -> Bool { true }
    package func hash(into hasher: inout Hasher) {}

    /// Runs `body`; an error that blames data or user and names no place yet gets this one.
    @inline(__always)
    package func placing<Value>(_ body: () throws -> Value) throws -> Value {
        do { return try body() } catch { throw placed(error) }
    }

    private func placed(_ error: any Error) -> any Error {
        guard let place, var found = error as? EngineError, found.location == nil,
            found.blame == .data || found.blame == .user
        else { return error }
        found.location = place.location
        return found
    }
}
