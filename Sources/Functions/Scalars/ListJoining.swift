import Columns
import Kernels
import Memory

/// Makes lists out of the elements of several vectors, which are put one behind the other and gathered.
struct ListJoining {
    /// All elements of the sources.
    let elements: Vector
    /// Where each source's begin among them.
    let starts: [Int]

    /// Takes flat vectors of one type.
    init(_ sources: [Vector]) {
        elements = Concat.vectors(sources).flattened()
        var (starts, at) = ([Int](), 0)
        for source in sources {
            starts.append(at)
            at += source.count
        }
        self.starts = starts
    }

    /// Takes the elements of lists of one type.
    init(lists: [Vector], of element: DataType) {
        self.init(lists.map { $0.children[0].typed(element).flattened() })
    }

    /// Returns lists of the elements whose places among `elements` `body` takes for each row; null where it
    /// gives false.
    func lists(
        _ type: DataType, count: Int, _ body: (Int, inout ListPicking) throws -> Bool
    ) rethrows -> Vector {
        var picking = ListPicking()
        let offsets = Buffer(byteCount: (count + 1) * 4)
        let ends = offsets.pointer(as: Int32.self)
        ends[0] = 0
        var nulls = NullCollector(nil, count: count)
        for row in 0..<count {
            picking.begin()
            if !(try body(row, &picking)) { nulls.setNull(row) }
            ends[row + 1] = Int32(truncatingIfNeeded: picking.count)
        }
        // An evaluation without room for them fails, whatever is given.
        let bytes = picking.count * (4 + elements.type.physical.width)
        guard MadeMemory.hasRoom(for: bytes), picking.count <= Int(Int32.max) else {
            return .nulls(type, count: count)
        }
        return .flat(
            type, count: count, values: offsets, validity: nulls.validity,
            children: [picking.gather(elements)])
    }

    /// Joins each row's lists; null where one of them is.
    static func concat(_ lists: [Vector], _ rows: Rows, _ type: DataType) -> Vector {
        let joining = ListJoining(lists: lists, of: CollectionFunctions.element(type))
        return joining.lists(type, count: rows.count) { row, picking in
            guard rows.isValid(row), !lists.contains(where: \.isNullConstant) else { return false }
            for (list, column) in rows.columns.enumerated() {
                picking.take(column.range(row), from: joining.starts[list])
            }
            return true
        }
    }

    /// Joins the lists within each list; null where one of them is.
    static func flatten(_ list: Vector, _ rows: Rows, _ type: DataType) -> Vector {
        let inner = list.children[0].flattened()
        guard case .array = inner.type, !inner.isNullConstant else {
            // Of nulls alone: only a list of none has something to join.
            let empty = ListJoining([.empty(CollectionFunctions.element(type))])
            return empty.lists(type, count: rows.count) { row, _ in
                rows.isValid(row) && rows.columns[0].range(row).isEmpty
            }
        }
        let ends = inner.offsets
        let joining = ListJoining(lists: [inner], of: CollectionFunctions.element(type))
        return joining.lists(type, count: rows.count) { row, picking in
            guard rows.isValid(row) else { return false }
            let range = rows.columns[0].range(row)
            if inner.hasNulls, range.contains(where: { inner.isNull($0) }) { return false }
            picking.take(Int(ends[range.lowerBound])..<Int(ends[range.upperBound]), from: 0)
            return true
        }
    }

    /// Adds a value before or behind each list's elements; null where the list is.
    static func extend(_ list: Vector, _ value: Vector, _ type: DataType, atEnd: Bool, count: Int) -> Vector {
        if list.type == .null || list.isNullConstant { return .nulls(type, count: count) }
        let element = CollectionFunctions.element(type)
        let joining = ListJoining([
            list.children[0].typed(element).flattened(), value.typed(element).flattened(),
        ])
        let column = Column(list)
        return joining.lists(type, count: count) { row, picking in
            if column.isNull(row) { return false }
            if !atEnd { picking.take(joining.starts[1] + row) }
            picking.take(column.range(row), from: 0)
            if atEnd { picking.take(joining.starts[1] + row) }
            return true
        }
    }

    /// Names what two lists, taken as sets, make.
    enum Combination { case union, intersection, difference }

    /// Combines two lists, each value once, where it stands first.
    static func combine(_ kind: Combination, _ call: Invocation) -> Vector {
        let rows = Rows(call)
        let joining = ListJoining(
            lists: [call[0], call[1]], of: CollectionFunctions.element(call.type))
        var set = ElementSet(joining.elements)
        return joining.lists(call.type, count: rows.count) { row, picking in
            guard rows.isValid(row), !call[0].isNullConstant, !call[1].isNullConstant else { return false }
            let (first, second) = (rows.columns[0].range(row), rows.columns[1].range(row))
            let start = joining.starts[1]
            let other = (second.lowerBound + start)..<(second.upperBound + start)
            switch kind {
            case .union: set.takeDistinct(first, other, &picking)
            case .intersection: set.take(first, in: other, true, &picking)
            case .difference: set.take(first, in: other, false, &picking)
            }
            return true
        }
    }
}
