import Columns
import Memory
import Vocabulary

extension CastJob {
    /// Casts the elements of arrays and maps and the members of structures.
    func nested() throws(EngineError) -> Vector {
        do {
            return try nested(input.children)
        } catch {
            // What no row shows may not fail: elements that a slice or a null row hides.
            guard mode == .error, let shown = shownChildren() else { throw error }
            return try nested(shown)
        }
    }

    private func nested(_ parts: [Vector]) throws(EngineError) -> Vector {
        var children: [Vector] = []
        switch (input.type, target) {
        case (.array, .array(let element, _)):
            children = [try Casting.cast(parts[0], to: element, mode: mode, zone: zone)]
        case (.map, .map(let key, let value, _)):
            children = [
                try Casting.cast(parts[0], to: key, mode: mode, zone: zone),
                try Casting.cast(parts[1], to: value, mode: mode, zone: zone),
            ]
        case (.structure, .structure(let fields)) where fields.count == parts.count:
            for (child, field) in zip(parts, fields) {
                children.append(try Casting.cast(child, to: field.type, mode: mode, zone: zone))
            }
        default: throw .internal("no cast from \(input.type.sqlName) to \(target.sqlName)")
        }
        return .flat(target, count: count, values: input.values, validity: input.validity, children: children)
    }

    /// Returns the children with those rows null that no row of the input shows; nil when all are shown.
    private func shownChildren() -> [Vector]? {
        guard let total = input.children.first?.count else { return nil }
        let words = Bitmap.makeWords(total)
        let bits = words.pointer(as: UInt64.self)
        let isList = input.type.physical == .list
        for row in 0..<count where !input.isNull(row) {
            var at = isList ? Int(input.offsets[row]) : row
            let end = isList ? Int(input.offsets[row + 1]) : row + 1
            while at < end {
                bits[at >> 6] |= 1 << UInt64(at & 63)
                at += 1
            }
        }
        let mask = Bitmap(words, count: total)
        if mask.allSet { return nil }
        return input.children.map { child in
            let flat = child.flattened()
            if flat.type == .null { return flat }
            return .flat(
                flat.type, count: total, values: flat.values,
                validity: Bitmap.intersection(flat.validity, mask), heaps: flat.heaps, children: flat.children
            )
        }
    }
}
