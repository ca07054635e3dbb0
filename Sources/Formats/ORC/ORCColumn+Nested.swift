import Columns
import Kernels
import Memory
import Vocabulary

/// Decodes arrays and maps: the number of items of each row, and the items one behind the other.
final class ORCListColumn: ORCColumn {
    private let lengths: ORCIntegers
    /// The elements; or keys and values.
    private let items: [ORCColumn]
    private let scratch = Buffer(byteCount: ORCColumn.stepRows * 8)

    init(_ type: DataType, _ present: ORCByteRuns?, _ lengths: ORCIntegers, _ items: [ORCColumn]) {
        self.lengths = lengths
        self.items = items
        super.init(type, present)
    }

    override func values(_ count: Int, _ valid: [Bool]?) throws(EngineError) -> Vector {
        let buffer = Buffer(byteCount: (count + 1) * 4)
        let offsets = buffer.pointer(as: Int32.self)
        let given = scratch.pointer(as: Int64.self)
        offsets[0] = 0
        var total = 0
        var start = 0
        while start < count {
            let end = min(count, start + ORCColumn.stepRows)
            try lengths.read(given, ORCColumn.stored(valid, start..<end))
            var place = 0
            for row in start..<end {
                if valid?[row] ?? true {
                    guard given[place] >= 0, given[place] <= Int64(ORCColumn.elementLimit - total) else {
                        throw ORCTail.damaged("arrays of more than \(ORCColumn.elementLimit) items")
                    }
                    total += Int(given[place])
                    place &+= 1
                }
                offsets[row + 1] = Int32(total)
            }
            start = end
        }
        var children: [Vector] = []
        for item in items { children.append(try item.read(total).flattened()) }
        if case .map = type, children[0].validity != nil { throw ORCTail.damaged("a map has a null key") }
        return .flat(
            type, count: count, values: buffer, validity: ORCColumn.bitmap(valid), children: children)
    }
}

/// Decodes structures.
final class ORCStructureColumn: ORCColumn {
    private let members: [ORCColumn]

    init(_ type: DataType, _ present: ORCByteRuns?, _ members: [ORCColumn]) {
        self.members = members
        super.init(type, present)
    }

    override func values(_ count: Int, _ valid: [Bool]?) throws(EngineError) -> Vector {
        var children: [Vector] = []
        for member in members { children.append(try member.read(count, within: valid).flattened()) }
        return .flat(
            type, count: count, values: nil, validity: ORCColumn.bitmap(valid), children: children)
    }
}
