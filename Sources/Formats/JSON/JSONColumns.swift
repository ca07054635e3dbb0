import CKernels
import Columns
import Kernels
import Memory
import Vocabulary

/// Turns the places that a walk found into vectors.
struct JSONColumns {
    let plan: JSONWalkPlan
    let heap: Buffer
    let zone: Zone
    let patterns: TextPatterns
    let memory: CountedMemory

    /// A column, and which of its values did not fit.
    struct Outcome {
        var vector: Vector
        /// Values that did not fit themselves: an array that holds one does not fit either.
        var unfit: Bitmap?
        /// Values that hold something that did not fit, at any depth.
        var touched: Bitmap?
    }

    /// Makes the vector of the first `count` values of `node`, whose type is `type`.
    func column(_ node: Int, _ type: DataType, count: Int) throws(EngineError) -> Outcome {
        switch type {
        case .structure(let fields): return try structure(node, type, fields, count)
        case .array(let element, _):
            return try list(node, type, count, [(Int(plan.nodes[node].element), element)])
        case .map(let key, let value, _):
            return try list(
                node, type, count, [(Int(plan.nodes[node].key), key), (Int(plan.nodes[node].element), value)])
        default:
            let places = plan.nodes[node]
            let tokens = TokenColumn(
                heap: heap, starts: places.starts, ends: places.ends, count: count, style: .json, zone: zone,
                patterns: patterns, memory: memory)
            let outcome = try tokens.parse(as: type)
            return Outcome(vector: outcome.vector, unfit: outcome.bad, touched: outcome.bad)
        }
    }

    /// Reads from a node of objects or lists which values are there, and which are something else.
    private func presence(_ node: Int, _ count: Int) -> (valid: Bitmap, unfit: Bitmap?) {
        let valid = Bitmap.makeWords(count)
        let unfit = Bitmap.makeWords(count)
        let (validWords, unfitWords) = (valid.pointer(as: UInt64.self), unfit.pointer(as: UInt64.self))
        let starts = plan.nodes[node].starts.unsafelyUnwrapped
        var anyUnfit = false
        var i = 0
        while i < count {
            let bit = UInt64(1) << UInt64(i & 63)
            if starts[i] < UInt32(JSON_MISMATCH) {
                validWords[i >> 6] |= bit
            } else if starts[i] == UInt32(JSON_MISMATCH) {
                unfitWords[i >> 6] |= bit
                anyUnfit = true
            }
            i &+= 1
        }
        return (Bitmap(valid, count: count), anyUnfit ? Bitmap(unfit, count: count) : nil)
    }

    private func structure(
        _ node: Int, _ type: DataType, _ fields: [Field], _ count: Int
    ) throws(EngineError) -> Outcome {
        let (valid, unfit) = presence(node, count)
        var touched = unfit
        var children: [Vector] = []
        for (i, field) in fields.enumerated() {
            let member = try column(plan.member(i, of: node), field.type, count: count)
            children.append(member.vector)
            touched = Bitmap.union(touched, member.touched)
        }
        let vector = Vector.flat(type, count: count, values: nil, validity: valid, children: children)
        return Outcome(vector: vector, unfit: unfit, touched: touched)
    }

    private func list(
        _ node: Int, _ type: DataType, _ count: Int, _ elements: [(node: Int, type: DataType)]
    ) throws(EngineError) -> Outcome {
        let (valid, unfit) = presence(node, count)
        let lengths = plan.nodes[node].ends.unsafelyUnwrapped
        let offsets = Buffer(byteCount: (count + 1) * 4)
        let out = offsets.pointer(as: Int32.self)
        var total: Int32 = 0
        var i = 0
        while i < count {
            out[i] = total
            total &+= Int32(bitPattern: lengths[i])
            i &+= 1
        }
        out[count] = total
        var children: [Vector] = []
        var (unfitElements, touchedElements): (Bitmap?, Bitmap?) = (nil, nil)
        for element in elements {
            let outcome = try column(element.node, element.type, count: Int(total))
            children.append(outcome.vector)
            unfitElements = Bitmap.union(unfitElements, outcome.unfit)
            touchedElements = Bitmap.union(touchedElements, outcome.touched)
        }
        let unfitLists = Bitmap.union(unfit, unfitElements.map { folded($0, out, count) })
        let touched = Bitmap.union(unfitLists, touchedElements.map { folded($0, out, count) })
        let validity = Bitmap.difference(valid, unfitLists)
        let vector = Vector.flat(type, count: count, values: offsets, validity: validity, children: children)
        return Outcome(vector: vector, unfit: unfitLists, touched: touched)
    }

    /// Returns which lists hold an element whose bit is set.
    private func folded(_ elements: Bitmap, _ offsets: UnsafeMutablePointer<Int32>, _ count: Int) -> Bitmap {
        let buffer = Bitmap.makeWords(count)
        let words = buffer.pointer(as: UInt64.self)
        for i in 0..<count {
            for at in offsets[i]..<offsets[i + 1] where elements.isSet(Int(at)) {
                words[i >> 6] |= 1 << UInt64(i & 63)
            }
        }
        return Bitmap(buffer, count: count)
    }
}

extension Bitmap {
    /// Returns the bits set in either; nil stands for "none set".
    static func union(_ a: Bitmap?, _ b: Bitmap?) -> Bitmap? {
        guard let a else { return b }
        guard let b else { return a }
        let buffer = makeWords(a.count)
        let out = buffer.pointer(as: UInt64.self)
        for i in 0..<wordCount(a.count) { out[i] = a.words[i] | b.words[i] }
        return Bitmap(buffer, count: a.count)
    }

    /// Returns the bits set in `a` but not in `b`; nil for `b` stands for "none set".
    static func difference(_ a: Bitmap, _ b: Bitmap?) -> Bitmap {
        guard let b else { return a }
        let buffer = makeWords(a.count)
        let out = buffer.pointer(as: UInt64.self)
        for i in 0..<wordCount(a.count) { out[i] = a.words[i] & ~b.words[i] }
        return Bitmap(buffer, count: a.count)
    }
}
