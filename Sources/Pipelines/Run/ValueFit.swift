import Columns

/// Says how values of one type come into a column of another, and which of them do without loss. Like dlt,
/// it is the values that count, not the types: a text `12` fits a column of numbers, 10.7 does not fit whole
/// ones, and a page of records that leave a member out fits what those before it had.
struct ValueFit {
    /// What the column is, and what it is afterwards: wider where structures gain fields.
    let known: DataType
    let widened: DataType
    let found: DataType

    /// `evolves` says whether structures may gain fields.
    init(known: DataType, found: DataType, evolves: Bool) {
        self.known = known.withNulls
        self.found = found.withNulls
        widened = evolves ? ValueFit.union(self.known, self.found) : self.known
    }

    private static func union(_ known: DataType, _ found: DataType) -> DataType {
        switch (known, found) {
        case (.array(let old, _), .array(let new, _)): return .array(union(old, new), containsNull: true)
        case (.structure(let old), .structure(let new)):
            let kept = old.map { field in
                let other = ValueFit.field(field.name, new)
                return Field(field.name, other.map { union(field.type, $0.type) } ?? field.type)
            }
            return .structure(kept + new.filter { ValueFit.field($0.name, old) == nil })
        default: return known
        }
    }

    private static func field(_ name: String, _ fields: [Field]) -> Field? {
        fields.first { $0.name.lowercased() == name.lowercased() }
    }

    // MARK: expressions

    /// Returns the new value as the column has it; null, or a part of it null, where it does not fit.
    func kept(_ value: String) -> String { ValueFit.brought(value, from: found, to: widened) }

    /// Returns the column's earlier value in its type of afterwards.
    func old(_ value: String) -> String { ValueFit.brought(value, from: known, to: widened) }

    /// Returns the condition that a new value comes into the column without loss, fields that the column has
    /// not left aside; never null.
    func fits(_ value: String) -> String { ValueFit.condition(value, from: found, to: widened, 0) ?? "true" }

    /// Returns the condition that no field of a new value is left out, as the column has it not; nil when
    /// there can be none.
    func isWhole(_ value: String) -> String? { ValueFit.whole(value, found, widened, 0) }

    /// Whether texts hold values of the type as JSON.
    static func isJSON(_ type: DataType) -> Bool { type.isNested || type == .variant }

    /// Name of a field that the column has not; nil when it has all.
    var missing: String? { ValueFit.missing(found, widened) }

    private static func missing(_ found: DataType, _ kept: DataType) -> String? {
        switch (found, kept) {
        case (.array(let new, _), .array(let old, _)): return missing(new, old)
        case (.structure(let new), .structure(let old)):
            for each in new {
                guard let other = field(each.name, old) else { return each.name }
                if let name = missing(each.type, other.type) { return "\(each.name).\(name)" }
            }
            return nil
        default: return nil
        }
    }

    private static func part(_ value: String, _ name: String) -> String { "\(value).\(SQLText.name(name))" }

    private static func null(_ type: DataType) -> String { "CAST(NULL AS \(type.sqlName))" }

    private static func brought(
        _ value: String, from: DataType, to: DataType, _ depth: Int = 0
    ) -> String {
        if from == to { return value }
        switch (from, to) {
        case (.array(let old, _), .array(let new, _)):
            let element = "e\(depth)"
            return "transform(\(value), \(element) -> \(brought(element, from: old, to: new, depth + 1)))"
        case (.structure(let old), .structure(let new)):
            let parts = new.map { each in
                let here = field(each.name, old).map {
                    brought(part(value, $0.name), from: $0.type, to: each.type, depth)
                }
                return "\(SQLText.value(each.name)), \(here ?? null(each.type))"
            }
            return "if(\(value) IS NULL, \(null(to)), named_struct(\(parts.joined(separator: ", "))))"
        case (_, .string) where isJSON(from): return "to_json(\(value))"
        case _ where castable(from, to): return "try_cast(\(value) AS \(to.sqlName))"
        default: return null(to)
        }
    }

    private static func condition(
        _ value: String, from: DataType, to: DataType, _ depth: Int
    ) -> String? {
        if from == to { return nil }
        let isNull = "\(value) IS NULL"
        switch (from, to) {
        case (.array(let old, _), .array(let new, _)):
            let element = "e\(depth)"
            return condition(element, from: old, to: new, depth + 1).map {
                "(\(isNull) OR forall(\(value), \(element) -> \($0)))"
            }
        case (.structure(let old), .structure(let new)):
            let parts = new.compactMap { each in
                field(each.name, old).flatMap {
                    condition(part(value, $0.name), from: $0.type, to: each.type, depth)
                }
            }
            return parts.isEmpty ? nil : "(\(isNull) OR (\(parts.joined(separator: " AND "))))"
        case (_, .string) where isJSON(from): return nil
        case (.null, _): return nil
        case _ where castable(from, to): return "(\(isNull) OR \(isExact(value, from, to)))"
        default: return "(\(isNull))"
        }
    }

    /// The condition that a value which is not null comes through a cast as it was.
    private static func isExact(_ value: String, _ old: DataType, _ new: DataType) -> String {
        let cast = "try_cast(\(value) AS \(new.sqlName))"
        guard old == .string else {
            return "(\(cast) IS NOT NULL AND try_cast(\(cast) AS \(old.sqlName)) <=> \(value))"
        }
        // A text is read; what it says beyond the type would be lost.
        let read = same(value, cast, new).map { " AND coalesce(\($0))" } ?? ""
        return "(\(cast) IS NOT NULL\(read))"
    }

    /// The conditions, of which the first that is not null says whether a text means what was read from it;
    /// nil when reading it is enough.
    private static func same(_ value: String, _ cast: String, _ new: DataType) -> String? {
        func equal(_ number: String, _ wider: String) -> String {
            "try_cast(\(number) AS \(wider)) = try_cast(\(value) AS \(wider))"
        }
        switch new {
        case .date: return equal(cast, "timestamp") + ", false"
        case .float, .double:
            // Such a number is what its shortest text says: 0.1 is whole, 9007199254740993 is not. Where
            // decimals have no room, as for 1e300, a text is no more than such a number.
            let shortest = "CAST(\(cast) AS string)"
            return equal(shortest, "decimal(38,18)") + ", " + equal(shortest, "decimal(38,0)") + ", true"
        case .decimal:
            // Texts with more digits before the point than this one has fit if they have none behind it.
            return equal(cast, "decimal(38,18)") + ", \(value) RLIKE '^ *[+-]?[0-9]+ *$'"
        default: return nil
        }
    }

    private static func whole(
        _ value: String, _ found: DataType, _ kept: DataType, _ depth: Int
    ) -> String? {
        let isNull = "\(value) IS NULL"
        switch (found, kept) {
        case (.array(let new, _), .array(let old, _)):
            let element = "w\(depth)"
            return whole(element, new, old, depth + 1).map {
                "(\(isNull) OR forall(\(value), \(element) -> \($0)))"
            }
        case (.structure(let new), .structure(let old)):
            let parts = new.compactMap { each in
                let here = part(value, each.name)
                guard let other = field(each.name, old) else { return "\(here) IS NULL" }
                return whole(here, each.type, other.type, depth)
            }
            return parts.isEmpty ? nil : "(\(isNull) OR (\(parts.joined(separator: " AND "))))"
        default: return nil
        }
    }

    // MARK: casts

    private static func castable(_ old: DataType, _ new: DataType) -> Bool {
        if new == .null || isJSON(old) || isJSON(new) { return false }
        if old == .string || new == .string { return true }
        func isNumber(_ type: DataType) -> Bool { type.isNumeric || type == .boolean }
        return isNumber(old) && isNumber(new) || old.isTime && new.isTime
    }
}
