import CKernels
import Columns

/// Values as codes of the chunk's dictionary, and the end of its use.
extension LeafWriter {
    func encodeNumbers(_ values: UnsafeMutableRawPointer, _ count: Int) {
        guard let table else { return }
        let out = codes.reserve(count * 4).assumingMemoryBound(to: UInt32.self)
        let limit = options.dictionaryBytes
        let done =
            stored.width == 4
            ? table.encode(values.assumingMemoryBound(to: UInt32.self), count, limitBytes: limit, to: out)
            : table.encode(values.assumingMemoryBound(to: UInt64.self), count, limitBytes: limit, to: out)
        codes.commit(done * 4)
        dictionaryValues += done
        if done < count || !dictionaryPays(table) {
            fallBack()
            plain.append(values + done * stored.width, (count - done) * stored.width)
        }
    }

    /// Says whether the dictionary still promises to be smaller than plain values.
    private func dictionaryPays(_ table: DictionaryTable) -> Bool {
        dictionaryValues < 4096 || table.count * 2 < dictionaryValues || table.count < 1024
    }

    func appendViews(_ vector: Vector, _ first: Int, _ rows: UnsafePointer<UInt32>?, _ count: Int) {
        var views = UnsafePointer(vector.pointer(as: StringView.self) + first)
        if let rows {
            let space = body.reserveEmptied(count * 16)
            parquet_gather(vector.pointer(as: UInt8.self), rows, Int64(count), space, 16)
            views = UnsafePointer(space.assumingMemoryBound(to: StringView.self))
        }
        var done = 0
        if let table {
            let out = codes.reserve(count * 4).assumingMemoryBound(to: UInt32.self)
            done = table.encode(views, count, limitBytes: options.dictionaryBytes, to: out)
            codes.commit(done * 4)
            dictionaryValues += done
            if done == count, dictionaryPays(table) { return }
            fallBack()
        }
        bounds.include(views: views + done, count: count - done)
        putPlain(views + done, count - done)
    }

    func appendCoded(
        _ vector: Vector, _ dictionary: Vector, _ first: Int, _ rows: UnsafePointer<UInt32>?, _ count: Int
    ) {
        let incoming = vector.codes
        let positions = rowsThroughCodes(incoming, first, rows, count)
        guard let table, stored.width == 0 || stored.width <= 8 else {
            return appendFlatValues(dictionary, 0, positions, count)
        }
        if translation?.dictionary !== dictionary {
            translation = (dictionary, [Int32](repeating: -1, count: dictionary.count))
        }
        let out = codes.reserve(count * 4).assumingMemoryBound(to: UInt32.self)
        var done = 0
        translation?.codes.withUnsafeMutableBufferPointer { known in
            while done < count {
                let from = Int(positions[done])
                var code = known[from]
                if code < 0 {
                    code = newCode(of: dictionary, at: from, table)
                    if code < 0 { break }
                    known[from] = code
                }
                out[done] = UInt32(bitPattern: code)
                done &+= 1
            }
        }
        codes.commit(done * 4)
        dictionaryValues += done
        if done == count { return }
        fallBack()
        appendFlatValues(dictionary, 0, positions + done, count - done)
    }

    /// Returns the positions in the dictionary of a coded vector's rows, in memory that stays until the next
    /// append.
    private func rowsThroughCodes(
        _ incoming: UnsafePointer<Int32>, _ first: Int, _ rows: UnsafePointer<UInt32>?, _ count: Int
    ) -> UnsafePointer<UInt32> {
        let all = UnsafeRawPointer(incoming).assumingMemoryBound(to: UInt32.self)
        guard let rows else { return all + first }
        let out = body.reserveEmptied(count * 4)
        parquet_gather(all, rows, Int64(count), out, 4)
        // `rows` is not needed any more, and `body` will be.
        let kept = rowNumbers.base
        kept.copyMemory(from: out, byteCount: count * 4)
        return UnsafePointer(kept.assumingMemoryBound(to: UInt32.self))
    }

    private func newCode(of dictionary: Vector, at row: Int, _ table: DictionaryTable) -> Int32 {
        var code: UInt32 = 0
        let limit = options.dictionaryBytes
        if stored.width == 0 {
            let views = dictionary.pointer(as: StringView.self) + row
            return table.encode(views, 1, limitBytes: limit, to: &code) == 1 ? Int32(bitPattern: code) : -1
        }
        var position = UInt32(row)
        let value = UnsafeMutableRawPointer.allocate(byteCount: 16, alignment: 16)
        defer { value.deallocate() }
        StoredValues.put(
            dictionary, first: 0, rows: &position, count: 1, as: stored, to: value, scratch: scratch)
        bounds.include(stored: value, count: 1, width: stored.width)
        let done =
            stored.width == 4
            ? table.encode(value.assumingMemoryBound(to: UInt32.self), 1, limitBytes: limit, to: &code)
            : table.encode(value.assumingMemoryBound(to: UInt64.self), 1, limitBytes: limit, to: &code)
        return done == 1 ? Int32(bitPattern: code) : -1
    }

    /// Ends the use of the dictionary in this chunk: the open page's codes become plain values.
    func fallBack() {
        guard let table else { return }
        let pageCodes = codes.base.assumingMemoryBound(to: UInt32.self)
        let count = codes.count / 4
        if stored.width == 0 {
            let views = scratch.reserveEmptied(count * 16)
            if let base = table.views.baseAddress {
                parquet_gather(base, pageCodes, Int64(count), views, 16)
            }
            putPlain(UnsafePointer(views.assumingMemoryBound(to: StringView.self)), count)
        } else {
            let target = plain.reserve(count * stored.width)
            for i in 0..<count {
                let number = table.numbers[Int(pageCodes[i])]
                if stored.width == 4 {
                    target.storeBytes(
                        of: UInt32(truncatingIfNeeded: number), toByteOffset: i * 4, as: UInt32.self)
                } else {
                    target.storeBytes(of: number, toByteOffset: i * 8, as: UInt64.self)
                }
            }
            plain.commit(count * stored.width)
        }
        codes.removeAll()
        includeDictionaryBounds(table)
        retired = hasDictionaryPages ? table : nil
        self.table = nil
    }

    func includeDictionaryBounds(_ table: DictionaryTable) {
        if stored.width > 0 { return }
        if let base = table.views.baseAddress { bounds.include(views: base, count: table.views.count) }
    }
}
