import Columns
import Vocabulary

/// Describes a stripe: what one unit of reading holds.
///
///     index streams │ data streams │ stripe footer
package struct ORCStripe: Sendable, Hashable {
    package var rowCount = 0
    /// Where it begins, bytes from the file's beginning.
    var offset = 0
    var indexBytes = 0
    var dataBytes = 0
    var footerBytes = 0

    /// Bytes on disk, all columns.
    package var byteCount: Int { indexBytes + dataBytes + footerBytes }
}

/// Tells what is in an ORC file: schema under Spark's types, stripes, and what their statistics say. Holds no
/// file open. Thread-safe: nothing changes after it was made.
package final class ORCFile: Sendable {
    package let schema: Schema
    package let stripes: [ORCStripe]
    package let rowCount: Int
    let tree: ORCTypeTree
    let codec: ORCCodec
    /// For each stripe that has them, the statistics of its top-level columns.
    let statistics: [[ORCStatistics]]
    /// Whether days and times before 1582-10-15 are those of the Julian calendar, as older writers' are.
    let isJulian: Bool

    /// Reads the file's end. Throws a `data` error naming the source when it is no ORC file, is damaged, or
    /// has columns that no type of SQL is like.
    package init(source: any ByteSource) throws(EngineError) {
        do throws(EngineError) {
            let tail = try ORCTail(source)
            var footer = Footer()
            try footer.read(try tail.footer(of: source))
            tree = try ORCTypeTree(footer.types)
            schema = try tree.columns()
            codec = tail.codec
            // Only Java's writer has known another calendar; older ones of it do not tell.
            isJulian = footer.calendar == 1 || footer.calendar == 0 && footer.writer == 0
            stripes = footer.stripes
            rowCount = stripes.reduce(0) { $0 + $1.rowCount }
            for stripe in stripes where stripe.offset + stripe.byteCount > tail.footerEnd {
                throw ORCTail.damaged("a stripe ends past the file's end")
            }
            statistics = try ORCStatistics.read(
                tail.metadataBytes > 0 ? try tail.metadata(of: source) : [], tree: tree)
        } catch { throw error.naming(source) }
    }

    private struct Footer {
        var types: [ORCType] = []
        var stripes: [ORCStripe] = []
        /// 0 where the writer does not say, 1 Julian before 1582, 2 Gregorian throughout.
        var calendar = 0
        /// 0 for Java's.
        var writer = 0

        mutating func read(_ bytes: [UInt8]) throws(EngineError) {
            var message = ORCMessage(bytes[...])
            while let (field, value) = try message.next() {
                switch field {
                case 3:
                    stripes.append(try stripe(try value.message()))
                    if stripes.count > ORCFile.stripeLimit {
                        throw ORCTail.damaged("it has more than \(ORCFile.stripeLimit) stripes")
                    }
                case 4:
                    types.append(try ORCType(try value.message()))
                    if types.count > ORCTypeTree.limit {
                        throw ORCTail.damaged("it has more than \(ORCTypeTree.limit) types")
                    }
                case 10:
                    throw .data(
                        "UNSUPPORTED_FEATURE.ORC_ENCRYPTION", "The ORC file has encrypted columns",
                        remedy: "Write it without encryption.")
                case 9: writer = try value.count()
                case 11: calendar = try value.count()
                default: break
                }
            }
        }

        private func stripe(_ bytes: ArraySlice<UInt8>) throws(EngineError) -> ORCStripe {
            var message = ORCMessage(bytes)
            var stripe = ORCStripe()
            while let (field, value) = try message.next() {
                switch field {
                case 1: stripe.offset = try value.count()
                case 2: stripe.indexBytes = try value.count()
                case 3: stripe.dataBytes = try value.count()
                case 4: stripe.footerBytes = try value.count()
                case 5: stripe.rowCount = try value.count()
                default: break
                }
            }
            if stripe.rowCount > ORCFile.stripeRows {
                throw ORCTail.damaged("a stripe has \(stripe.rowCount) rows")
            }
            return stripe
        }
    }

    /// Most stripes of a file.
    private static let stripeLimit = 1 << 20
    /// Most rows of a stripe; writers end it after some megabytes.
    private static let stripeRows = 1 << 34

    /// Says whether the columns have the names that Hive gave them before it kept any: `_col0`, `_col1`, …;
    /// Spark takes such columns by their places.
    package var isNameless: Bool {
        !schema.fields.isEmpty && schema.fields.allSatisfy { $0.name.hasPrefix("_col") }
    }

    /// Returns where in the file the columns of a relation are, nil for those that it lacks.
    package func positions(of fields: [Field], in relation: Schema) -> [Int?] {
        fields.map { field in
            guard isNameless, schema.index(of: field.name) == nil else { return schema.index(of: field.name) }
            return relation.index(of: field.name).flatMap { $0 < schema.count ? $0 : nil }
        }
    }
}
