import Columns
import Kernels
import Memory

/// Makes lists out of some elements of other lists: their places are gathered at the end, whatever their
/// type.
struct ListPicking {
    /// Places of the elements that were taken, for all rows so far.
    private(set) var places: [UInt32] = []

    /// Takes an element into the list of the row at hand.
    @inline(__always)
    mutating func take(_ place: Int) { places.append(UInt32(truncatingIfNeeded: place)) }

    /// The first place of the row at hand among `places`, for functions that look at what they took.
    private(set) var start = 0

    /// Returns the lists that `body` takes for each row that is not null, out of the elements of `list`.
    static func pick(
        _ list: Vector, _ rows: Rows, _ type: DataType,
        _ body: (Int, Range<Int>, inout ListPicking) throws -> Void
    ) rethrows -> Vector {
        let elements = list.children[0].flattened()
        var picking = ListPicking()
        picking.places.reserveCapacity(elements.count)
        let offsets = Buffer(byteCount: (rows.count + 1) * 4)
        let ends = offsets.pointer(as: Int32.self)
        ends[0] = 0
        for row in 0..<rows.count {
            picking.start = picking.places.count
            if rows.isValid(row) { try body(row, rows.columns[0].range(row), &picking) }
            ends[row + 1] = Int32(truncatingIfNeeded: picking.places.count)
        }
        let count = picking.places.count
        let values = picking.places.withUnsafeBufferPointer { places in
            places.baseAddress.map { elements.gathered($0, count: count).flattened() }
        }
        return .flat(
            type, count: rows.count, values: offsets, validity: rows.validity,
            children: [values ?? .empty(elements.type)])
    }
}

/// Tells the elements of one vector apart, for lists in which each value stands once. Used by one thread.
struct ElementSet {
    private let elements: Vector
    private let isKeyed: Bool
    private let views: UnsafeMutablePointer<StringView>?
    private let isAlwaysNull: Bool
    private var keys = Set<Int64>()
    /// Longest list of values that is searched one by one.
    private static let scanLimit = 12

    init(_ list: Vector) {
        elements = list.flattened()
        isAlwaysNull = elements.type == .null || elements.isNullConstant
        let isPlain = elements.form == .flat && elements.values != nil
        isKeyed = isPlain && OrderKey.isKnown(elements.type)
        views = isPlain && elements.type.physical == .view ? elements.pointer(as: StringView.self) : nil
    }

    func isNull(_ place: Int) -> Bool { isAlwaysNull || elements.isNull(place) }

    /// Tells the zeros apart, which are equal in order: Spark's sets of elements do.
    private func key(_ place: Int) -> Int64 {
        let key = OrderKey.of(elements, place)
        if key != 0 { return key }
        switch elements.type.physical {
        case .float: return elements.pointer(as: Float.self)[place].sign == .minus ? .min : 0
        case .double: return elements.pointer(as: Double.self)[place].sign == .minus ? .min : 0
        default: return 0
        }
    }

    private func isSame(_ a: Int, _ b: Int) -> Bool {
        let (aNull, bNull) = (isNull(a), isNull(b))
        if aNull || bNull { return aNull && bNull }
        if isKeyed { return key(a) == key(b) }
        if let views { return views[a] == views[b] }
        return Comparing.compareRows(elements, a, elements, b) == 0
    }

    /// Takes each value of a stretch once, where it stands first.
    mutating func takeDistinct(_ range: Range<Int>, _ picking: inout ListPicking) {
        if range.count > Self.scanLimit {
            return isKeyed ? takeByKeys(range, &picking) : takeByValues(range, &picking)
        }
        for place in range {
            var isNew = true
            var i = picking.start
            while isNew, i < picking.places.count {
                isNew = !isSame(Int(picking.places[i]), place)
                i &+= 1
            }
            if isNew { picking.take(place) }
        }
    }

    private mutating func takeByKeys(_ range: Range<Int>, _ picking: inout ListPicking) {
        keys.removeAll(keepingCapacity: true)
        var sawNull = false
        for place in range {
            let isNew: Bool
            if isNull(place) {
                isNew = !sawNull
                sawNull = true
            } else {
                isNew = keys.insert(key(place)).inserted
            }
            if isNew { picking.take(place) }
        }
    }

    private func takeByValues(_ range: Range<Int>, _ picking: inout ListPicking) {
        var seen = Set<Scalar>()
        for place in range where seen.insert(isAlwaysNull ? .null : elements.scalar(at: place)).inserted {
            picking.take(place)
        }
    }
}
