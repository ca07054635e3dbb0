import CADBC
import Columns
import Kernels
import Memory
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Gives batches to a driver as an Arrow stream. Memory of fixed-width columns is lent, the rest is made
/// anew.
enum ArrowExport {
    /// Fills `stream` with one that asks `next` for batches of these fields until it gives nil.
    ///
    /// An error of `next` ends the stream; the driver is told, and `stream`'s maker asks `failure` for it.
    static func stream(
        _ fields: [Field], into stream: UnsafeMutablePointer<ArrowArrayStream>,
        next: @escaping () throws -> Batch?
    ) -> StreamFailure {
        let failure = StreamFailure()
        let state = StreamState(fields: fields, next: next, failure: failure)
        stream.pointee = ArrowArrayStream()
        stream.pointee.private_data = Unmanaged.passRetained(state).toOpaque()
        stream.pointee.get_schema = { stream, out in
            guard let stream, let out, let data = stream.pointee.private_data else { return EINVAL }
            let state = Unmanaged<StreamState>.fromOpaque(data).takeUnretainedValue()
            ArrowExport.root(state.fields, into: out)
            return 0
        }
        stream.pointee.get_next = { stream, out in
            guard let stream, let out, let data = stream.pointee.private_data else { return EINVAL }
            return Unmanaged<StreamState>.fromOpaque(data).takeUnretainedValue().give(out)
        }
        stream.pointee.get_last_error = { stream in
            guard let data = stream?.pointee.private_data else { return nil }
            return UnsafePointer(Unmanaged<StreamState>.fromOpaque(data).takeUnretainedValue().lastError)
        }
        stream.pointee.release = { stream in
            guard let stream, let data = stream.pointee.private_data else { return }
            Unmanaged<StreamState>.fromOpaque(data).release()
            stream.pointee.private_data = nil
            stream.pointee.release = nil
        }
        return failure
    }

    /// Tells why a stream ended early. Used by the thread that the driver runs on.
    final class StreamFailure {
        fileprivate(set) var error: (any Error)?
    }

    private final class StreamState {
        let fields: [Field]
        private let next: () throws -> Batch?
        private let failure: StreamFailure
        let lastError: UnsafeMutablePointer<CChar>? = strdup("the rows could not be computed")

        init(fields: [Field], next: @escaping () throws -> Batch?, failure: StreamFailure) {
            self.fields = fields
            self.next = next
            self.failure = failure
        }

        deinit { free(lastError) }

        func give(_ out: UnsafeMutablePointer<ArrowArray>) -> Int32 {
            out.pointee = ArrowArray()
            do {
                guard let batch = try next() else { return 0 }
                let children = try zip(batch.columns, fields).map { try ArrowExport.array($0, $1.type) }
                ArrowExport.fill(
                    out, count: batch.count, nulls: 0, buffers: [nil], children: children, owners: [])
                return 0
            } catch {
                failure.error = error
                return EIO
            }
        }
    }

    // MARK: schemas

    /// Keeps a schema's texts and children until it is released.
    private final class SchemaOwner {
        var texts: [UnsafeMutablePointer<CChar>?] = []
        var children: UnsafeMutablePointer<UnsafeMutablePointer<ArrowSchema>?>?
        var count = 0

        deinit {
            for text in texts { free(text) }
            for index in 0..<count {
                guard let child = children?[index] else { continue }
                child.pointee.release?(child)
                child.deallocate()
            }
            children?.deallocate()
        }
    }

    private static func root(_ fields: [Field], into out: UnsafeMutablePointer<ArrowSchema>) {
        schema("", "+s", isNullable: false, children: fields, into: out)
    }

    private static func schema(
        _ name: String, _ format: String, isNullable: Bool, children: [Field],
        into out: UnsafeMutablePointer<ArrowSchema>
    ) {
        let owner = SchemaOwner()
        owner.texts = [strdup(format), strdup(name)]
        out.pointee = ArrowSchema()
        out.pointee.format = UnsafePointer(owner.texts[0])
        out.pointee.name = UnsafePointer(owner.texts[1])
        out.pointee.flags = isNullable ? Int64(ARROW_FLAG_NULLABLE) : 0
        if !children.isEmpty {
            let list = UnsafeMutablePointer<UnsafeMutablePointer<ArrowSchema>?>.allocate(
                capacity: children.count)
            for (index, field) in children.enumerated() {
                let child = UnsafeMutablePointer<ArrowSchema>.allocate(capacity: 1)
                var inner: [Field] = []
                if case .array(let element, _) = field.type { inner = [Field("item", element)] }
                schema(
                    field.name, self.format(of: field.type), isNullable: true, children: inner, into: child)
                list[index] = child
            }
            owner.children = list
            owner.count = children.count
            out.pointee.children = list
            out.pointee.n_children = Int64(children.count)
        }
        out.pointee.private_data = Unmanaged.passRetained(owner).toOpaque()
        out.pointee.release = { schema in
            guard let schema, let data = schema.pointee.private_data else { return }
            Unmanaged<SchemaOwner>.fromOpaque(data).release()
            schema.pointee.private_data = nil
            schema.pointee.release = nil
        }
    }

    /// Returns Arrow's format of a type; other types than these must have been cast before.
    private static func format(of type: DataType) -> String {
        switch type {
        case .boolean: "b"
        case .int8: "c"
        case .int16: "s"
        case .int32: "i"
        case .int64: "l"
        case .float: "f"
        case .double: "g"
        case .binary: "z"
        case .date: "tdD"
        case .timestamp: "tsu:UTC"
        case .timestampNTZ: "tsu:"
        case .decimal(let precision, let scale): "d:\(precision),\(scale)"
        case .array: "+l"
        case .null: "n"
        default: "u"
        }
    }

    // MARK: arrays

    /// One column, ready to be given away.
    fileprivate struct Column {
        var count: Int
        var nulls: Int
        var buffers: [UnsafeRawPointer?]
        var children: [Column]
        /// What keeps the buffers alive.
        var owners: [AnyObject]
    }

    private final class ArrayOwner {
        var owners: [AnyObject] = []
        var buffers: UnsafeMutablePointer<UnsafeRawPointer?>?
        var children: UnsafeMutablePointer<UnsafeMutablePointer<ArrowArray>?>?
        var childCount = 0

        deinit {
            buffers?.deallocate()
            for index in 0..<childCount {
                guard let child = children?[index] else { continue }
                child.pointee.release?(child)
                child.deallocate()
            }
            children?.deallocate()
        }
    }

    fileprivate static func fill(
        _ out: UnsafeMutablePointer<ArrowArray>, count: Int, nulls: Int, buffers: [UnsafeRawPointer?],
        children: [Column], owners: [AnyObject]
    ) {
        let owner = ArrayOwner()
        owner.owners = owners
        let list = UnsafeMutablePointer<UnsafeRawPointer?>.allocate(capacity: max(1, buffers.count))
        for (index, buffer) in buffers.enumerated() { list[index] = buffer }
        owner.buffers = list
        out.pointee = ArrowArray()
        out.pointee.length = Int64(count)
        out.pointee.null_count = Int64(nulls)
        out.pointee.n_buffers = Int64(buffers.count)
        out.pointee.buffers = list
        if !children.isEmpty {
            let all = UnsafeMutablePointer<UnsafeMutablePointer<ArrowArray>?>.allocate(
                capacity: children.count)
            for (index, column) in children.enumerated() {
                let child = UnsafeMutablePointer<ArrowArray>.allocate(capacity: 1)
                fill(
                    child, count: column.count, nulls: column.nulls, buffers: column.buffers,
                    children: column.children, owners: column.owners)
                all[index] = child
            }
            owner.children = all
            owner.childCount = children.count
            out.pointee.children = all
            out.pointee.n_children = Int64(children.count)
        }
        out.pointee.private_data = Unmanaged.passRetained(owner).toOpaque()
        out.pointee.release = { array in
            guard let array, let data = array.pointee.private_data else { return }
            Unmanaged<ArrayOwner>.fromOpaque(data).release()
            array.pointee.private_data = nil
            array.pointee.release = nil
        }
    }

    private static func array(_ vector: Vector, _ type: DataType) throws -> Column {
        let flat = vector.flattened()
        let count = flat.count
        let nulls = flat.nullCount
        var owners: [AnyObject] = [flat]
        let validity = flat.validity.map { UnsafeRawPointer($0.buffer.base) }
        func column(_ buffers: [UnsafeRawPointer?], _ children: [Column] = []) -> Column {
            Column(
                count: count, nulls: nulls, buffers: [validity] + buffers, children: children, owners: owners)
        }
        func lent(_ buffer: Buffer) -> UnsafeRawPointer {
            owners.append(buffer)
            return UnsafeRawPointer(buffer.base)
        }
        switch type.physical {
        case .null: return Column(count: count, nulls: count, buffers: [], children: [], owners: owners)
        case .bool:
            let bits = Bitmap.makeWords(count)
            let (out, source) = (bits.pointer(as: UInt8.self), flat.pointer(as: UInt8.self))
            var row = 0
            while row < count {
                out[row >> 3] |= (source[row] & 1) << UInt8(row & 7)
                row &+= 1
            }
            return column([lent(bits)])
        case .view:
            let (offsets, bytes) = try texts(flat)
            return column([lent(offsets), lent(bytes)])
        case .list:
            let elements = try flat.children.first.map { child -> Column in
                guard case .array(let element, _) = type else { return try array(child, child.type) }
                return try array(child, element)
            }
            return column([flat.values.map { UnsafeRawPointer($0.base) }], elements.map { [$0] } ?? [])
        case .int64 where type.isDecimal:
            // Arrow's decimals have 128 bits.
            let wide = Buffer(byteCount: max(1, count) * 16)
            let (out, source) = (wide.pointer(as: Int128.self), flat.pointer(as: Int64.self))
            var row = 0
            while row < count {
                out[row] = Int128(source[row])
                row &+= 1
            }
            return column([lent(wide)])
        default: return column([flat.values.map { UnsafeRawPointer($0.base) }])
        }
    }

    /// Returns offsets and bytes of a column of views; null rows have no bytes. Throws
    /// `DATABASE_ROWS_TOO_LARGE` (data) for more bytes than Arrow's offsets of 32 bits reach.
    private static func texts(_ flat: Vector) throws -> (Buffer, Buffer) {
        let count = flat.count
        let offsets = Buffer(byteCount: (count + 1) * 4)
        let out = offsets.pointer(as: Int32.self)
        let views = flat.pointer(as: StringView.self)
        var total = 0
        var row = 0
        while row < count {
            out[row] = Int32(truncatingIfNeeded: total)
            if !flat.isNull(row) { total &+= views[row].count }
            row &+= 1
        }
        guard total <= Int(Int32.max) else {
            throw EngineError.data(
                "DATABASE_ROWS_TOO_LARGE",
                "\(count) rows have more than 2 GiB of text in one column, more than a driver takes at once")
        }
        out[count] = Int32(total)
        let bytes = Buffer(byteCount: max(1, total))
        row = 0
        while row < count {
            if !flat.isNull(row) { views[row].copyBytes(to: bytes.base + Int(out[row])) }
            row &+= 1
        }
        return (offsets, bytes)
    }
}
