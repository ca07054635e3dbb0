import Columns

/// Says as which types a Parquet file's values are read where a table, a view or another file of the folder
/// declares others: those that hold every value of the file, as in Spark 4's reader. Anything narrower is
/// refused: values would be rounded, or fail far into a job. Integers of one stored width are the exception
/// that Spark makes: they go to narrower ones, here with a check of each value. Unscaled decimals and days
/// that Spark reads as plain integers are refused too, as their numbers mean nothing.
enum ParquetWidening {
    /// `found` has the members of `wanted`, in their order.
    static func takes(_ found: DataType, as wanted: DataType) -> Bool {
        if found == wanted || found == .null { return true }
        switch (found, wanted) {
        case (.array(let element, _), .array(let other, _)): return takes(element, as: other)
        case (.map(let key, let value, _), .map(let otherKey, let otherValue, _)):
            return takes(key, as: otherKey) && takes(value, as: otherValue)
        case (.structure(let members), .structure(let fields)):
            return members.count == fields.count
                && zip(members, fields).allSatisfy { takes($0.type, as: $1.type) }
        case (.int8, _), (.int16, _), (.int32, _): return takesInteger(as: wanted)
        case (.int64, .decimal(let precision, let scale)): return precision - scale >= 20
        case (.decimal(let precision, let scale), .decimal(let wider, let finer)):
            return finer >= scale && wider - precision >= finer - scale
        case (.float, .double), (.string, .binary), (.binary, .string), (.date, .timestampNTZ): return true
        default: return false
        }
    }

    /// Integers of up to 32 bits are stored alike.
    private static func takesInteger(as wanted: DataType) -> Bool {
        switch wanted {
        case .int8, .int16, .int32, .int64, .double: true
        case .decimal(let precision, let scale): precision - scale >= 10
        default: false
        }
    }
}
