import CKernels
import Memory
import Vocabulary

/// What becomes of a full page, and of the chunk's pages when its row group is written.
extension LeafWriter {
    func finishPage() throws(EngineError) {
        if entries == 0 { return }
        body.removeAll()
        let usesDictionary = table != nil
        putLevels()
        if usesDictionary { putCodes() } else { putPlainBody() }
        try put(
            PageHeaderFields(
                isDictionary: false, valueCount: entries,
                encoding: usesDictionary ? .rleDictionary : .plain), body.bytes, to: chunk)
        if usesDictionary { hasDictionaryPages = true } else { hasPlainPages = true }
        chunkEntries += entries
        chunkNulls += nulls
        (entries, nulls, valueCount) = (0, 0, 0)
        for buffer in [codes, plain, validity, definitions, repetitions] { buffer.removeAll() }
        hasValidity = false
    }

    private func putLevels() {
        if repetition > 0 { putLevels(repetitions, most: repetition) }
        if definition == 0 { return }
        if repetition > 0 || definitions.count > 0 { return putLevels(definitions, most: definition) }
        let start = body.count
        body.append(UInt32(0))
        if hasValidity {
            let groups = (entries + 7) / 8
            LevelEncoder.putHeader(UInt64(groups) << 1 | 1, to: body)
            body.append(validity.base, groups)
        } else {
            LevelEncoder.putRepeated(1, count: entries, width: 1, to: body)
        }
        body.base.storeBytes(of: UInt32(body.count - start - 4), toByteOffset: start, as: UInt32.self)
    }

    private func putLevels(_ levels: GrowingBytes, most: Int) {
        let start = body.count
        body.append(UInt32(0))
        let values = levels.base.assumingMemoryBound(to: UInt32.self)
        LevelEncoder.put(values, count: levels.count / 4, width: NestedLeafReader.bits(most), to: body)
        body.base.storeBytes(of: UInt32(body.count - start - 4), toByteOffset: start, as: UInt32.self)
    }

    private func putCodes() {
        let count = codes.count / 4
        let width = NestedLeafReader.bits(max((table?.count ?? 1) - 1, 0))
        body.append(UInt8(width))
        if count == 0 { return }
        _ = codes.reserve(32)
        let values = codes.base.assumingMemoryBound(to: UInt32.self)
        if width == 0 {
            LevelEncoder.putRepeated(0, count: count, width: 0, to: body)
        } else {
            LevelEncoder.putPacked(values, count: count, width: width, to: body)
        }
    }

    private func putPlainBody() {
        if stored.physical != .boolean { return body.append(plain.base, plain.count) }
        let target = body.reserve(plain.count / 8 + 1).assumingMemoryBound(to: UInt8.self)
        parquet_pack_bools(plain.base.assumingMemoryBound(to: UInt8.self), target, Int64(plain.count))
        body.commit((plain.count + 7) / 8)
    }

    private struct PageHeaderFields {
        var isDictionary: Bool
        var valueCount: Int
        var encoding: ParquetEncoding
    }

    /// Compresses a page's body and appends header and body.
    private func put(
        _ fields: PageHeaderFields, _ bytes: UnsafeRawBufferPointer, to out: GrowingBytes
    ) throws(EngineError) {
        let codec = options.compression.codec
        var deflated = bytes
        if codec != .none, let base = bytes.baseAddress {
            let target = scratch.reserveEmptied(PageCodec.bound(codec, bytes.count))
            let input = UnsafeRawBufferPointer(start: base, count: bytes.count)
            deflated = .init(start: target, count: try PageCodec.deflate(codec, input, to: target))
        }
        var writer = ThriftWriter()
        writer.structureElement { header in
            header.int32(1, fields.isDictionary ? 2 : 0)
            header.int32(2, bytes.count)
            header.int32(3, deflated.count)
            header.structure(fields.isDictionary ? 7 : 5) { page in
                page.int32(1, fields.valueCount)
                page.int32(2, Int(fields.encoding.rawValue))
                if !fields.isDictionary {
                    page.int32(3, Int(ParquetEncoding.rle.rawValue))
                    page.int32(4, Int(ParquetEncoding.rle.rawValue))
                }
            }
        }
        out.append(writer.bytes)
        if let base = deflated.baseAddress { out.append(base, deflated.count) }
        chunkUncompressedBytes += writer.bytes.count + bytes.count
    }

    // MARK: Chunk

    /// Writes the chunk, dictionary first, to `sink` at `offset`, returns its description, and starts the
    /// next.
    func finishChunk(to sink: any ByteSink, at offset: Int) throws(EngineError) -> ParquetColumnChunk {
        try finishPage()
        var result = ParquetColumnChunk()
        result.physical = stored.physical
        result.path = path
        result.codec = options.compression.codec
        result.valueCount = chunkEntries
        result.encodings = [ParquetEncoding.rle.rawValue, ParquetEncoding.plain.rawValue]
        let dictionary = hasDictionaryPages ? table ?? retired : nil
        if let table { includeDictionaryBounds(table) }
        var dictionaryBytes = 0
        if let dictionary {
            let page = GrowingBytes(capacity: dictionary.byteCount + 128)
            try putDictionary(dictionary, to: page)
            try sink.write(page.bytes)
            dictionaryBytes = page.count
            result.dictionaryPageOffset = offset
            result.encodings.append(ParquetEncoding.rleDictionary.rawValue)
        }
        try sink.write(chunk.bytes)
        result.dataPageOffset = offset + dictionaryBytes
        result.compressedBytes = dictionaryBytes + chunk.count
        result.uncompressedBytes = chunkUncompressedBytes
        var statistics = ParquetRawStatistics()
        statistics.nullCount = chunkNulls
        if let dictionary, !hasPlainPages { statistics.distinctCount = dictionary.count }
        if let range = bounds.stored {
            (statistics.least, statistics.greatest) = (range.least, range.greatest)
        }
        result.statistics = statistics
        retired = nil
        startChunk()
        return result
    }

    private func putDictionary(_ dictionary: DictionaryTable, to out: GrowingBytes) throws(EngineError) {
        body.removeAll()
        if stored.width == 0 {
            plain.removeAll()
            if let base = dictionary.views.baseAddress { putPlain(base, dictionary.views.count) }
            body.append(plain.base, plain.count)
            plain.removeAll()
        } else {
            for number in dictionary.numbers {
                if stored.width == 4 {
                    body.append(UInt32(truncatingIfNeeded: number))
                } else {
                    body.append(number)
                }
            }
        }
        try put(
            PageHeaderFields(isDictionary: true, valueCount: dictionary.count, encoding: .plain), body.bytes,
            to: out)
    }
}
