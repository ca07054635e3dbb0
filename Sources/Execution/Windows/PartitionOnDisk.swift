import Columns
import Kernels
import Memory
import Plans

/// Says which columns of the rows on disk hold what window functions need: the input's columns, and after
/// them the values that are computed from these, once.
struct PartitionLayout {
    let schema: Schema
    let inputCount: Int
    /// For each expression of the operator its column.
    let positions: [Int]
    /// Expressions of which no column of the input has the values.
    let computed: [Int]

    init(input: Schema, expressions: [Expression]) {
        inputCount = input.count
        var fields = input.fields
        var computed: [Int] = []
        positions = expressions.enumerated().map { at, expression in
            if let position = expression.inputPosition { return position }
            fields.append(Field("value\(fields.count)", expression.type))
            computed.append(at)
            return fields.count - 1
        }
        self.computed = computed
        schema = Schema(fields)
    }
}

/// Keeps the rows of one partition of a window in a spill file, because they outgrew memory, and remembers
/// for each block where the peers of its first and of its last row lie.
///
///     block 0 ▓▓▓▓▒▒▒│ block 1 ▒▒▒▒▒▒▒│ block 2 ▒▒░░░░     ▒ peers of the last row of block 0
///     firstPeer  0       4                  4
///     endPeer    16      16                 20
///
/// One task.
final class PartitionOnDisk {
    /// Rows, and bytes of them, in a block, about.
    private static let blockRows = 8192
    private static let blockBytes = 512 << 10

    let layout: PartitionLayout
    let rows: NumberedRows
    /// For each block the first row of the peers of its first row.
    private(set) var firstPeer: [Int] = []
    /// For each block one past the last row of the peers of its last row.
    private(set) var endPeer: [Int] = []
    private let order: [Int]
    /// First row of the peers of the last row that was written.
    private var openPeer = 0
    private var gathered = HeldRows()
    /// The order's values of the last row that was written.
    private var lastOrder: [Vector] = []

    /// `order`: columns that tell peers apart.
    init(_ layout: PartitionLayout, order: [Int], context: TaskContext) throws {
        self.layout = layout
        self.order = order
        rows = try NumberedRows(schema: layout.schema, context: context)
    }

    var count: Int { rows.count }

    /// Appends rows of the input with the values of all expressions.
    func append(_ batch: Batch, values: [Vector]) throws {
        gathered.append(
            Batch(columns: batch.columns + layout.computed.map { values[$0] }, count: batch.count))
        if gathered.count >= Self.blockRows || gathered.bytes >= Self.blockBytes { try write() }
    }

    /// Ends the partition.
    func finish() throws {
        try write()
        closePeers(at: count)
    }

    private func write() throws {
        guard gathered.count > 0 else { return }
        let batch = gathered.takeAll()
        var from = 0
        while from < batch.count {
            let size = min(Self.blockRows, batch.count - from)
            try write(size == batch.count ? batch : batch.sliced(from: from, count: size))
            from += size
        }
    }

    private func write(_ batch: Batch) throws {
        let (base, known) = (rows.count, rows.blockCount)
        try rows.append(batch)
        let keys = order.map { batch.columns[$0] }
        for block in known..<rows.blockCount {
            notePeers(keys, base, rows.starts[block] - base, rows.starts[block + 1] - base)
        }
        lastOrder = keys.map { $0.sliced(from: batch.count - 1, count: 1).compacted() }
    }

    /// Notes the peers of a new block: rows `from..<end` of a batch whose row 0 is row `base`.
    private func notePeers(_ keys: [Vector], _ base: Int, _ from: Int, _ end: Int) {
        let isContinued =
            from > 0
            ? WindowChunk.isSame(keys, from - 1, from)
            : base > 0 && WindowChunk.isSame(lastOrder, 0, keys, 0)
        let begins = base + from
        if !isContinued { closePeers(at: begins) }
        firstPeer.append(isContinued ? openPeer : begins)
        openPeer = firstPeer[firstPeer.count - 1]
        var row = from + 1
        while row < end, WindowChunk.isSame(keys, row &- 1, row) { row &+= 1 }
        if row == end { return }
        // The peers of the first row end here; the block's last row has others.
        closePeers(at: base + row, upTo: firstPeer.count - 1)
        var last = end - 1
        while WindowChunk.isSame(keys, last &- 1, last) { last &-= 1 }
        openPeer = base + last
    }

    /// Gives the blocks whose last row's peers were open their end; only the first `blocks` of them.
    private func closePeers(at end: Int, upTo blocks: Int? = nil) {
        while endPeer.count < blocks ?? firstPeer.count { endPeer.append(end) }
    }
}

/// Holds one block of a partition on disk while the functions give its rows their values.
final class PartitionBlock {
    let partition: PartitionOnDisk
    /// Number of the block's first row.
    let first: Int
    let count: Int
    let batch: Batch
    private let index: Int
    private let order: [Vector]
    private var peers: (first: Buffer, end: Buffer)?

    init(_ partition: PartitionOnDisk, block: Int, order: [Int]) throws {
        self.partition = partition
        index = block
        first = partition.rows.starts[block]
        let read = try partition.rows.read(block)
        batch = read
        count = read.count
        self.order = order.map { read.columns[$0] }
    }

    /// For each row the number of the first row of its peers, and one past the last.
    var peerRows: (first: UnsafeMutablePointer<Int>, end: UnsafeMutablePointer<Int>) {
        let found = peers ?? findPeers()
        peers = found
        return (found.first.pointer(as: Int.self), found.end.pointer(as: Int.self))
    }

    private func findPeers() -> (first: Buffer, end: Buffer) {
        let (low, high) = (Buffer(byteCount: max(count * 8, 8)), Buffer(byteCount: max(count * 8, 8)))
        let (from, to) = (low.pointer(as: Int.self), high.pointer(as: Int.self))
        var begin = partition.firstPeer[index]
        var row = 0
        while row < count {
            var next = row &+ 1
            while next < count, WindowChunk.isSame(order, row, next) { next &+= 1 }
            let end = next < count ? first &+ next : partition.endPeer[index]
            while row < next {
                from[row] = begin
                to[row] = end
                row &+= 1
            }
            begin = first &+ next
        }
        return (low, high)
    }
}

/// Gives the value of one window function for the rows of a partition on disk, block after block.
protocol DiskWindowFunction: AnyObject {
    /// Returns the values for a block's rows. The blocks come in order, each once.
    func result(_ block: PartitionBlock) throws -> Vector
}

/// Gives the rows of a partition on disk, each with the values of all functions.
final class PartitionReader {
    private let partition: PartitionOnDisk
    private let functions: [any DiskWindowFunction]
    private let order: [Int]
    private var nextBlock = 0

    init(_ partition: PartitionOnDisk, _ functions: [any DiskWindowFunction], order: [Int]) {
        self.partition = partition
        self.functions = functions
        self.order = order
    }

    /// Returns the next rows, or nil after the last.
    func next() throws -> Batch? {
        guard nextBlock < partition.rows.blockCount else { return nil }
        let block = try PartitionBlock(partition, block: nextBlock, order: order)
        nextBlock += 1
        var columns = Array(block.batch.columns.prefix(partition.layout.inputCount))
        for function in functions { columns.append(try function.result(block)) }
        return Batch(columns: columns, count: block.count)
    }
}
