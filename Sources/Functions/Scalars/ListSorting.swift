import Columns
import Kernels
import Memory

/// Says how the elements of a list are sorted.
struct ListOrder {
    let ascending: Bool
    let nullsFirst: Bool
}

/// Sorts the elements within each list of a column. Equal elements keep their order.
enum ListSorting {
    /// Returns lists of the same elements, in the order that `order` gives for each row that is not null.
    static func sorted(
        _ list: Vector, _ rows: Rows, _ type: DataType, _ order: (Int) -> ListOrder
    ) -> Vector {
        let elements = list.children[0].flattened()
        let column = rows.columns[0]
        var total = 0
        rows.each { total &+= column.range($0).count }
        let buffer = Buffer(byteCount: max(total * 4, 4))
        let places = buffer.pointer(as: UInt32.self)
        let offsets = Buffer(byteCount: (rows.count + 1) * 4)
        let ends = offsets.pointer(as: Int32.self)
        ends[0] = 0
        var sorter = ElementSorter(elements)
        var next = 0
        for row in 0..<rows.count {
            if rows.isValid(row) {
                let range = column.range(row)
                sorter.sort(range, order(row), places + next)
                next += range.count
            }
            ends[row + 1] = Int32(truncatingIfNeeded: next)
        }
        let values = elements.gathered(places, count: total)
        withExtendedLifetime(buffer) {}
        return .flat(
            type, count: rows.count, values: offsets, validity: rows.validity, children: [values.flattened()])
    }
}

/// Sorts stretches of one vector: by keys of 64 bits where its values have such, else by comparing rows.
private struct ElementSorter {
    private let values: Vector
    private let isAlwaysNull: Bool
    private let keyed: Bool
    private let views: UnsafeMutablePointer<StringView>?
    private var keys: [Int64] = []
    /// Longest list that is sorted by insertion.
    private static let insertionLimit = 24

    init(_ values: Vector) {
        self.values = values
        isAlwaysNull = values.type == .null || values.isNullConstant
        keyed = values.form == .flat && OrderKey.isKnown(values.type)
        let isText = values.type.physical == .view && values.form == .flat && values.values != nil
        views = isText ? values.pointer(as: StringView.self) : nil
    }

    /// Writes the places of a stretch's elements in order.
    mutating func sort(_ range: Range<Int>, _ order: ListOrder, _ places: UnsafeMutablePointer<UInt32>) {
        var (count, nulls) = (0, 0)
        if isAlwaysNull || values.hasNulls {
            for at in range where isAlwaysNull || values.isNull(at) { nulls += 1 }
            var (null, value) = order.nullsFirst ? (0, nulls) : (range.count - nulls, 0)
            for at in range {
                if isAlwaysNull || values.isNull(at) {
                    places[null] = UInt32(truncatingIfNeeded: at)
                    null += 1
                } else {
                    places[value] = UInt32(truncatingIfNeeded: at)
                    value += 1
                }
            }
            count = range.count - nulls
        } else {
            for at in range {
                places[count] = UInt32(truncatingIfNeeded: at)
                count += 1
            }
        }
        let list = order.nullsFirst ? places + nulls : places
        if count < 2 { return }
        if keyed { return sortKeyed(list, count, order.ascending) }
        if let views {
            return Self.sort(list, count, order.ascending) {
                StringView.compare(views[Int($0)], views[Int($1)])
            }
        }
        let values = self.values
        Self.sort(list, count, order.ascending) { Comparing.compareRows(values, Int($0), values, Int($1)) }
    }

    private mutating func sortKeyed(_ places: UnsafeMutablePointer<UInt32>, _ count: Int, _ ascending: Bool) {
        keys.removeAll(keepingCapacity: true)
        for i in 0..<count {
            let key = OrderKey.of(values, Int(places[i]))
            // Turned around, so that equal ones keep their order in both directions.
            keys.append(ascending ? key : ~key)
        }
        keys.withUnsafeMutableBufferPointer { keys in
            if count > Self.insertionLimit {
                let order = (0..<count).sorted { keys[$0] != keys[$1] ? keys[$0] < keys[$1] : $0 < $1 }
                let copy = order.map { places[$0] }
                for i in 0..<count { places[i] = copy[i] }
                return
            }
            var i = 1
            while i < count {
                let (key, place) = (keys[i], places[i])
                var j = i
                while j > 0, keys[j &- 1] > key {
                    keys[j] = keys[j &- 1]
                    places[j] = places[j &- 1]
                    j &-= 1
                }
                keys[j] = key
                places[j] = place
                i &+= 1
            }
        }
    }

    @inline(__always)
    private static func sort(
        _ places: UnsafeMutablePointer<UInt32>, _ count: Int, _ ascending: Bool,
        _ compare: (UInt32, UInt32) -> Int
    ) {
        let sign = ascending ? 1 : -1
        if count > insertionLimit {
            let order = (0..<count).map { places[$0] }.sorted {
                let order = compare($0, $1) * sign
                return order != 0 ? order < 0 : $0 < $1
            }
            for i in 0..<count { places[i] = order[i] }
            return
        }
        var i = 1
        while i < count {
            let place = places[i]
            var j = i
            while j > 0, compare(places[j &- 1], place) * sign > 0 {
                places[j] = places[j &- 1]
                j &-= 1
            }
            places[j] = place
            i &+= 1
        }
    }
}
