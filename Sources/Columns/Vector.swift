import Memory
import Vocabulary

/// Holds one column of a batch: `count` values of one type.
///
///     flat        values: count × width      validity: count bits or nil (none null)
///     constant    values: 1 × width          validity: nil, or one zero bit (all rows null)
///     dictionary  values: count × Int32 codes into `dictionary`, validity: count bits or nil
///
/// Strings are `StringView`s whose bytes `heaps` keeps alive. An array has `count + 1` Int32 offsets in
/// `values` and its elements in `children[0]`; a map the same with keys and values in `children[0]` and
/// `[1]`; a structure has no values and one child per member, each as long as itself. Nested vectors are flat
/// or constant; a constant nested vector has its one row in flat layout (offsets of length 2, children of
/// that one row).
///
/// **Invariant:** a dictionary is flat, has at least one entry and no nulls; a null row's code is 0. Values
/// of null rows are zero or any valid value, never garbage that could not be read (views are valid views).
/// A vector of type `null` is constant with validity of one zero bit and no values.
///
/// `@unchecked Sendable`: a vector does not change after it was made; its buffers are only read.
package final class Vector: @unchecked Sendable {
    /// Names how the rows of a vector are held.
    package enum Form: UInt8, Sendable { case flat, constant, dictionary }

    package let type: DataType
    package let form: Form
    package let count: Int
    package let values: Buffer?
    package let validity: Bitmap?
    package let heaps: [Buffer]
    package let children: [Vector]
    package let dictionary: Vector?

    package init(
        type: DataType, form: Form, count: Int, values: Buffer?, validity: Bitmap? = nil,
        heaps: [Buffer] = [],
        children: [Vector] = [], dictionary: Vector? = nil
    ) {
        self.type = type
        self.form = form
        self.count = count
        self.values = values
        self.validity = validity.flatMap { $0.allSet ? nil : $0 }
        self.heaps = heaps
        self.children = children
        self.dictionary = dictionary
    }

    /// Makes a flat vector.
    package static func flat(
        _ type: DataType, count: Int, values: Buffer?, validity: Bitmap? = nil, heaps: [Buffer] = [],
        children: [Vector] = []
    ) -> Vector {
        Vector(
            type: type, form: .flat, count: count, values: values, validity: validity, heaps: heaps,
            children: children)
    }

    /// Makes a vector of `count` rows that all hold the single row of `one`, a flat vector of one row.
    package static func constant(_ one: Vector, count: Int) -> Vector {
        Vector(
            type: one.type, form: .constant, count: count, values: one.values, validity: one.validity,
            heaps: one.heaps, children: one.children)
    }

    /// Makes a vector whose rows are all null.
    package static func nulls(_ type: DataType, count: Int) -> Vector {
        let width = type.physical == .list ? 8 : max(type.physical.width, 1)
        var children: [Vector] = []
        switch type {
        case .array(let element, _): children = [Vector.empty(element)]
        case .map(let key, let value, _): children = [Vector.empty(key), Vector.empty(value)]
        case .structure(let fields): children = fields.map { Vector.nulls($0.type, count: 1) }
        default: break
        }
        return Vector(
            type: type, form: .constant, count: count, values: Buffer.zeroed(byteCount: width),
            validity: Bitmap(repeating: false, count: 1), children: children)
    }

    /// Makes a flat vector of no rows.
    package static func empty(_ type: DataType) -> Vector {
        var children: [Vector] = []
        switch type {
        case .array(let element, _): children = [empty(element)]
        case .map(let key, let value, _): children = [empty(key), empty(value)]
        case .structure(let fields): children = fields.map { empty($0.type) }
        default: break
        }
        return .flat(type, count: 0, values: Buffer.zeroed(byteCount: 16), children: children)
    }

    /// Makes a vector of codes into `dictionary`, of the dictionary's type.
    package static func dictionary(_ dictionary: Vector, codes: Buffer, count: Int, validity: Bitmap? = nil)
        -> Vector
    {
        Vector(
            type: dictionary.type, form: .dictionary, count: count, values: codes, validity: validity,
            dictionary: dictionary)
    }

    /// The values as elements of `T`; for a dictionary vector `T` is Int32 and these are the codes.
    package func pointer<T>(as type: T.Type) -> UnsafeMutablePointer<T> {
        values.unsafelyUnwrapped.pointer(as: type)
    }

    /// Codes of a dictionary vector.
    package var codes: UnsafeMutablePointer<Int32> { pointer(as: Int32.self) }
    /// Offsets of a flat array or map vector.
    package var offsets: UnsafeMutablePointer<Int32> { pointer(as: Int32.self) }

    /// Says whether any row is null.
    package var hasNulls: Bool { validity != nil }
    /// Says whether every row is null by being a null constant.
    package var isNullConstant: Bool { form == .constant && validity != nil }

    /// Says whether `row` is null. For single rows, not for loops.
    package func isNull(_ row: Int) -> Bool {
        guard let validity else { return false }
        return !validity.isSet(form == .constant ? 0 : row)
    }

    /// Number of null rows.
    package var nullCount: Int {
        guard let validity else { return 0 }
        return form == .constant ? count : validity.zeroCount
    }

    /// Bytes that the vector keeps in memory, shared buffers counted in full.
    package var retainedBytes: Int {
        (values?.byteCount ?? 0) + (validity?.buffer.byteCount ?? 0) + heaps.reduce(0) { $0 + $1.byteCount }
            + children.reduce(0) { $0 + $1.retainedBytes } + (dictionary?.retainedBytes ?? 0)
    }

    /// Returns the same values under another type with the same layout (date as int32, decimals of one width,
    /// …).
    package func retyped(_ newType: DataType) -> Vector {
        Vector(
            type: newType, form: form, count: count, values: values, validity: validity, heaps: heaps,
            children: children, dictionary: dictionary?.retyped(newType))
    }
}
