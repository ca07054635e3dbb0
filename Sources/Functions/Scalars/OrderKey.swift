import Columns
import Kernels

/// Makes integers out of numbers that order, and are equal, as the numbers do: NaN last, −0.0 as 0.0.
enum OrderKey {
    /// Says whether values of a type have keys.
    static func isKnown(_ type: DataType) -> Bool {
        switch type.physical {
        case .bool, .int8, .int16, .int32, .int64, .float, .double: true
        default: false
        }
    }

    /// The key of a row of a flat vector, which is not null.
    @inline(__always)
    static func of(_ values: Vector, _ row: Int) -> Int64 {
        switch values.type.physical {
        case .bool: return Int64(values.pointer(as: UInt8.self)[row])
        case .int8: return Int64(values.pointer(as: Int8.self)[row])
        case .int16: return Int64(values.pointer(as: Int16.self)[row])
        case .int32: return Int64(values.pointer(as: Int32.self)[row])
        case .float: return of(Double(values.pointer(as: Float.self)[row]))
        case .double: return of(values.pointer(as: Double.self)[row])
        default: return values.pointer(as: Int64.self)[row]
        }
    }

    private static func of(_ value: Double) -> Int64 {
        if value.isNaN { return .max }
        let bits = Int64(bitPattern: (value + 0.0).bitPattern)
        return bits < 0 ? ~bits ^ .min : bits
    }
}

/// Finds values among the elements of lists, by keys where they have such, else by comparing rows.
struct ElementFinder {
    private let elements: Vector
    private let wanted: Vector
    private let isKeyed: Bool
    private let views: (elements: UnsafeMutablePointer<StringView>, wanted: UnsafeMutablePointer<StringView>)?
    private let step: Int
    private let hasNulls: Bool

    /// Prepares for elements and the values to find, one for each row.
    init(_ list: Vector, _ wanted: Vector) {
        elements = list.flattened()
        self.wanted = wanted
        step = wanted.form == .constant ? 0 : 1
        let isPlain =
            elements.form == .flat && elements.values != nil && wanted.values != nil
            && wanted.form != .dictionary && elements.type.physical == wanted.type.physical
        isKeyed = isPlain && OrderKey.isKnown(elements.type)
        let isText = isPlain && elements.type.physical == .view
        views = isText ? (elements.pointer(as: StringView.self), wanted.pointer(as: StringView.self)) : nil
        hasNulls = elements.type == .null || elements.hasNulls
    }

    @inline(__always)
    private func isNull(_ place: Int) -> Bool {
        hasNulls && (elements.type == .null || elements.isNull(place))
    }

    /// Returns the first place of a list's element that is equal to the row's value; nulls are equal to
    /// nothing.
    @inline(__always)
    func first(in range: Range<Int>, _ row: Int) -> Int? {
        var at = range.lowerBound
        let end = range.upperBound
        if isKeyed {
            let key = OrderKey.of(wanted, row &* step)
            while at < end {
                if OrderKey.of(elements, at) == key, !isNull(at) { return at }
                at &+= 1
            }
        } else if let views {
            let view = views.wanted[row &* step]
            while at < end {
                if views.elements[at] == view, !isNull(at) { return at }
                at &+= 1
            }
        } else {
            while at < end {
                if !isNull(at), Comparing.compareRows(elements, at, wanted, row) == 0 { return at }
                at &+= 1
            }
        }
        return nil
    }

    /// Says whether a list has an element that is null.
    func hasNull(in range: Range<Int>) -> Bool { hasNulls && range.contains { isNull($0) } }
}
