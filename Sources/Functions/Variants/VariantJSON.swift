import Columns
import Kernels
import Vocabulary

/// Makes variants of JSON texts, as Spark's `VariantBuilder.parseJson` does.
enum VariantJSON {
    /// Most bytes of a variant, as in Spark.
    static let byteLimit = 128 << 20

    /// Returns the variant of a text; nil where it is no JSON, or an object holds a name twice.
    static func variant(_ text: [UInt8]) -> [UInt8]? {
        guard let value = JSONValue.parsed(text, isStrict: true) else { return nil }
        var builder = VariantBuilder()
        guard append(value, to: &builder) else { return nil }
        let variant = builder.finish()
        return variant.count <= byteLimit ? variant : nil
    }

    /// Appends a value; false where an object holds a name twice.
    static func append(_ value: JSONValue, to builder: inout VariantBuilder) -> Bool {
        switch value {
        case .null: builder.appendNull()
        case .boolean(let flag): builder.append(flag)
        case .integer(let digits):
            if let number = Int64(digits) { builder.append(number) } else { fraction(digits, &builder) }
        case .fraction(let digits): fraction(digits, &builder)
        case .string(let text): builder.append(string: text.utf8)
        case .array(let elements):
            let start = builder.position
            var offsets: [Int] = []
            for element in elements {
                offsets.append(builder.position - start)
                guard append(element, to: &builder) else { return false }
            }
            builder.finishArray(from: start, offsets)
        case .object(let members):
            let start = builder.position
            var written: [VariantBuilder.Member] = []
            for member in members {
                written.append(builder.member(member.name, from: start))
                guard append(member.value, to: &builder) else { return false }
            }
            return builder.finishObject(from: start, written) == nil
        }
        return true
    }

    /// Digits without exponent are a decimal where 38 digits hold them, all others a double.
    private static func fraction(_ digits: String, _ builder: inout VariantBuilder) {
        let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
        let scale = parts.count > 1 ? parts[1].utf8.count : 0
        let isPlain = digits.utf8.allSatisfy { (48...57).contains($0) || $0 == 45 || $0 == 46 }
        if isPlain, scale <= 38, let unscaled = Int128(parts.joined()),
            unscaled.magnitude < WideDecimal.power(38).magnitude
        {
            builder.append(unscaled: unscaled, scale: scale)
        } else {
            builder.append(Double(digits) ?? .infinity)
        }
    }
}
