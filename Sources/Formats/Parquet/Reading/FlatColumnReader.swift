import CKernels
import Columns
import Kernels
import Memory
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Reads a top-level column of a primitive type. Strings and binary values that are dictionary-encoded come
/// out as dictionary vectors, one dictionary for the whole chunk; numbers come out flat.
final class FlatColumnReader: ColumnReader {
    private let leaf: ParquetLeaf
    private var pages: PageStream
    private var values: PageValues
    private var dictionary: Vector?
    /// Keeps the open page's levels alive, which may lie apart from its values.
    private var pageOwner: Buffer?
    /// Rows left in the open page.
    private var pageRows = 0
    /// Definition levels of the open page; not looked at when it has no nulls.
    private var levels = parquet_hybrid()
    private var pageHasNulls = false
    /// Rows to pass over before the next read.
    private var pendingRows = 0
    private let width: Int

    init(leaf: ParquetLeaf, pages: PageStream, scratch: Buffer) {
        self.leaf = leaf
        self.pages = pages
        values = PageValues(leaf: leaf, scratch: scratch, memory: pages.memory)
        width = leaf.type.physical.width
    }

    func skip(_ rows: Int) throws(EngineError) { pendingRows += rows }

    /// Holds what one call of `read` has gathered so far.
    private struct Output {
        var buffer: Buffer
        var isCodes: Bool
        var words: Buffer?
        var heaps: [Buffer] = []
    }

    func read(_ rows: Int) throws(EngineError) -> Vector {
        try passPending()
        if pageRows == 0 { try nextPage() }
        let isCodes = leaf.type.physical == .view && values.form == .codes
        var output = Output(buffer: Buffer(byteCount: (rows + 8) * (isCodes ? 4 : width)), isCodes: isCodes)
        var done = 0
        while done < rows {
            if pageRows == 0 { try nextPage() }
            let take = min(rows - done, pageRows)
            try readPart(take, at: done, of: rows, &output)
            done += take
            pageRows -= take
        }
        return finish(output, rows)
    }

    func read(_ rows: Int, selected: Selection) throws(EngineError) -> Vector {
        try passPending()
        if pageRows == 0 { try nextPage() }
        if pageRows >= rows, !pageHasNulls,
            let vector = try values.readSelected(rows, selected, dictionary: dictionary)
        {
            pageRows -= rows
            return vector
        }
        return try read(rows).gathered(selected)
    }

    private func readPart(_ take: Int, at done: Int, of rows: Int, _ output: inout Output) throws(EngineError)
    {
        if output.isCodes, values.form != .codes { flatten(&output, done: done, rows: rows) }
        var dense = take
        if pageHasNulls {
            let words = output.words ?? validity(of: rows, done: done)
            output.words = words
            let ones = parquet_hybrid_bits(&levels, words.pointer(as: UInt64.self), Int64(done), Int64(take))
            if ones < 0 { throw pages.damaged("a page ends inside its levels") }
            dense = Int(ones)
        } else if let words = output.words {
            parquet_set_bits(words.pointer(as: UInt64.self), Int64(done), Int64(take))
        }
        let elementWidth = output.isCodes ? 4 : width
        let target = output.buffer.base + done * elementWidth
        if output.isCodes {
            let codes = target.assumingMemoryBound(to: UInt32.self)
            try values.readCodes(dense, dictionaryCount: dictionary?.count ?? 0, to: codes)
        } else {
            try values.read(dense, dictionary: dictionary, to: target)
            if width == 16, leaf.type.physical == .view { keepHeaps(&output) }
        }
        if dense < take, let words = output.words {
            parquet_spread(
                target, words.pointer(as: UInt64.self), Int64(done), Int64(take), Int64(dense),
                Int32(elementWidth))
        }
    }

    private func keepHeaps(_ output: inout Output) {
        if values.form == .codes {
            output.heaps.append(contentsOf: dictionary?.heaps ?? [])
        } else if let owner = values.owner, output.heaps.last !== owner {
            output.heaps.append(owner)
        }
    }

    /// Makes validity words for `rows` rows of which the first `done` are not null.
    private func validity(of rows: Int, done: Int) -> Buffer {
        let words = Bitmap.makeWords(rows)
        parquet_set_bits(words.pointer(as: UInt64.self), 0, Int64(done))
        return words
    }

    /// Turns the codes read so far into views, when a page without codes follows.
    private func flatten(_ output: inout Output, done: Int, rows: Int) {
        let views = Buffer(byteCount: (rows + 8) * 16)
        if let dictionary, dictionary.count > 0 {
            parquet_gather(
                dictionary.values?.base, output.buffer.pointer(as: UInt32.self), Int64(done), views.base, 16)
            output.heaps = dictionary.heaps
        } else {
            memset(views.base, 0, done * 16)
        }
        output.buffer = views
        output.isCodes = false
    }

    private func finish(_ output: Output, _ rows: Int) -> Vector {
        let validity = output.words.map { Bitmap($0, count: rows) }
        if validity?.zeroCount == rows, rows > 0 { return .nulls(leaf.type, count: rows) }
        if output.isCodes, let dictionary {
            return .dictionary(dictionary, codes: output.buffer, count: rows, validity: validity)
        }
        return .flat(leaf.type, count: rows, values: output.buffer, validity: validity, heaps: output.heaps)
    }

    /// Opens the next data page with any rows, reading the dictionary on the way.
    private func nextPage() throws(EngineError) {
        while true {
            let header = try nextDataHeader()
            if header.valueCount == 0 {
                pages.pass(header)
            } else {
                return try open(header)
            }
        }
    }

    private func nextDataHeader() throws(EngineError) -> PageHeader {
        while let header = try pages.nextHeader() {
            switch header.kind {
            case .data, .dataV2: return header
            case .index: pages.pass(header)
            case .dictionary:
                dictionary = try pages.takeDictionaryVector(header, values: &values)
            }
        }
        throw pages.damaged("the pages hold fewer values than the footer says")
    }

    private func open(_ header: PageHeader) throws(EngineError) {
        let page = try pages.takeData(header)
        pageOwner = page.owner
        pageHasNulls = false
        if leaf.definition > 0 {
            let base = page.definition.baseAddress?.assumingMemoryBound(to: UInt8.self)
            parquet_hybrid_open(&levels, base, page.definition.count, 1)
            pageHasNulls = parquet_hybrid_leading(&levels, 1) < Int64(page.valueCount)
        }
        try values.open(page.values, encoding: page.encoding, valueCount: page.valueCount, owner: page.owner)
        pageRows = page.valueCount
    }

    /// Passes over `pendingRows`: whole pages by their headers, the rest inside the page.
    private func passPending() throws(EngineError) {
        while pendingRows > 0 {
            if pageRows == 0 {
                let header = try nextDataHeader()
                if header.valueCount <= pendingRows {
                    pages.pass(header)
                    pendingRows -= header.valueCount
                    continue
                }
                try open(header)
            }
            let take = min(pendingRows, pageRows)
            var dense = take
            if pageHasNulls {
                dense = Int(parquet_hybrid_count(&levels, Int64(take)))
                if dense < 0 { throw pages.damaged("a page ends inside its levels") }
            }
            try values.skip(dense)
            pageRows -= take
            pendingRows -= take
        }
    }
}

extension PageStream {
    /// Reads a dictionary page into a flat vector of our layout.
    mutating func takeDictionaryVector(
        _ header: PageHeader, values: inout PageValues
    ) throws(EngineError) -> Vector {
        let (bytes, owner) = try takeDictionary(header)
        guard header.encoding == .plain || header.encoding == .plainDictionary else {
            throw damaged("a dictionary has an encoding that is not supported")
        }
        let least = leaf.physical == .byteArray ? 4 : ValueConversion.storedWidth(of: leaf)
        let most = leaf.physical == .boolean ? bytes.count * 8 : bytes.count / max(least, 1)
        if header.valueCount > most {
            throw damaged("a dictionary declares more values than it has bytes for")
        }
        let width = leaf.type.physical.width
        let buffer = try memory.buffer(byteCount: max(header.valueCount, 1) * width)
        if header.valueCount > 0 {
            try values.open(bytes, encoding: .plain, valueCount: header.valueCount, owner: owner)
            try values.read(header.valueCount, dictionary: nil, to: buffer.base)
        }
        return .flat(
            leaf.type, count: header.valueCount, values: buffer,
            heaps: leaf.type.physical == .view ? [owner] : [])
    }
}
