import Columns

/// Brings a file's structures to the members of the relation's, wherever they are nested: members go by name,
/// as columns do, since files of one folder may have more of them, fewer, or others first.
enum StructureShape {
    /// Returns `found` with the members of `wanted`, in their order: each of the type that it has in the
    /// file, and of the wanted type where the file has none. In Parquet, what is stored alike stands for
    /// one another, as in Spark's reader: timestamps with and without zone by their microseconds, and the
    /// integers of intervals, which the file may not call so.
    static func type(_ found: DataType, like wanted: DataType, isParquet: Bool) -> DataType {
        switch (found, wanted) {
        case _ where isParquet && isStoredAlike(found, wanted): wanted
        case (.array(let element, let hasNull), .array(let other, _)):
            .array(type(element, like: other, isParquet: isParquet), containsNull: hasNull)
        case (.map(let key, let value, let hasNull), .map(let otherKey, let otherValue, _)):
            .map(
                key: type(key, like: otherKey, isParquet: isParquet),
                value: type(value, like: otherValue, isParquet: isParquet),
                valueContainsNull: hasNull)
        case (.structure(let members), .structure(let fields)):
            .structure(
                fields.map { field in
                    guard let at = place(of: field.name, in: members) else {
                        return Field(field.name, field.type)
                    }
                    let member = members[at]
                    return Field(
                        field.name, type(member.type, like: field.type, isParquet: isParquet),
                        nullable: member.nullable)
                })
        default: found
        }
    }

    /// Brings a vector to the type that `type(_:like:)` gave for it; members that it lacks are null.
    static func reshaped(_ vector: Vector, to shape: DataType) -> Vector {
        if vector.type == shape { return vector }
        let flat = vector.flattened()
        let children: [Vector]
        switch (flat.type, shape) {
        case (.array, .array(let element, _)): children = [reshaped(flat.children[0], to: element)]
        case (.map, .map(let key, let value, _)):
            children = [reshaped(flat.children[0], to: key), reshaped(flat.children[1], to: value)]
        case (.structure(let members), .structure(let fields)):
            children = fields.map { field in
                guard let at = place(of: field.name, in: members) else {
                    return Vector.nulls(field.type, count: flat.count).flattened()
                }
                return reshaped(flat.children[at], to: field.type)
            }
        default:
            if !isStoredAlike(flat.type, shape) { return flat }
            children = []
        }
        return .flat(
            shape, count: flat.count, values: flat.values, validity: flat.validity, heaps: flat.heaps,
            children: children)
    }

    private static func isStoredAlike(_ found: DataType, _ wanted: DataType) -> Bool {
        switch (found, wanted) {
        case (.timestamp, .timestampNTZ), (.timestampNTZ, .timestamp), (.int64, .dayTimeInterval),
            (.int32, .yearMonthInterval), (.dayTimeInterval, .dayTimeInterval),
            (.yearMonthInterval, .yearMonthInterval), (.time, .time):
            true
        default: false
        }
    }

    /// Finds a member by its name, or else by its name in other letters.
    private static func place(of name: String, in members: [Field]) -> Int? {
        members.firstIndex { $0.name == name }
            ?? members.firstIndex { $0.name.lowercased() == name.lowercased() }
    }
}
