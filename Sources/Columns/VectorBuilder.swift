import Memory

#if canImport(Glibc)
    import Glibc
#endif

/// Builds a flat vector value by value, for literals, small results and tests; hot paths fill buffers
/// directly. Not thread-safe.
package final class VectorBuilder {
    package let type: DataType
    package private(set) var count = 0
    private var bytes: [UInt8] = []
    private var valid: [Bool] = []
    private var heap: [UInt8] = []
    /// For views: where each value lies in `heap`.
    private var ranges: [(start: Int, count: Int)] = []
    private var children: [VectorBuilder] = []
    private var offsets: [Int32] = [0]

    package init(_ type: DataType) {
        self.type = type
        switch type {
        case .array(let element, _): children = [VectorBuilder(element)]
        case .map(let key, let value, _): children = [VectorBuilder(key), VectorBuilder(value)]
        case .structure(let fields): children = fields.map { VectorBuilder($0.type) }
        default: break
        }
    }

    /// Appends a value. The caller gives a scalar of this builder's type (or null).
    package func append(_ value: Scalar) {
        count += 1
        valid.append(!value.isNull)
        switch type.physical {
        case .null: break
        case .bool: put(value == .boolean(true) ? UInt8(1) : 0)
        case .int8: put(Int8(truncatingIfNeeded: value.integerValue))
        case .int16: put(Int16(truncatingIfNeeded: value.integerValue))
        case .int32: put(Int32(truncatingIfNeeded: value.integerValue))
        case .int64: put(Int64(truncatingIfNeeded: value.integerValue))
        case .int128: put(value.integerValue)
        case .float: put(value.floatValue)
        case .double: put(value.doubleValue)
        case .view: appendBytes(value)
        case .list: appendList(value)
        case .structure: appendStructure(value)
        }
    }

    private func put<T>(_ value: T) { withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) } }

    private func appendBytes(_ value: Scalar) {
        let start = heap.count
        switch value {
        case .string(let text): heap.append(contentsOf: text.utf8)
        case .binary(let data): heap.append(contentsOf: data)
        default: break
        }
        ranges.append((start, heap.count - start))
    }

    private func appendList(_ value: Scalar) {
        switch value {
        case .array(let elements): for element in elements { children[0].append(element) }
        case .map(let keys, let values):
            for key in keys { children[0].append(key) }
            for value in values { children[1].append(value) }
        default: break
        }
        offsets.append(Int32(children[0].count))
    }

    private func appendStructure(_ value: Scalar) {
        if case .structure(let members) = value {
            for (child, member) in zip(children, members) { child.append(member) }
        } else {
            for child in children { child.append(.null) }
        }
    }

    /// Bytes of the values so far, about.
    package var byteCount: Int {
        children.reduce(bytes.count + heap.count + 16 * ranges.count) { $0 + $1.byteCount }
    }

    /// Returns the vector; the builder may not be used afterwards.
    package func finish() -> Vector {
        if type == .null { return .nulls(.null, count: count) }
        let validity = valid.contains(false) ? Bitmap(valid) : nil
        switch type.physical {
        case .view:
            let heapBuffer = heap.withUnsafeBytes { Buffer.copying($0) }
            let views = Buffer(byteCount: max(count, 1) * 16)
            let out = views.pointer(as: StringView.self)
            for (i, range) in ranges.enumerated() {
                out[i] = StringView(heapBuffer.base + range.start, count: range.count)
            }
            return .flat(type, count: count, values: views, validity: validity, heaps: [heapBuffer])
        case .list:
            let buffer = offsets.withUnsafeBytes { Buffer.copying($0) }
            return .flat(
                type, count: count, values: buffer, validity: validity, children: children.map { $0.finish() }
            )
        case .structure:
            return .flat(
                type, count: count, values: nil, validity: validity, children: children.map { $0.finish() })
        default:
            let buffer = bytes.withUnsafeBytes { Buffer.copying($0) }
            return .flat(type, count: count, values: buffer, validity: validity)
        }
    }
}

extension Vector {
    /// Makes a flat vector of the given values, for tests and small results.
    package static func of(_ type: DataType, _ values: [Scalar]) -> Vector {
        let builder = VectorBuilder(type)
        for value in values { builder.append(value) }
        return builder.finish()
    }

    /// Makes a constant vector of `count` rows of a literal.
    package static func constant(_ literal: Literal, count: Int) -> Vector {
        if literal.value.isNull { return .nulls(literal.type, count: count) }
        return .constant(.of(literal.type, [literal.value]), count: count)
    }

    /// Returns the value of `row`. For single rows, not for loops.
    package func scalar(at row: Int) -> Scalar {
        if isNull(row) { return .null }
        if form == .dictionary, let dictionary { return dictionary.scalar(at: Int(codes[row])) }
        let at = form == .constant ? 0 : row
        switch type.physical {
        case .null: return .null
        case .bool: return .boolean(pointer(as: UInt8.self)[at] != 0)
        case .int8: return .integer(Int64(pointer(as: Int8.self)[at]))
        case .int16: return .integer(Int64(pointer(as: Int16.self)[at]))
        case .int32: return .integer(Int64(pointer(as: Int32.self)[at]))
        case .int64:
            let value = pointer(as: Int64.self)[at]
            return type.isDecimal ? .decimal(Int128(value)) : .integer(value)
        case .int128: return .decimal(pointer(as: Int128.self)[at])
        case .float: return .float(pointer(as: Float.self)[at])
        case .double: return .double(pointer(as: Double.self)[at])
        case .view:
            let view = pointer(as: StringView.self)[at]
            return type == .string ? .string(view.string) : .binary(view.withBytes { Array($0) })
        case .list: return listScalar(from: Int(offsets[at]), to: Int(offsets[at + 1]))
        case .structure: return .structure(children.map { $0.scalar(at: at) })
        }
    }

    private func listScalar(from start: Int, to end: Int) -> Scalar {
        let first = (start..<end).map { children[0].scalar(at: $0) }
        guard case .map = type else { return .array(first) }
        return .map(keys: first, values: (start..<end).map { children[1].scalar(at: $0) })
    }
}

extension Scalar {
    /// The number behind an integer, decimal or boolean; 0 for anything else.
    package var integerValue: Int128 {
        switch self {
        case .integer(let value): Int128(value)
        case .decimal(let value): value
        case .boolean(let value): value ? 1 : 0
        default: 0
        }
    }

    fileprivate var floatValue: Float {
        switch self {
        case .float(let value): value
        case .double(let value): Float(value)
        default: 0
        }
    }

    fileprivate var doubleValue: Double {
        switch self {
        case .float(let value): Double(value)
        case .double(let value): value
        default: 0
        }
    }
}
