import Columns
import Kernels
import Memory
import Plans
import Vocabulary

/// Reads a variable of a lambda around the node.
final class LambdaVariableNode: Node {
    private let number: Int
    override var isHarmless: Bool { true }
    override var cost: Double { 0 }

    init(_ number: Int, _ type: DataType) {
        self.number = number
        super.init(type)
    }

    override func compute(_ frame: Frame) throws -> Vector {
        guard let value = frame.variable(number) else {
            throw EngineError.internal("a lambda's variable has no value")
        }
        return value
    }
}

/// Calls a function with a lambda: the body is evaluated once over the elements of all rows.
final class LambdaNode: Node {
    private let form: LambdaForm
    private let inputs: [Node]
    private let bodies: [Node]
    private let variables: [Int]
    private let origin: Origin
    /// Whether `transform_keys` keeps the last of keys that stand twice.
    private let keepsLastKey: Bool
    override var cost: Double { inputs.reduce(50) { $0 + $1.cost } }

    init(
        _ form: LambdaForm, _ inputs: [Node], _ bodies: [Node], _ variables: [Int], _ type: DataType,
        _ origin: Origin, keepsLastKey: Bool
    ) {
        self.origin = origin
        self.keepsLastKey = keepsLastKey
        self.form = form
        self.inputs = inputs
        self.bodies = bodies
        self.variables = variables
        super.init(type)
    }

    override func compute(_ frame: Frame) throws -> Vector {
        let lists = try inputs.map { try $0.value(frame).flattened() }
        if lists[0].isNullConstant || lists[0].type == .null { return .nulls(type, count: frame.count) }
        if form == .aggregate { return try fold(lists[0], lists[1], frame) }
        if form == .zipWith { return try zip(lists, frame) }
        if form == .arraySort { return try origin.placing { try sorted(lists[0], frame) } }
        let elements = ListElements(lists[0], count: frame.count)
        let inner = elements.frame(frame)
        let children = lists[0].children.map {
            $0.gathered(elements.places, count: elements.count).flattened()
        }
        inner.bind(variables[0], children[0])
        if variables.count > 1 {
            inner.bind(variables[1], children.count > 1 ? children[1] : elements.positions)
        }
        let body = elements.count == 0 ? .empty(bodies[0].type) : try bodies[0].value(inner).flattened()
        switch form {
        case .transform: return elements.list(type, [body], lists[0].validity)
        case .transformValues: return elements.list(type, [children[0], body], lists[0].validity)
        case .transformKeys:
            if keepsLastKey { return try lastEntries(body, children[1], elements, lists[0].validity) }
            try origin.placing { try refuseKeys(body, elements) }
            return elements.list(type, [body, children[1]], lists[0].validity)
        case .filter, .mapFilter: return kept(elements, children, body, lists[0].validity)
        default: return judged(elements, body, lists[0].validity)
        }
    }

    /// Makes maps of new keys; of those that stand twice the last value.
    private func lastEntries(
        _ keys: Vector, _ values: Vector, _ elements: ListElements, _ validity: Bitmap?
    ) throws -> Vector {
        let maps = try (0..<elements.rowCount).map { row throws -> Scalar in
            if validity?.isSet(row) == false { return .null }
            let range = elements.range(row)
            return try origin.placing {
                try MapFunctions.scalar(
                    range.map { keys.scalar(at: $0) }, range.map { values.scalar(at: $0) }, keepsLast: true)
            }
        }
        return .of(type, maps)
    }

    /// Refuses keys that are null or stand twice in a map.
    private func refuseKeys(_ keys: Vector, _ elements: ListElements) throws {
        for row in 0..<elements.rowCount {
            let list = elements.range(row).map { keys.scalar(at: $0) }
            if list.contains(.null) {
                throw EngineError.data("NULL_MAP_KEY", "Cannot use null as map key.")
            }
            if Set(list).count != list.count {
                throw MapFunctions.twice
            }
        }
    }

    private func kept(
        _ elements: ListElements, _ children: [Vector], _ body: Vector, _ validity: Bitmap?
    ) -> Vector {
        let passed = Selecting.selectTrue(body.asBoolean)
        let offsets = Buffer.zeroed(byteCount: (elements.rowCount + 1) * 4)
        let out = offsets.pointer(as: Int32.self)
        var next = 0
        for row in 0..<elements.rowCount {
            let end = elements.range(row).upperBound
            while next < passed.count, Int(passed.rows[next]) < end { next &+= 1 }
            out[row + 1] = Int32(truncatingIfNeeded: next)
        }
        return .flat(
            type, count: elements.rowCount, values: offsets, validity: validity,
            children: children.map { $0.gathered(passed.rows, count: passed.count).flattened() })
    }

    /// `exists` and `forall` with three truth values.
    private func judged(_ elements: ListElements, _ body: Vector, _ validity: Bitmap?) -> Vector {
        let values = body.asBoolean.flattened()
        let deciding = form == .exists
        let buffer = Buffer.zeroed(byteCount: max(elements.rowCount, 16))
        let out = buffer.pointer(as: UInt8.self)
        var nulls = NullCollector(validity, count: elements.rowCount)
        for row in 0..<elements.rowCount where !nulls.wasNull(row) {
            var (isDecided, hasNull) = (false, false)
            for at in elements.range(row) where !isDecided {
                if values.isNullConstant || values.isNull(at) {
                    hasNull = true
                } else if (values.pointer(as: UInt8.self)[at] != 0) == deciding {
                    isDecided = true
                }
            }
            out[row] = isDecided == deciding ? 1 : 0
            if !isDecided, hasNull { nulls.setNull(row) }
        }
        return .flat(.boolean, count: elements.rowCount, values: buffer, validity: nulls.validity)
    }

    private func zip(_ lists: [Vector], _ frame: Frame) throws -> Vector {
        if lists[1].isNullConstant || lists[1].type == .null { return .nulls(type, count: frame.count) }
        let validity = Bitmap.intersection(lists[0].validity, lists[1].validity)
        let elements = ListElements(lists, validity, count: frame.count)
        let inner = elements.frame(frame)
        for (side, list) in lists.enumerated() {
            let places = elements.places(of: list)
            defer { withExtendedLifetime(places) {} }
            inner.bind(
                variables[side],
                list.children[0].gatheredNullable(
                    places.pointer(as: Int32.self), count: elements.count
                ).flattened())
        }
        let body = elements.count == 0 ? .empty(bodies[0].type) : try bodies[0].value(inner).flattened()
        return elements.list(type, [body], validity)
    }

    /// Sorts each row's array by merging, so that equal elements keep their order; the lambda is evaluated
    /// for
    /// one pair at a time.
    private func sorted(_ list: Vector, _ frame: Frame) throws -> Vector {
        let elements = ListElements(list, count: frame.count)
        let children = list.children[0].gathered(elements.places, count: elements.count).flattened()
        let order = Buffer(byteCount: max(elements.count * 4, 4))
        let target = order.pointer(as: UInt32.self)
        for row in 0..<elements.rowCount {
            let range = elements.range(row)
            let places = try merged(range.map { UInt32(truncatingIfNeeded: $0) }) { first, second in
                try self.isBefore(first, second, children, row, frame)
            }
            for (offset, place) in places.enumerated() { target[range.lowerBound + offset] = place }
        }
        let values = children.gathered(target, count: elements.count).flattened()
        withExtendedLifetime(order) {}
        return elements.list(type, [values], list.validity)
    }

    /// Whether the lambda puts `second` before `first`.
    private func isBefore(
        _ second: UInt32, _ first: UInt32, _ values: Vector, _ row: Int, _ frame: Frame
    ) throws -> Bool {
        let index = Buffer(byteCount: 4)
        index.pointer(as: UInt32.self)[0] = UInt32(truncatingIfNeeded: row)
        let inner = Frame(frame, Selection(rows: index.pointer(as: UInt32.self), count: 1, owner: index))
        for (variable, place) in [(variables[0], second), (variables[1], first)] {
            var at = place
            inner.bind(variable, withUnsafePointer(to: &at) { values.gathered($0, count: 1).flattened() })
        }
        let result = try bodies[0].value(inner).flattened()
        if result.isNullConstant || result.isNull(0) {
            throw EngineError.data(
                "COMPARATOR_RETURNS_NULL", "The comparator has returned a NULL for two elements.")
        }
        return Column(result).integer(0) < 0
    }

    private func merged(
        _ items: [UInt32], _ isBefore: (UInt32, UInt32) throws -> Bool
    ) throws -> [UInt32] {
        if items.count < 2 { return items }
        let middle = items.count / 2
        let left = try merged(Array(items[..<middle]), isBefore)
        let right = try merged(Array(items[middle...]), isBefore)
        var result: [UInt32] = []
        result.reserveCapacity(items.count)
        var (a, b) = (0, 0)
        while a < left.count, b < right.count {
            if try isBefore(right[b], left[a]) {
                result.append(right[b])
                b += 1
            } else {
                result.append(left[a])
                a += 1
            }
        }
        return result + left[a...] + right[b...]
    }

    /// Folds all rows' arrays side by side: the first elements, then the second ones, ….
    private func fold(_ list: Vector, _ start: Vector, _ frame: Frame) throws -> Vector {
        let elements = ListElements(list, count: frame.count)
        var state = start
        var place = 0
        while true {
            let rowList = Buffer(byteCount: max(frame.count * 4, 4))
            let placeList = Buffer(byteCount: max(frame.count * 4, 4))
            defer { withExtendedLifetime((rowList, placeList)) {} }
            let (rows, places) = (rowList.pointer(as: UInt32.self), placeList.pointer(as: UInt32.self))
            var count = 0
            for row in 0..<frame.count where elements.range(row).count > place {
                rows[count] = UInt32(truncatingIfNeeded: row)
                places[count] = elements.places[elements.range(row).lowerBound + place]
                count += 1
            }
            if count == 0 { break }
            let chosen = Selection(rows: rows, count: count, owner: rowList)
            let inner = Frame(frame, chosen)
            inner.bind(variables[0], state.gathered(rows, count: count).flattened())
            inner.bind(variables[1], list.children[0].gathered(places, count: count).flattened())
            let next = try bodies[0].value(inner).flattened()
            state = count == frame.count ? next : replaced(state, chosen, next, frame.count)
            place += 1
        }
        // Rows without an array are null: the last lambda does not see them, as it may fail on what it would.
        let valid = list.validity.map { validRows($0, frame.count) } ?? Selecting.all(frame.count)
        if valid.count == 0 { return .nulls(type, count: frame.count) }
        let last = Frame(frame, valid)
        last.bind(variables[2], state.gathered(valid.rows, count: valid.count).flattened())
        let result = try bodies[1].value(last).flattened()
        if valid.count == frame.count { return result }
        return Choosing.spread(result, valid, count: frame.count)
    }

    private func validRows(_ validity: Bitmap, _ count: Int) -> Selection {
        let buffer = Buffer(byteCount: max(count * 4, 4))
        let rows = buffer.pointer(as: UInt32.self)
        var found = 0
        for row in 0..<count where (validity.words[row >> 6] >> UInt64(row & 63)) & 1 == 1 {
            rows[found] = UInt32(truncatingIfNeeded: row)
            found += 1
        }
        return Selection(rows: rows, count: found, owner: buffer)
    }

    private func replaced(_ whole: Vector, _ chosen: Selection, _ part: Vector, _ count: Int) -> Vector {
        let source = Buffer.zeroed(byteCount: max(count, 16))
        let index = Buffer(byteCount: max(count * 4, 16))
        defer { withExtendedLifetime((source, index)) {} }
        let (from, at) = (source.pointer(as: UInt8.self), index.pointer(as: UInt32.self))
        for row in 0..<count { at[row] = UInt32(truncatingIfNeeded: row) }
        for i in 0..<chosen.count {
            from[Int(chosen.rows[i])] = 1
            at[Int(chosen.rows[i])] = UInt32(truncatingIfNeeded: i)
        }
        return Choosing.interleave([whole, part], source: from, index: at, type: whole.type, count: count)
    }
}
