import Columns
import Memory

extension Vector {
    /// Returns the vector with its string bytes copied into one new heap when fewer than a quarter of the
    /// bytes that its heaps keep alive are referenced by its values; otherwise the vector itself.
    package func compacted() -> Vector {
        if form == .dictionary { return self }
        if type.isNested {
            let smaller = children.map { $0.compacted() }
            if zip(smaller, children).allSatisfy({ $0 === $1 }) { return self }
            return Vector(
                type: type, form: form, count: count, values: values, validity: validity, children: smaller)
        }
        guard type.physical == .view, let values, !heaps.isEmpty else { return self }
        let rows = form == .constant ? 1 : count
        let views = values.pointer(as: StringView.self)
        var referenced = 0
        var i = 0
        while i < rows {
            let length = views[i].count
            referenced &+= length > StringView.inlineCapacity ? length : 0
            i &+= 1
        }
        let kept = heaps.reduce(0) { $0 + $1.byteCount }
        if referenced * 4 >= kept { return self }
        return copyingStrings(rows: rows, heapBytes: referenced)
    }

    private func copyingStrings(rows: Int, heapBytes: Int) -> Vector {
        let views = pointer(as: StringView.self)
        let heap = Buffer(byteCount: max(heapBytes, 16))
        let target = Buffer(byteCount: max(rows, 1) * 16)
        let out = target.pointer(as: StringView.self)
        var position = heap.base
        var i = 0
        while i < rows {
            let view = views[i]
            if view.isInline {
                out[i] = view
            } else {
                view.copyBytes(to: position)
                out[i] = StringView(position, count: view.count)
                position += view.count
            }
            i &+= 1
        }
        return Vector(
            type: type, form: form, count: count, values: target, validity: validity,
            heaps: heapBytes == 0 ? [] : [heap])
    }
}
