import Columns
import Kernels

/// Reads the texts of a flat or constant vector by pointers alone, for loops over several columns. Whoever
/// holds it keeps the vector alive.
struct TextColumn {
    private let views: UnsafePointer<StringView>?
    private let validity: UnsafePointer<UInt64>?
    private let step: Int
    private let isAlwaysNull: Bool

    init(_ column: Column) {
        let vector = column.vector
        isAlwaysNull = vector.type == .null || vector.isNullConstant || vector.values == nil
        views = isAlwaysNull ? nil : UnsafePointer(vector.pointer(as: StringView.self))
        step = vector.form == .constant ? 0 : 1
        validity = vector.form == .constant ? nil : vector.validity.map { UnsafePointer($0.words) }
    }

    @inline(__always)
    func isNull(_ row: Int) -> Bool {
        if isAlwaysNull { return true }
        guard let validity else { return false }
        return (validity[row &>> 6] &>> UInt64(row & 63)) & 1 == 0
    }

    /// A row's value, nil where it is null.
    @inline(__always)
    func view(_ row: Int) -> StringView? { isNull(row) ? nil : views?[row &* step] }

    /// The bytes of a row that is not null, which stay where they are as long as the vector lives.
    @inline(__always)
    func bytes(_ row: Int) -> UnsafeRawBufferPointer {
        guard let place = views.map({ $0 + row &* step }) else {
            return UnsafeRawBufferPointer(start: nil, count: 0)
        }
        let view = place.pointee
        let inline = UnsafeRawPointer(place) + MemoryLayout<UInt32>.size
        return UnsafeRawBufferPointer(start: view.isInline ? inline : view.address, count: view.count)
    }

    /// Appends the bytes of a row that is not null.
    @inline(__always)
    func append(_ row: Int, to out: inout [UInt8]) {
        views?[row &* step].withBytes { out.append(contentsOf: $0) }
    }
}
