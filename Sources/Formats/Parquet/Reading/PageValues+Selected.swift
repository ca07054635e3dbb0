import CKernels
import Columns
import Memory
import Vocabulary

extension PageValues {
    /// Reads the next `rows` values and returns the selected ones; nil, with nothing read, where the page's
    /// form makes this no better than reading all. Codes are unpacked for all rows, looked up for the
    /// selected.
    mutating func readSelected(
        _ rows: Int, _ selected: Selection, dictionary: Vector?
    ) throws(EngineError) -> Vector? {
        guard rows <= PageValues.scratchRows else { return nil }
        let count = selected.count
        if form == .codes, let dictionary {
            let codes = try scratchCodes(rows, dictionaryCount: dictionary.count)
            if leaf.type.physical == .view {
                let kept = Buffer(byteCount: max(count, 1) * 4)
                parquet_gather(codes, selected.rows, Int64(count), kept.base, 4)
                return .dictionary(dictionary, codes: kept, count: count)
            }
            // In place: a selected row is never before its place among the selected.
            var i = 0
            while i < count {
                codes[i] = codes[Int(selected.rows[i])]
                i &+= 1
            }
            let width = leaf.type.physical.width
            let values = Buffer(byteCount: max(count, 1) * width)
            parquet_gather(
                dictionary.pointer(as: UInt8.self), codes, Int64(count), values.base, Int32(width))
            return .flat(leaf.type, count: count, values: values)
        }
        guard let source = try takeStored(rows) else { return nil }
        return ValueConversion.storedWidth(of: leaf) == 8
            ? gathered(UInt64.self, source, selected) : gathered(UInt32.self, source, selected)
    }

    private func gathered<T: FixedWidthInteger & BitwiseCopyable>(
        _ type: T.Type, _ source: UnsafeRawPointer, _ selected: Selection
    ) -> Vector {
        let width = MemoryLayout<T>.size
        let values = Buffer(byteCount: max(selected.count, 1) * width)
        let out = values.pointer(as: T.self)
        var i = 0
        while i < selected.count {
            out[i] = source.loadUnaligned(fromByteOffset: Int(selected.rows[i]) &* width, as: T.self)
            i &+= 1
        }
        return .flat(leaf.type, count: selected.count, values: values)
    }
}
