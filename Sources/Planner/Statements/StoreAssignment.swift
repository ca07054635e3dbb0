import Columns
import Functions
import Plans
import Vocabulary

/// Decides which values INSERT puts into a column of another type, and how: Spark's store assignment, which
/// is stricter than CAST (`Cast.canANSIStoreAssign`, `TableOutputResolver`).
struct StoreAssignment {
    /// What `spark.sql.storeAssignmentPolicy` says.
    enum Policy: String {
        /// Numbers to numbers, anything plain to STRING, times to times; what does not fit is an error.
        case ansi = "ANSI"
        /// Only where every value fits.
        case strict = "STRICT"
        /// All that CAST does without ANSI mode.
        case legacy = "LEGACY"
    }

    static let setting = "spark.sql.storeAssignmentPolicy"

    var policy: Policy
    /// How members of structures find those of the column's.
    var naming: StoredColumn.Naming
    var table: String
    var place: SourceLocation?

    /// Returns the value as the column's type, whose texts `limit` bounds. Throws
    /// `INCOMPATIBLE_DATA_FOR_TABLE`.
    func value(
        _ source: Expression, for field: Field, limit: TextLimit
    ) throws(EngineError) -> Expression {
        if policy != .legacy {
            if source.type == field.type, limit.isNone { return source }
            try check(source.type, field.type, [field.name], naming)
            return stored(source, field, limit)
        }
        guard Coercion.canCast(source.type, field.type, ansi: false) else {
            throw refused(source.type, field.type, [field.name])
        }
        let value =
            source.type == field.type
            ? source : .cast(source, to: field.type, mode: .legacy, origin: Origin(place))
        return limit.isNone ? value : stored(value, field, limit)
    }

    /// Returns the call that makes a value into that of a column.
    func stored(_ source: Expression, _ field: Field, _ limit: TextLimit) -> Expression {
        .call(
            FunctionCall(
                StoredColumn.function,
                [
                    source, .literal(.string(field.name)), .literal(.string(naming.rawValue)),
                    .literal(.string(limit.code)),
                ], type: field.type, ansi: true, origin: Origin(place)))
    }

    private func check(
        _ from: DataType, _ to: DataType, _ path: [String], _ naming: StoredColumn.Naming
    ) throws(EngineError) {
        switch (from, to) {
        case (.array(let element, _), .array(let target, _)):
            try check(element, target, path + ["element"], naming.inLists)
        case (.map(let key, let value, _), .map(let targetKey, let targetValue, _)):
            try check(key, targetKey, path + ["key"], naming.inLists)
            try check(value, targetValue, path + ["value"], naming.inLists)
        case (.structure(let fields), .structure(let targets)):
            try check(fields, targets, path, naming)
        default:
            guard policy == .strict ? Self.alwaysFits(from, to) : from.isStorable(as: to) else {
                throw refused(from, to, path)
            }
        }
    }

    private func check(
        _ fields: [Field], _ targets: [Field], _ path: [String], _ naming: StoredColumn.Naming
    ) throws(EngineError) {
        let pairs = StoredColumn.members(of: fields, for: targets, naming)
        for (target, pair) in zip(targets, pairs) {
            guard let pair else {
                throw mismatch(
                    "CANNOT_FIND_DATA", "The query has nothing for the member", path + [target.name],
                    "Give all members, with null for what is not known.")
            }
            try check(fields[pair].type, target.type, path + [target.name], naming)
        }
        if fields.count > targets.count {
            let known = Set(pairs.compactMap { $0 })
            let extra = fields.indices.first { !known.contains($0) } ?? targets.count
            throw mismatch(
                "EXTRA_STRUCT_FIELDS", "The column has no place for the query's member",
                path + [fields[extra].name], "Leave the member out with named_struct.")
        }
    }

    /// Says whether every value of one plain type is one of another (Spark's `canUpCast`).
    static func alwaysFits(_ from: DataType, _ to: DataType) -> Bool {
        if from == to || from == .null { return true }
        switch (from, to) {
        case (.decimal, .decimal): return Coercion.widerDecimal(from, to) == to
        case (_, .decimal):
            return Coercion.decimal(holding: from).map { Coercion.widerDecimal($0, to) == to } ?? false
        case (.decimal(let precision, let scale), _):
            if to.isFloating { return precision <= (to == .float ? 7 : 15) }
            guard scale == 0, case .decimal(let digits, _)? = Coercion.decimal(holding: to) else {
                return false
            }
            return precision < digits
        case (.date, .timestamp), (.date, .timestampNTZ), (.timestamp, .timestampNTZ),
            (.timestampNTZ, .timestamp), (.timestamp, .int64), (.int64, .timestamp):
            return true
        case (.time(let from), .time(let to)): return from <= to
        case (_, .string): return !from.isNested
        case (.yearMonthInterval, .yearMonthInterval), (.dayTimeInterval, .dayTimeInterval): return true
        default:
            return from.isNumeric && to.isNumeric
                && Coercion.commonNumericType(from, to, ansi: false) == to
        }
    }

    private func refused(_ from: DataType, _ to: DataType, _ path: [String]) -> EngineError {
        mismatch(
            "CANNOT_SAFELY_CAST",
            "INSERT does not make \(from.sqlName) into \(to.sqlName), which is the type of", path,
            Coercion.canCast(from, to, ansi: true)
                ? "Cast the value in the query: CAST(… AS \(to.sqlName))."
                : "Give a value of the column's type.")
    }

    private func mismatch(
        _ code: String, _ message: String, _ path: [String], _ remedy: String
    ) -> EngineError {
        .user(
            "INCOMPATIBLE_DATA_FOR_TABLE.\(code)",
            "\(message) \(path.joined(separator: ".")) of the table \(table)", remedy: remedy, at: place)
    }
}
