import Columns
import Vocabulary

/// Describes a leaf column: where it is in the file and how its stored values become ours.
struct ParquetLeaf: Sendable {
    /// Position among all leaves of the file, the index into a row group's chunks.
    var index: Int
    var physical: ParquetPhysicalType
    /// Bytes of a fixed-length value.
    var length: Int
    /// Definition level of a value that is not null.
    var definition: Int
    var repetition: Int
    var type: DataType
    var conversion: ValueConversion
    /// Dotted path, for messages.
    var path: String
    /// What becomes of early days and times; nil where they are as stored.
    var early: EarlyTimes?
}

/// Describes a column or part of one as a tree. `definition` is the definition level from which the node
/// itself is not null; a list's `elementDefinition` the one from which it is not empty, its `repetition` the
/// level of its elements.
indirect enum ParquetNode: Sendable {
    case leaf(ParquetLeaf)
    case structure(type: DataType, definition: Int, children: [ParquetNode])
    /// An array (one child) or a map (two: keys, values).
    case list(
        type: DataType, definition: Int, elementDefinition: Int, repetition: Int, children: [ParquetNode])

    var type: DataType {
        switch self {
        case .leaf(let leaf): leaf.type
        case .structure(let type, _, _), .list(let type, _, _, _, _): type
        }
    }

    /// Leaves below this node, left to right.
    var leaves: [ParquetLeaf] {
        switch self {
        case .leaf(let leaf): [leaf]
        case .structure(_, _, let children), .list(_, _, _, _, let children): children.flatMap(\.leaves)
        }
    }

    /// Returns the same tree with other leaves.
    func mapLeaves(_ change: (ParquetLeaf) -> ParquetLeaf) -> ParquetNode {
        switch self {
        case .leaf(let leaf): .leaf(change(leaf))
        case .structure(let type, let definition, let children):
            .structure(type: type, definition: definition, children: children.map { $0.mapLeaves(change) })
        case .list(let type, let definition, let elementDefinition, let repetition, let children):
            .list(
                type: type, definition: definition, elementDefinition: elementDefinition,
                repetition: repetition, children: children.map { $0.mapLeaves(change) })
        }
    }
}

/// Builds the column trees from the flat list of schema elements, with the rules for old list layouts of
/// https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#backward-compatibility-rules.
struct ParquetSchemaBuilder {
    private let elements: [ParquetSchemaElement]
    private var next = 0
    private var leafCount = 0

    init(_ elements: [ParquetSchemaElement]) { self.elements = elements }

    /// Returns one tree and one field for each top-level column.
    mutating func build() throws(EngineError) -> (nodes: [ParquetNode], fields: [Field]) {
        let root = try take()
        var nodes: [ParquetNode] = []
        var fields: [Field] = []
        for _ in 0..<root.childCount {
            let element = try peek()
            let node = try column(definition: 0, repetition: 0, path: [], depth: 0)
            nodes.append(node)
            fields.append(Field(element.name, node.type, nullable: element.repetition != .required))
        }
        if next != elements.count { throw damaged("has more elements than its root declares") }
        return (nodes, fields)
    }

    private func damaged(_ what: String) -> EngineError {
        .data("FAILED_READ_FILE", "The Parquet schema \(what)")
    }

    private func peek() throws(EngineError) -> ParquetSchemaElement {
        if next >= elements.count { throw damaged("ends before all of its children are listed") }
        return elements[next]
    }

    /// Returns the element after the next one; nil at the end.
    private func second() -> ParquetSchemaElement? {
        next + 1 < elements.count ? elements[next + 1] : nil
    }

    private mutating func take() throws(EngineError) -> ParquetSchemaElement {
        let element = try peek()
        next += 1
        if element.childCount < 0 || element.childCount > elements.count - next {
            throw damaged("declares more children than it lists: \(element.name)")
        }
        return element
    }

    /// Builds a field; one that is repeated without an annotation is an array of required elements.
    private mutating func column(
        definition: Int, repetition: Int, path: [String], depth: Int
    ) throws(EngineError) -> ParquetNode {
        let element = try peek()
        guard element.repetition == .repeated else {
            return try value(definition: definition, repetition: repetition, path: path, depth: depth)
        }
        let inner = try value(
            definition: definition + 1, repetition: repetition + 1, path: path, depth: depth, isElement: true)
        return .list(
            type: .array(inner.type, containsNull: false), definition: definition,
            elementDefinition: definition + 1,
            repetition: repetition + 1, children: [inner])
    }

    /// Builds what a field holds. `isElement`: the repetition was counted by the caller.
    private mutating func value(
        definition: Int, repetition: Int, path: [String], depth: Int, isElement: Bool = false
    ) throws(EngineError) -> ParquetNode {
        // Lists of lists come here without a column between them. Levels are kept as bytes.
        if depth > Limits.nestingDepth || definition >= Int(UInt8.max) {
            throw damaged("is nested too deeply")
        }
        let element = try take()
        let path = path + [element.name]
        let definition = definition + (element.repetition == .optional && !isElement ? 1 : 0)
        if element.childCount == 0, let physical = element.physical {
            let (type, conversion) = element.sparkType
            defer { leafCount += 1 }
            return .leaf(
                ParquetLeaf(
                    index: leafCount, physical: physical, length: element.length, definition: definition,
                    repetition: repetition, type: type, conversion: conversion,
                    path: path.joined(separator: ".")))
        }
        if element.physical != nil { throw damaged("gives a primitive column children: \(element.name)") }
        if element.childCount == 1, try peek().repetition == .repeated {
            if element.logical == .list {
                return try list(
                    element, definition: definition, repetition: repetition, path: path, depth: depth)
            }
            if element.logical == .map, try peek().childCount == 2 {
                return try map(definition: definition, repetition: repetition, path: path, depth: depth)
            }
        }
        var children: [ParquetNode] = []
        var fields: [Field] = []
        for _ in 0..<element.childCount {
            let child = try peek()
            children.append(
                try column(definition: definition, repetition: repetition, path: path, depth: depth + 1))
            fields.append(
                Field(child.name, children[children.count - 1].type, nullable: child.repetition != .required))
        }
        return .structure(type: .structure(fields), definition: definition, children: children)
    }

    private mutating func list(
        _ element: ParquetSchemaElement, definition: Int, repetition: Int, path: [String], depth: Int
    ) throws(EngineError) -> ParquetNode {
        let repeated = try peek()
        // A list or map within an older list is annotated itself, and its one child is repeated.
        let isElementItself =
            repeated.physical != nil || repeated.childCount != 1 || repeated.name == "array"
            || repeated.name == element.name + "_tuple" || repeated.logical == .list
            || repeated.logical == .map || second()?.repetition == .repeated
        let inner: ParquetNode
        var containsNull = false
        if isElementItself {
            inner = try value(
                definition: definition + 1, repetition: repetition + 1, path: path, depth: depth + 1,
                isElement: true)
        } else {
            _ = try take()
            containsNull = try peek().repetition != .required
            inner = try column(
                definition: definition + 1, repetition: repetition + 1, path: path + [repeated.name],
                depth: depth + 1)
        }
        return .list(
            type: .array(inner.type, containsNull: containsNull), definition: definition,
            elementDefinition: definition + 1, repetition: repetition + 1, children: [inner])
    }

    private mutating func map(
        definition: Int, repetition: Int, path: [String], depth: Int
    ) throws(EngineError) -> ParquetNode {
        let entry = try take()
        let path = path + [entry.name]
        let key = try column(
            definition: definition + 1, repetition: repetition + 1, path: path, depth: depth + 1)
        let nullable = try peek().repetition != .required
        let value = try column(
            definition: definition + 1, repetition: repetition + 1, path: path, depth: depth + 1)
        return .list(
            type: .map(key: key.type, value: value.type, valueContainsNull: nullable), definition: definition,
            elementDefinition: definition + 1, repetition: repetition + 1, children: [key, value])
    }
}
