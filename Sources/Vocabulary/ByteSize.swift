/// Parses and prints amounts of bytes as users write them: `512`, `64k`, `10 MiB`, `2g`.
package enum ByteSize {
    /// Returns the number of bytes, or nil when the text is not a size. Units are powers of 1024, in either
    /// case.
    package static func parse(_ text: String) -> Int? {
        let lowered = text.lowercased().filter { $0 != " " && $0 != "_" }
        let digits = lowered.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int(digits) else { return nil }
        let shift: Int
        switch lowered.dropFirst(digits.count) {
        case "", "b": shift = 0
        case "k", "kb", "ki", "kib": shift = 10
        case "m", "mb", "mi", "mib": shift = 20
        case "g", "gb", "gi", "gib": shift = 30
        case "t", "tb", "ti", "tib": shift = 40
        default: return nil
        }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: 1 << shift)
        return overflow ? nil : bytes
    }

    /// Prints with one decimal and the largest unit that keeps the number above 1: `1.5 GiB`.
    package static func format(_ bytes: Int) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB"]
        var value = Double(bytes)
        var unit = 0
        while value >= 1024, unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        if unit == 0 { return "\(bytes) B" }
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10) \(units[unit])"
    }
}
