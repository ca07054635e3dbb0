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

    /// Takes a stretch of elements that begin `start` places behind, while there is room: an evaluation
    /// without fails, whatever it gives.
    @inline(__always)
    mutating func take(_ range: Range<Int>, from start: Int) {
        guard MadeMemory.hasRoom(for: (places.count &+ range.count) &* 8) else { return }
        var place = range.lowerBound &+ start
        let end = range.upperBound &+ start
        while place < end {
            take(place)
            place &+= 1
        }
    }

    /// The first place of the row at hand among `places`, for functions that look at what they took.
    private(set) var start = 0

    /// Number of elements taken for all rows so far.
    var count: Int { places.count }

    /// Begins with the next row.
    mutating func begin() { start = places.count }

    /// Returns the elements that were taken.
    func gather(_ elements: Vector) -> Vector {
        places.withUnsafeBufferPointer { list in
            list.baseAddress.map { elements.gathered($0, count: list.count).flattened() }
        } ?? .empty(elements.type)
    }

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
            picking.begin()
            if rows.isValid(row) { try body(row, rows.columns[0].range(row), &picking) }
            ends[row + 1] = Int32(truncatingIfNeeded: picking.places.count)
        }
        return .flat(
            type, count: rows.count, values: offsets, validity: rows.validity,
            children: [picking.gather(elements)])
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
        takeDistinct(range, 0..<0, &picking)
    }

    /// Takes each value of two stretches once, where it stands first.
    mutating func takeDistinct(_ first: Range<Int>, _ second: Range<Int>, _ picking: inout ListPicking) {
        if first.count + second.count > Self.scanLimit {
            let found = found(in: first, second)
            for place in found { picking.take(place) }
            return
        }
        for place in first { takeNew(place, &picking) }
        for place in second { takeNew(place, &picking) }
    }

    @inline(__always)
    private func takeNew(_ place: Int, _ picking: inout ListPicking) {
        var i = picking.start
        while i < picking.places.count {
            if isSame(Int(picking.places[i]), place) { return }
            i &+= 1
        }
        picking.take(place)
    }

    /// Takes each value of a stretch once which another stretch holds, or, with `isThere` false, lacks.
    mutating func take(
        _ range: Range<Int>, in other: Range<Int>, _ isThere: Bool, _ picking: inout ListPicking
    ) {
        if range.count + other.count <= Self.scanLimit {
            for place in range where other.contains(where: { isSame($0, place) }) == isThere {
                takeNew(place, &picking)
            }
            return
        }
        // What comes new behind the other stretch is not in it.
        let lacking = found(in: other, range).filter(range.contains)
        if !isThere {
            for place in lacking { picking.take(place) }
            return
        }
        let absent = Set(lacking)
        for place in found(in: range, 0..<0) where !absent.contains(place) { picking.take(place) }
    }

    /// Says whether a value stands twice in a stretch.
    mutating func hasTwice(_ range: Range<Int>) -> Bool {
        range.count > Self.scanLimit ? found(in: range, 0..<0).count < range.count : hasTwice(Array(range))
    }

    /// Says whether two of some places hold the same value.
    func hasTwice(_ places: [Int]) -> Bool {
        for (i, place) in places.enumerated() {
            for other in places[..<i] where isSame(other, place) { return true }
        }
        return false
    }

    /// The places of two stretches at which a value stands first.
    private mutating func found(in first: Range<Int>, _ second: Range<Int>) -> [Int] {
        var result: [Int] = []
        if isKeyed {
            keys.removeAll(keepingCapacity: true)
            var sawNull = false
            func look(_ range: Range<Int>, _ keys: inout Set<Int64>) {
                for place in range {
                    let isNew = isNull(place) ? !sawNull : keys.insert(key(place)).inserted
                    if isNull(place) { sawNull = true }
                    if isNew { result.append(place) }
                }
            }
            // Taken out and put back, so that its memory serves the next list.
            var taken = Set<Int64>()
            swap(&taken, &keys)
            look(first, &taken)
            look(second, &taken)
            swap(&taken, &keys)
            return result
        }
        if let views {
            var sawNull = false
            var texts = Set<TextKey>()
            for place in [first, second].joined() {
                let isNew = isNull(place) ? !sawNull : texts.insert(TextKey(view: views[place])).inserted
                if isNull(place) { sawNull = true }
                if isNew { result.append(place) }
            }
            return result
        }
        var seen = Set<Scalar>()
        for place in [first, second].joined()
        where seen.insert(isAlwaysNull ? .null : elements.scalar(at: place)).inserted { result.append(place) }
        return result
    }
}

/// Tells texts apart by their bytes.
private struct TextKey: Hashable {
    let view: StringView

    static func == (a: TextKey, b: TextKey) -> Bool { a.view == b.view }

    func hash(into hasher: inout Hasher) {
        view.withBytes { hasher.combine(bytes: $0) }
    }
}
