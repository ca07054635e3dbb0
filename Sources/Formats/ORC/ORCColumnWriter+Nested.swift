import Columns
import Memory
import Vocabulary

/// Gathers texts and bytes: each once with its number while that takes less, else one behind the other.
final class ORCTextWriter: ORCColumnWriter {
    private var table: DictionaryTable?
    /// Numbers of the texts so far; the texts themselves once there is no dictionary.
    private var codes: [UInt32] = []
    private let bytes = GrowingBytes(capacity: 4096)
    private let lengths = ORCIntegerEncoder(isSigned: false)
    private let numbers = ORCIntegerEncoder(isSigned: false)
    private var isDictionary = false
    private var dictionarySize = 0

    /// Most bytes of a dictionary.
    private static let dictionaryLimit = 1 << 20

    override init(_ type: DataType, _ id: Int) {
        // Spark's own writer has no dictionaries of binary values.
        table = type == .string ? DictionaryTable(numberWidth: 0) : nil
        super.init(type, id)
    }

    override func put(_ vector: Vector, _ rows: [Int]) {
        let views = vector.pointer(as: StringView.self)
        var first = 0
        if let table {
            let wanted = rows.map { views[$0] }
            let start = codes.count
            codes.append(contentsOf: repeatElement(0, count: rows.count))
            let done = wanted.withUnsafeBufferPointer { values in
                codes.withUnsafeMutableBufferPointer { codes -> Int in
                    guard let from = values.baseAddress, let to = codes.baseAddress else { return 0 }
                    return table.encode(from, rows.count, limitBytes: Self.dictionaryLimit, to: to + start)
                }
            }
            if done == rows.count { return }
            codes.removeLast(rows.count - done)
            giveUp(table)
            first = done
        }
        for row in rows[first...] { append(views[row]) }
    }

    private func append(_ view: StringView) {
        lengths.append(Int64(view.count))
        view.copyBytes(to: bytes.reserve(view.count))
        bytes.commit(view.count)
    }

    /// Writes the texts so far one behind the other.
    private func giveUp(_ table: DictionaryTable) {
        let known = table.views
        for code in codes { append(known[Int(code)]) }
        codes = []
        self.table = nil
    }

    override var byteCount: Int {
        bytes.count + lengths.byteCount + codes.count * 4 + (table?.byteCount ?? 0)
    }

    override func streams() -> [Stream] {
        if let table {
            // As Spark's writer has it: four of five texts being different, a dictionary does not pay.
            if table.count * 5 > codes.count * 4 { giveUp(table) } else { useDictionary(table) }
        }
        lengths.flush()
        if !isDictionary { return [(1, bytes), (2, lengths.out)] }
        numbers.flush()
        return [(1, numbers.out), (2, lengths.out), (3, bytes)]
    }

    private func useDictionary(_ table: DictionaryTable) {
        isDictionary = true
        dictionarySize = table.count
        for view in table.views { append(view) }
        for code in codes { numbers.append(Int64(code)) }
    }

    override var encoding: (kind: Int, dictionarySize: Int) { (isDictionary ? 3 : 2, dictionarySize) }
}

/// Gathers arrays and maps.
final class ORCListWriter: ORCColumnWriter {
    private let lengths = ORCIntegerEncoder(isSigned: false)
    private let items: [ORCColumnWriter]

    init(_ type: DataType, _ id: Int, _ items: [ORCColumnWriter]) {
        self.items = items
        super.init(type, id)
    }

    override var children: [ORCColumnWriter] { items }

    override func put(_ vector: Vector, _ rows: [Int]) throws(EngineError) {
        let offsets = vector.offsets
        var places: [Int] = []
        for row in rows {
            let (start, end) = (Int(offsets[row]), Int(offsets[row + 1]))
            lengths.append(Int64(end - start))
            places.append(contentsOf: start..<end)
        }
        for (item, child) in zip(items, vector.children) { try item.write(child, places) }
    }

    override var byteCount: Int { lengths.byteCount + items.reduce(0) { $0 + $1.byteCount } }
    override var encoding: (kind: Int, dictionarySize: Int) { (2, 0) }

    override func streams() -> [Stream] {
        lengths.flush()
        return [(2, lengths.out)]
    }
}

/// Gathers structures.
final class ORCStructureWriter: ORCColumnWriter {
    private let members: [ORCColumnWriter]

    init(_ type: DataType, _ id: Int, _ members: [ORCColumnWriter]) {
        self.members = members
        super.init(type, id)
    }

    override var children: [ORCColumnWriter] { members }

    override func put(_ vector: Vector, _ rows: [Int]) throws(EngineError) {
        for (member, child) in zip(members, vector.children) { try member.write(child, rows) }
    }

    override var byteCount: Int { members.reduce(0) { $0 + $1.byteCount } }
}
