import Columns
import Kernels
import Vocabulary

/// Reads JSON texts straight into columns. Means what `JSONConversion` says, value by value.
struct JSONColumnReader {
    let tape = JSONTape()
    let conversion: JSONConversion
    private let target: JSONTarget
    private let builder: ColumnBuilder
    private var scratch: [UInt8] = []

    init(_ type: DataType, _ conversion: JSONConversion, capacity: Int) {
        self.conversion = conversion
        target = JSONTarget(type)
        builder = ColumnBuilder(type, capacity: capacity)
    }

    func appendNull() { builder.appendNull() }

    func finish(_ source: Vector) -> Vector { builder.finish(shared: source.heaps) }

    /// Appends the value of a text. Throws MALFORMED_RECORD_IN_PARSING in mode FAILFAST.
    mutating func append(_ text: UnsafeRawBufferPointer) throws {
        guard target.kind == .structure, text.contains(where: { $0 > 32 }) else {
            return builder.append(try conversion.value(Array(text)))
        }
        var isBroken = false
        let isObject = tape.read(text) && tape[0].kind == .object
        if isObject {
            find(target, 0, &isBroken)
            for i in target.children.indices where i != conversion.corruptMember {
                appendMember(target, i, builder, &isBroken)
            }
        } else {
            isBroken = true
            for (i, child) in builder.children.enumerated() where i != conversion.corruptMember {
                child.appendNull()
            }
        }
        if isBroken { try conversion.checkMode(text) }
        if let corrupt = conversion.corruptMember {
            if isBroken {
                builder.children[corrupt].append(.string(String(decoding: text, as: UTF8.self)))
            } else {
                builder.children[corrupt].appendNull()
            }
        }
        builder.endStructure()
    }

    /// Finds the members of an object: of a name that stands twice the last.
    private func find(_ target: JSONTarget, _ place: Int, _ isBroken: inout Bool) {
        target.clearPlaces()
        let end = tape.next(place)
        var (name, hint) = (place + 1, 0)
        while name < end {
            if let member = target.member(tape, name, near: hint) {
                let before = target.places[member]
                if before >= 0, !conversion.fits(tape.value(before), target.children[member].type) {
                    isBroken = true
                }
                target.places[member] = name + 1
                hint = member + 1
            }
            name = tape.next(name + 1)
        }
    }

    private mutating func appendMember(
        _ target: JSONTarget, _ member: Int, _ builder: ColumnBuilder, _ isBroken: inout Bool
    ) {
        let place = target.places[member]
        let child = builder.children[member]
        if place < 0 { return child.appendNull() }
        appendPart(place, target.children[member], child, &isBroken)
    }

    /// Appends a value, or null where it does not fit.
    private mutating func appendPart(
        _ place: Int, _ target: JSONTarget, _ builder: ColumnBuilder, _ isBroken: inout Bool
    ) {
        if append(place, target, builder, &isBroken) { return }
        isBroken = true
        builder.appendNull()
    }

    /// Appends a value; false, with nothing appended, where it does not fit.
    private mutating func append(
        _ place: Int, _ target: JSONTarget, _ builder: ColumnBuilder, _ isBroken: inout Bool
    ) -> Bool {
        let kind = tape[place].kind
        if kind == .null, target.type != .variant {
            builder.appendNull()
            return true
        }
        switch target.kind {
        case .structure:
            guard kind == .object else { return false }
            find(target, place, &isBroken)
            for i in target.children.indices { appendMember(target, i, builder, &isBroken) }
            builder.endStructure()
        case .array:
            guard kind == .array else { return false }
            // An element that does not fit at all takes the whole array with it.
            let elements = builder.children[0]
            let before = elements.count
            var child = place + 1
            let end = tape.next(place)
            while child < end {
                if !append(child, target.children[0], elements, &isBroken) {
                    elements.truncate(to: before)
                    return false
                }
                child = tape.next(child)
            }
            builder.endList()
        case .map:
            guard kind == .object else { return false }
            return appendMap(place, target, builder, &isBroken)
        case .boolean:
            guard kind == .true_ || kind == .false_ else { return false }
            builder.append(integer: kind == .true_ ? 1 : 0)
        case .integer:
            guard kind == .integer, let value = NumberText.parseInteger(tape.raw(place), cutting: false),
                value >> (target.bits - 1) == value >> 63
            else { return false }
            builder.append(integer: value)
        case .double:
            guard kind == .integer || kind == .fraction,
                let value = ExactDouble.read(tape.raw(place))
            else { return appendScalar(place, target, builder, &isBroken) }
            builder.append(double: value)
        case .string: appendString(place, builder)
        case .time:
            guard kind == .plain, let time = conversion.reader.time(tape.raw(place), target.type) else {
                return appendScalar(place, target, builder, &isBroken)
            }
            builder.append(integer: time)
        case .other: return appendScalar(place, target, builder, &isBroken)
        }
        return true
    }

    private mutating func appendString(_ place: Int, _ builder: ColumnBuilder) {
        if let bytes = tape.shared(place) { return builder.share(bytes) }
        scratch.removeAll(keepingCapacity: true)
        if tape.appendPlain(place, to: &scratch) {
            scratch.withUnsafeBytes { builder.append(bytes: $0) }
        } else {
            builder.appendNull()
        }
    }

    private mutating func appendMap(
        _ place: Int, _ target: JSONTarget, _ builder: ColumnBuilder, _ isBroken: inout Bool
    ) -> Bool {
        var names: [Int] = []
        var child = place + 1
        while child < tape.next(place) {
            names.append(child)
            child = tape.next(child + 1)
        }
        guard names.count <= 16, !hasTwice(names) else {
            return appendScalar(place, target, builder, &isBroken)
        }
        let (keys, values) = (builder.children[0], builder.children[1])
        let before = keys.count
        for name in names {
            appendString(name, keys)
            if !append(name + 1, target.children[1], values, &isBroken) {
                keys.truncate(to: before)
                values.truncate(to: before)
                return false
            }
        }
        builder.endList()
        return true
    }

    private func hasTwice(_ names: [Int]) -> Bool {
        for (i, name) in names.enumerated() {
            if tape[name].kind == .escaped { return true }
            let raw = tape.raw(name)
            for other in names[..<i] where tape.isName(other, raw) { return true }
        }
        return false
    }

    private func appendScalar(
        _ place: Int, _ target: JSONTarget, _ builder: ColumnBuilder, _ isBroken: inout Bool
    ) -> Bool {
        guard let value = conversion.convert(tape.value(place), target.type, &isBroken) else { return false }
        builder.append(value)
        return true
    }
}
