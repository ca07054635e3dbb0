import CKernels
import CSimdJSON
import Columns
import Memory
import Vocabulary

/// Owns the tree of nodes that a schema makes for `json_walk_records`, and the places that the walk writes
/// to.
///
/// Not thread-safe: one reader.
final class JSONWalkPlan {
    let nodeCount: Int
    let nodes: UnsafeMutablePointer<json_node>
    private let keys: UnsafeMutablePointer<json_key>
    private let keyCount: Int
    private let shapes: UnsafeMutablePointer<json_shape>
    private let shapeCount: Int
    private let rowCapacity: Int
    /// Whether values that are null have JSON_MISSING for their end, and those that are not there have not.
    private let tellsNulls: Bool
    private let memory: CountedMemory
    /// Places of each node's values.
    private var places: [Buffer?]
    /// Nodes whose number of values is not bounded by the rows.
    private let isElement: [Bool]
    private var elementCapacity = 0
    let rowStarts: UnsafeMutablePointer<UInt32>
    let rowEnds: UnsafeMutablePointer<UInt32>
    let rowBroken: UnsafeMutablePointer<UInt8>

    /// Lays out nodes for a record with `fields`. Throws `UNSUPPORTED_FEATURE` (user) for nesting beyond the
    /// limit.
    init(
        fields: [Field], rowCapacity: Int, tellsNulls: Bool = false, memory: CountedMemory = .unlimited
    ) throws(EngineError) {
        self.memory = memory
        self.tellsNulls = tellsNulls
        var layout = JSONNodeLayout()
        try layout.add(.structure(fields), isElement: false, depth: 0)
        nodeCount = layout.nodes.count
        keyCount = layout.keys.count
        shapeCount = layout.shapeCount
        isElement = layout.isElement
        places = Array(repeating: nil, count: nodeCount)
        self.rowCapacity = rowCapacity
        nodes = .allocate(capacity: nodeCount)
        nodes.initialize(from: layout.nodes, count: nodeCount)
        keys = .allocate(capacity: max(1, keyCount))
        for (i, key) in layout.keys.enumerated() {
            let name = UnsafeMutablePointer<UInt8>.allocate(capacity: key.name.count + 1)
            name.initialize(from: key.name, count: key.name.count)
            keys[i] = json_key(name: UnsafePointer(name), length: UInt32(key.name.count), node: key.node)
        }
        shapes = .allocate(capacity: shapeCount)
        shapes.initialize(repeating: json_shape(), count: shapeCount)
        rowStarts = .allocate(capacity: rowCapacity)
        rowEnds = .allocate(capacity: rowCapacity)
        rowBroken = .allocate(capacity: rowCapacity)
        for i in 0..<nodeCount where !isElement[i] { try place(i, capacity: rowCapacity) }
    }

    deinit {
        for i in 0..<keyCount { keys[i].name.deallocate() }
        nodes.deallocate()
        keys.deallocate()
        shapes.deallocate()
        rowStarts.deallocate()
        rowEnds.deallocate()
        rowBroken.deallocate()
    }

    private func place(_ node: Int, capacity: Int) throws(EngineError) {
        places[node] = nil
        let buffer = try memory.buffer(byteCount: capacity * 8)
        places[node] = buffer
        nodes[node].starts = buffer.pointer(as: UInt32.self)
        nodes[node].ends = buffer.pointer(as: UInt32.self) + capacity
        nodes[node].capacity = UInt32(capacity)
    }

    /// Makes room for the elements of a window with `positionCount` structural positions.
    func makeRoom(positionCount: Int) throws(EngineError) {
        guard positionCount > elementCapacity, isElement.contains(true) else { return }
        elementCapacity = positionCount + positionCount / 4
        for i in 0..<nodeCount where isElement[i] { try place(i, capacity: elementCapacity) }
    }

    /// Forgets all values, before the walk of a new batch.
    func reset() {
        for i in 0..<nodeCount {
            if isElement[i] {
                nodes[i].count = 0
            } else {
                nodes[i].starts.update(repeating: JSON_MISSING, count: rowCapacity)
                if tellsNulls || nodes[i].kind != Int32(JSON_SCALAR) {
                    nodes[i].ends.update(repeating: 0, count: rowCapacity)
                }
            }
        }
    }

    /// Makes the state of a walk over an indexed window.
    func makeWalk(
        _ window: TextWindow, positions: UnsafePointer<UInt32>, positionCount: Int, multiLine: Bool,
        hasEscapes: Bool
    ) -> json_walk {
        var walk = json_walk()
        walk.text = UnsafePointer(window.base)
        walk.length = window.count
        walk.positions = positions
        walk.position_count = positionCount
        walk.nodes = nodes
        walk.keys = UnsafePointer(keys)
        walk.shapes = shapes
        walk.multi_line = multiLine ? 1 : 0
        walk.has_escapes = hasEscapes ? 1 : 0
        walk.row_capacity = UInt32(rowCapacity)
        (walk.row_starts, walk.row_ends, walk.row_broken) = (rowStarts, rowEnds, rowBroken)
        return walk
    }

    /// Whether a record has no member `index`, not even a null; where the plan tells nulls.
    func lacks(_ index: Int, row: Int) -> Bool {
        let node = nodes[member(index, of: 0)]
        return node.starts[row] == JSON_MISSING && node.ends[row] != JSON_MISSING && rowBroken[row] == 0
    }

    /// Node of the member at `index` of a structure's node.
    func member(_ index: Int, of node: Int) -> Int { Int(keys[Int(nodes[node].first_key) + index].node) }
}

/// Collects the nodes of a schema, each structure's members side by side.
private struct JSONNodeLayout {
    var nodes: [json_node] = []
    var isElement: [Bool] = []
    var keys: [(name: [UInt8], node: Int32)] = []
    var shapeCount = 0

    @discardableResult
    mutating func add(_ type: DataType, isElement: Bool, depth: Int) throws(EngineError) -> Int32 {
        guard depth <= Limits.nestingDepth else {
            throw .user("UNSUPPORTED_FEATURE", "A type is nested deeper than \(Limits.nestingDepth) levels")
        }
        let index = nodes.count
        nodes.append(json_node())
        self.isElement.append(isElement)
        switch type {
        case .structure(let fields):
            nodes[index].kind = Int32(JSON_STRUCTURE)
            nodes[index].shape = Int32(shapeCount)
            shapeCount += 1
            nodes[index].first_key = Int32(keys.count)
            nodes[index].key_count = Int32(fields.count)
            let first = keys.count
            for field in fields { keys.append((Array(field.name.utf8), 0)) }
            for (i, field) in fields.enumerated() {
                keys[first + i].node = try add(field.type, isElement: isElement, depth: depth + 1)
            }
        case .array(let element, _):
            nodes[index].kind = Int32(JSON_LIST)
            nodes[index].element = try add(element, isElement: true, depth: depth + 1)
        case .map(let key, let value, _):
            guard key == .string else {
                throw .user("UNSUPPORTED_FEATURE", "JSON maps have string keys, not \(key.sqlName)")
            }
            nodes[index].kind = Int32(JSON_MAP)
            nodes[index].key = try add(.string, isElement: true, depth: depth + 1)
            nodes[index].element = try add(value, isElement: true, depth: depth + 1)
        default:
            nodes[index].kind = Int32(JSON_SCALAR)
        }
        return Int32(index)
    }
}
