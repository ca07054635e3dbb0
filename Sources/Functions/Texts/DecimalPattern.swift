import Kernels
import Vocabulary

/// Writes numbers by a pattern such as `#,##0.00` or `0.##E0`, as Java's `DecimalFormat` does in English.
struct DecimalPattern {
    private var prefix = ""
    private var suffix = ""
    private var negativePrefix = "-"
    private var negativeSuffix: String?
    private var leastWhole = 1
    private var mostWhole = 1
    private var leastFraction = 0
    private var mostFraction = 0
    /// Digits between commas; 0 for no commas.
    private var group = 3
    /// Least digits of an exponent; nil for none.
    private var exponent: Int?
    private var percent = false

    /// Makes the pattern with commas and a fixed number of digits behind the point.
    init(places: Int) { (leastFraction, mostFraction) = (places, places) }

    /// Reads a pattern; an empty one is `#,##0`. Throws for one that is none.
    init(_ text: String) throws(EngineError) {
        if text.isEmpty { return }
        var scan = PatternScan(text)
        guard let first = scan.part() else { throw DecimalPattern.invalid(text) }
        prefix = first.prefix
        suffix = first.suffix
        percent = first.percent
        negativePrefix = "-" + prefix
        if scan.skipSemicolon() {
            guard let second = scan.part() else { throw DecimalPattern.invalid(text) }
            (negativePrefix, negativeSuffix) = (second.prefix, second.suffix)
        }
        guard scan.isAtEnd else { throw DecimalPattern.invalid(text) }
        take(first)
    }

    private static func invalid(_ text: String) -> EngineError {
        .user(
            "INVALID_PARAMETER_VALUE.PATTERN", "The pattern '\(text)' of `format_number` is none.",
            remedy: "Write digits as # and 0, one comma or point among them, such as '#,##0.00'.")
    }

    /// Counts digits as `DecimalFormat.applyPattern` does.
    private mutating func take(_ part: PatternScan.Part) {
        var (left, zeros, right) = (part.left, part.zeros, part.right)
        if zeros == 0, left > 0, let point = part.point {
            let whole = max(point, 1)
            (left, zeros, right) = (whole - 1, 1, left - whole)
        }
        let total = left + zeros + right
        let point = part.point ?? total
        leastWhole = point - left
        exponent = part.exponent
        mostWhole = exponent == nil ? .max : left + leastWhole
        mostFraction = part.point == nil ? 0 : total - point
        leastFraction = part.point == nil ? 0 : max(0, left + zeros - point)
        group = part.group ?? 0
    }

    /// Writes a double.
    func text(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return signed(value < 0, "∞") }
        return text(DigitNumber(value))
    }

    /// Writes a number.
    func text(_ number: DigitNumber) -> String {
        var number = number
        if percent, !number.digits.isEmpty { number.point += 2 }
        if exponent != nil { return signed(number.isNegative, scientific(number)) }
        let rounded = number.rounded(to: number.point + mostFraction)
        return signed(number.isNegative, plain(rounded, leastWhole: leastWhole, leastFraction: leastFraction))
    }

    private func signed(_ isNegative: Bool, _ body: String) -> String {
        isNegative ? negativePrefix + body + (negativeSuffix ?? suffix) : prefix + body + suffix
    }

    private func plain(_ number: DigitNumber, leastWhole: Int, leastFraction: Int) -> String {
        let size = max(number.digits.isEmpty ? 0 : number.point, leastWhole)
        func digit(_ place: Int) -> UInt8 { number.digits.indices.contains(place) ? number.digits[place] : 0 }
        let first = number.digits.isEmpty ? -size : number.point - size
        var whole = ""
        for i in 0..<max(0, size) {
            if i > 0, group > 0, (size - i) % group == 0 { whole += "," }
            whole += "\(digit(first + i))"
        }
        let behind = number.digits.isEmpty ? 0 : max(0, number.digits.count - number.point)
        let places = max(leastFraction, behind)
        let start = number.digits.isEmpty ? 0 : number.point
        let fraction = (0..<places).map { "\(digit(start + $0))" }.joined()
        if whole.isEmpty, fraction.isEmpty { whole = "0" }
        return whole + (fraction.isEmpty ? "" : "." + fraction)
    }

    private func scientific(_ number: DigitNumber) -> String {
        let rounded = number.rounded(to: mostWhole + mostFraction)
        var power = 0
        var least = leastWhole
        if !rounded.digits.isEmpty {
            if mostWhole > 1, mostWhole > leastWhole {
                // Engineering: exponents are multiples.
                power = Int((Double(rounded.point - 1) / Double(mostWhole)).rounded(.down)) * mostWhole
                least = 1
            } else {
                power = rounded.point - (leastWhole > 0 || leastFraction > 0 ? leastWhole : 1)
            }
        }
        var mantissa = rounded
        mantissa.point -= power
        let digits = String(power.magnitude)
        let padding = String(repeating: "0", count: max(0, (exponent ?? 1) - digits.utf8.count))
        return plain(mantissa, leastWhole: least, leastFraction: leastFraction) + "E" + (power < 0 ? "-" : "")
            + padding + digits
    }
}

/// Reads the parts of a number pattern.
private struct PatternScan {
    /// One of the two parts: what stands around the digits, and how many of each kind there are.
    struct Part {
        var prefix = ""
        var suffix = ""
        var percent = false
        var left = 0
        var zeros = 0
        var right = 0
        var point: Int?
        var group: Int?
        var exponent: Int?
    }

    private let characters: [Character]
    private var at = 0

    init(_ text: String) { characters = Array(text) }

    var isAtEnd: Bool { at == characters.count }

    mutating func skipSemicolon() -> Bool {
        guard at < characters.count, characters[at] == ";" else { return false }
        at += 1
        return true
    }

    mutating func part() -> Part? {
        var part = Part()
        part.prefix = affix(&part)
        while at < characters.count, take(characters[at], &part) { at += 1 }
        if at < characters.count, characters[at] == "E" {
            at += 1
            var digits = 0
            while at < characters.count, characters[at] == "0" {
                digits += 1
                at += 1
            }
            if digits == 0 { return nil }
            part.exponent = digits
        }
        part.suffix = affix(&part)
        let isWrong =
            part.left + part.zeros == 0 || part.group == 0 || part.exponent != nil && part.group != nil
        return isWrong ? nil : part
    }

    /// Counts a digit, comma or point; false for anything else, and where it may not stand.
    private func take(_ character: Character, _ part: inout Part) -> Bool {
        switch character {
        case "#":
            if part.zeros > 0 { part.right += 1 } else { part.left += 1 }
            if part.point == nil { part.group = part.group.map { $0 + 1 } }
        case "0":
            if part.right > 0 { return false }
            part.zeros += 1
            if part.point == nil { part.group = part.group.map { $0 + 1 } }
        case ",":
            if part.point != nil { return false }
            part.group = 0
        case ".":
            if part.point != nil { return false }
            part.point = part.left + part.zeros + part.right
        default: return false
        }
        return true
    }

    /// Reads text around the digits: quotes make every character plain, a percent sign takes hundredths.
    private mutating func affix(_ part: inout Part) -> String {
        var text = ""
        var quoted = false
        while at < characters.count {
            let character = characters[at]
            if character == "'" {
                if at + 1 < characters.count, characters[at + 1] == "'" {
                    text += "'"
                    at += 1
                } else {
                    quoted.toggle()
                }
            } else if !quoted, "#0,.;".contains(character) {
                return text
            } else {
                if character == "%", !quoted { part.percent = true }
                text.append(character)
            }
            at += 1
        }
        return text
    }
}
