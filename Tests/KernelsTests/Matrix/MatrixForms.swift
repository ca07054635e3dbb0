import Columns
import Memory

/// Names the ways in which the same rows come to a kernel.
enum MatrixForm: String, CaseIterable {
    /// As a builder makes it.
    case flat
    /// With values below the null rows that would fail if they were looked at.
    case hidden
    /// Cut from a longer vector at an odd row; long ones share its memory.
    case sliced
    /// Codes into a dictionary.
    case dictionary
    /// The rows of a selection from a longer vector.
    case selected

    /// Returns a vector of the rows `values`, with those null where `isNull` says so. `type` is that of all.
    func vector(_ type: DataType, _ values: [Scalar], _ isNull: [Bool]) -> Vector {
        let rows = zip(values, isNull).map { $1 ? Scalar.null : $0 }
        let strangers = Array(MatrixValues.pool(type, count: 67, seed: 3)[..<67])
        switch self {
        case .flat: return .of(type, rows)
        case .hidden: return masked(.of(type, values), isNull)
        case .sliced:
            let whole = masked(
                .of(type, strangers + values + strangers),
                Array(repeating: true, count: 67) + isNull + Array(repeating: false, count: 67))
            return whole.sliced(from: 67, count: values.count)
        case .dictionary: return type.isNested ? .of(type, rows) : coded(type, values, isNull)
        case .selected:
            let mixed = rows.flatMap { [strangers[3], $0] }
            return Vector.of(type, mixed).gathered(
                (0..<values.count).map { UInt32(2 * $0 + 1) }, count: values.count)
        }
    }

    private func masked(_ vector: Vector, _ isNull: [Bool]) -> Vector {
        .flat(
            vector.type, count: vector.count, values: vector.values, validity: Bitmap(isNull.map { !$0 }),
            heaps: vector.heaps, children: vector.children)
    }

    private func coded(_ type: DataType, _ values: [Scalar], _ isNull: [Bool]) -> Vector {
        let codes = Buffer.zeroed(byteCount: max(values.count * 4, 4))
        let entries =
            values.isEmpty ? [MatrixValues.pool(type, count: 1, seed: 3)[0]] : Array(values.reversed())
        let out = codes.pointer(as: Int32.self)
        for row in values.indices where !isNull[row] { out[row] = Int32(values.count - 1 - row) }
        return .dictionary(
            .of(type, entries), codes: codes, count: values.count, validity: Bitmap(isNull.map { !$0 }))
    }
}

/// Says which rows and forms one call of a kernel gets.
struct MatrixLayout: CustomStringConvertible {
    var form: MatrixForm
    var count: Int
    /// 0: no row is null, 1: every one, n: every n-th.
    var nullEvery: Int
    /// The operand that is one value for all rows.
    var constant: Int?
    /// The first row's place among the pairs of values.
    var start: Int

    var description: String {
        let shape = constant.map { ", operand \($0) constant" } ?? ""
        return "\(form.rawValue)\(shape), \(count) rows, nulls every \(nullEvery)"
    }

    /// Counts around the borders of the 64-bit words that hold nulls.
    static let counts = [0, 1, 63, 64, 65]

    static func all(operands: Int, takesAnyForm: Bool) -> [MatrixLayout] {
        var list: [MatrixLayout] = []
        var start = 0
        for form in MatrixForm.allCases {
            for count in counts {
                for nullEvery in [0, 1, 3] {
                    list.append(MatrixLayout(form: form, count: count, nullEvery: nullEvery, start: start))
                    start += 61
                }
            }
            // Every value or pair of values.
            list.append(MatrixLayout(form: form, count: operands == 2 ? 899 : 122, nullEvery: 0, start: 0))
        }
        guard operands == 2 || takesAnyForm else { return list }
        for constant in 0..<operands {
            for start in 0..<12 {
                list.append(
                    MatrixLayout(
                        form: start % 2 == 0 ? .flat : .sliced, count: 65, nullEvery: start % 3,
                        constant: constant, start: start * 13))
            }
        }
        return list
    }
}
