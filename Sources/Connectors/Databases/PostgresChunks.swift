import Execution

/// Reads a plain table in chunks of blocks, all rows of each as one value, so that neither the server nor the
/// driver does for every row what a row of its own costs them.
///
/// ```
///   SELECT chunk.packed FROM generate_series(first, last, 8) AS block,
///     LATERAL (SELECT int4send(count(*)) || string_agg(row, '') AS packed FROM table
///              WHERE ctid >= (block, 0) AND ctid < (block + 8, 0)) AS chunk
/// ```
/// `PostgresRecord` reads the value. Only where the server is sure to look at no block twice, and where no
/// row is longer than a block: a value ends at 1 GB.
enum PostgresChunks {
    /// Blocks of a chunk: what they hold stays in the processor's cache until it is sent.
    static let blocks = 8

    /// Returns the statement, nil where rows come one by one. `condition` picks the part.
    static func query(
        _ columns: [SourceColumn], _ condition: String, _ target: DatabaseTarget,
        _ connection: DatabaseConnection
    ) throws -> ChunkedRows? {
        guard let range = BlockRange(condition), let packing = PostgresPacking.chunks(columns),
            let table = target.options["dbtable"], !table.contains("("),
            let count = try blockCount(table, connection)
        else { return nil }
        return ChunkedRows(sql: sql(packing, range, count, table), packing: packing)
    }

    /// Returns how many blocks a table has that can be read so, nil for any other: views, partitioned tables
    /// and parents, whose places are not one table's; those with policies, which come before places are
    /// looked at; those with values that lie outside of their rows. Asked for after the snapshot was taken
    /// that is read from: what comes later is not seen.
    private static func blockCount(_ table: String, _ connection: DatabaseConnection) throws -> Int? {
        // The statement is taken for a costly one, which the server would translate for as long as it runs.
        let found = try connection.row(
            "SELECT pg_relation_size(c.oid) / current_setting('block_size')::int8, "
                + "set_config('jit', 'off', false) FROM pg_class c "
                + "WHERE c.oid = to_regclass(\(DatabaseText.literal(table))) AND c.relkind IN ('r', 'm') "
                + "AND c.relam = (SELECT a.oid FROM pg_am a WHERE a.amname = 'heap') "
                + "AND NOT c.relhassubclass AND NOT c.relrowsecurity "
                + "AND (c.reltoastrelid = 0 OR pg_relation_size(c.reltoastrelid) = 0) "
                + "AND current_setting('enable_tidscan')::bool "
                + "AND current_setting('server_version_num')::int >= 140000")
        return found?.first.flatMap { $0 }.flatMap { Int($0) }
    }

    private static func sql(
        _ packing: RowPacking, _ range: BlockRange, _ blockCount: Int, _ table: String
    ) -> String {
        let end = range.end ?? blockCount
        // What has come since the blocks were counted lies behind them: the last chunk has no end.
        let last = range.end.map(String.init) ?? BlockRange.behindAll
        let block = "\"millrace block\".\"first\""
        func place(_ number: String) -> String { "format('(%s,0)', \(number))::tid" }
        return "SELECT \"millrace chunk\".\"packed\" FROM "
            + "generate_series(\(range.first)::int8, \(max(range.first, end - 1))::int8, \(blocks)::int8) "
            + "AS \"millrace block\"(\"first\"), LATERAL (SELECT \(packing.expression) AS \"packed\" "
            + "FROM \(table) WHERE ctid >= \(place(block)) AND ctid < "
            + place("CASE WHEN \(block) + \(blocks) < \(end) THEN \(block) + \(blocks) ELSE \(last) END")
            + ") AS \"millrace chunk\""
    }
}

/// Part of a table by where its rows lie: its blocks from `first` on, and before `end` where it has one.
struct BlockRange: Equatable {
    var first = 0
    var end: Int?

    /// A block that no table has.
    static let behindAll = "4294967295"

    init(first: Int, end: Int?) {
        self.first = first
        self.end = end
    }

    /// Reads a condition; nil for any other than those of `condition`.
    init?(_ condition: String) {
        for part in condition.split(separator: " AND ") {
            let digits = part.filter(\.isWholeNumber).dropLast()
            guard let number = Int(digits) else { return nil }
            if part.contains("<") { end = number } else { first = number }
        }
        if self.condition != condition { return nil }
    }

    /// The condition of its rows, empty for all.
    var condition: String {
        let from = first > 0 ? ["ctid >= \(BlockRange.place(first))"] : []
        return (from + (end.map { ["ctid < \(BlockRange.place($0))"] } ?? [])).joined(separator: " AND ")
    }

    private static func place(_ block: Int) -> String { "'(\(block),0)'::tid" }

    /// Cuts a table into parts that are about as long as each other.
    static func parts(blocks: Int, count: Int) -> [BlockRange] {
        let count = max(1, min(count, blocks, ColumnParts.mostCount))
        return (0..<count).map { part in
            BlockRange(
                first: blocks * part / count, end: part == count - 1 ? nil : blocks * (part + 1) / count)
        }
    }
}
