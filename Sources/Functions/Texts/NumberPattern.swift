import Vocabulary

/// A pattern of `to_number` and `to_char`, taken apart:
/// `[MI|S] [$] [0 9 , G]… [. D] [0 9]… [$] [PR|MI|S]`.
/// Source: Spark's documentation of number patterns, and its ToNumberParser for what it leaves open.
struct NumberPattern {
    /// One run of digit places.
    struct Digits: Equatable {
        var count: Int
        /// Begun by 0 before the point: all places are there.
        var isExact: Bool
    }

    enum Token: Equatable {
        /// Runs of digits, from left to right, with separators between them.
        case digits([Digits])
        case point
        case dollar
        /// `S`: a plus or a minus.
        case sign
        /// `MI`: a minus, or nothing.
        case minus
        case open
        case close
    }

    let text: String
    let tokens: [Token]
    private(set) var digitsBefore = 0
    private(set) var digitsAfter = 0

    var precision: Int { digitsBefore + digitsAfter }
    var scale: Int { digitsAfter }

    /// Throws INVALID_FORMAT with the reason.
    init(_ text: String) throws(EngineError) {
        self.text = text
        if text.isEmpty { throw Self.invalid("EMPTY", "The format '' is empty.") }
        tokens = try Self.tokens(of: text)
        try Self.check(tokens, text)
        var isAfter = false
        for token in tokens {
            if token == .point { isAfter = true }
            guard case .digits(let runs) = token else { continue }
            let count = runs.reduce(0) { $0 + $1.count }
            if isAfter { digitsAfter += count } else { digitsBefore += count }
        }
        if precision > 38 {
            throw .user(
                "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION", "The format '\(text)' has more than 38 digits.")
        }
    }

    private static func invalid(_ reason: String, _ message: String) -> EngineError {
        .user("INVALID_FORMAT.\(reason)", message)
    }

    // MARK: Reading the pattern

    private static func tokens(of text: String) throws(EngineError) -> [Token] {
        let bytes = Array(text.utf8)
        var tokens: [Token] = []
        var runs: [Digits] = []
        var separators = 0
        var isOpen = false
        var isAfter = false
        func close() throws(EngineError) {
            guard isOpen else { return }
            if isAfter, separators > 0 {
                throw invalid(
                    "THOUSANDS_SEPS_MUST_BEFORE_DEC",
                    "Thousands separators may not appear after the decimal point in '\(text)'.")
            }
            if separators > 0, separators != runs.count - 1 {
                throw invalid(
                    "CONT_THOUSANDS_SEPS",
                    "Thousands separators must have digits in between them in '\(text)'.")
            }
            if !runs.isEmpty { tokens.append(.digits(runs)) }
            (runs, separators, isOpen) = ([], 0, false)
        }
        var at = 0
        while at < bytes.count {
            let next = at + 1 < bytes.count ? bytes[at + 1] : 0
            switch bytes[at] {
            case UInt8(ascii: "0"), UInt8(ascii: "9"):
                let start = at
                while at < bytes.count, bytes[at] == UInt8(ascii: "0") || bytes[at] == UInt8(ascii: "9") {
                    at += 1
                }
                runs.append(Digits(count: at - start, isExact: bytes[start] == 48 && !isAfter))
                isOpen = true
                continue
            case UInt8(ascii: ","), UInt8(ascii: "G"):
                separators += 1
                isOpen = true
            case UInt8(ascii: "."), UInt8(ascii: "D"):
                try close()
                tokens.append(.point)
                isAfter = true
            case UInt8(ascii: "$"):
                try close()
                tokens.append(.dollar)
            case UInt8(ascii: "S"):
                try close()
                tokens.append(.sign)
            case UInt8(ascii: "M") where next == UInt8(ascii: "I"):
                try close()
                tokens.append(.minus)
                at += 1
            case UInt8(ascii: "P") where next == UInt8(ascii: "R"):
                try close()
                tokens.insert(.open, at: 0)
                tokens.append(.close)
                at += 1
            default:
                throw invalid(
                    "UNEXPECTED_TOKEN",
                    "Found an unexpected character in the format '\(text)', at its place \(at + 1).")
            }
            at += 1
        }
        try close()
        return tokens
    }

    private static func check(_ tokens: [Token], _ text: String) throws(EngineError) {
        func isDigits(_ token: Token) -> Bool { if case .digits = token { true } else { false } }
        guard let firstDigit = tokens.firstIndex(where: isDigits) else {
            throw invalid("WRONG_NUM_DIGIT", "The format '\(text)' requires at least one number digit.")
        }
        if let dollar = tokens.firstIndex(of: .dollar) {
            if firstDigit < dollar {
                throw invalid(
                    "CUR_MUST_BEFORE_DIGIT", "The currency must come before any number digit in '\(text)'.")
            }
            if let point = tokens.firstIndex(of: .point), point < dollar {
                throw invalid(
                    "CUR_MUST_BEFORE_DEC", "The currency must come before the decimal point in '\(text)'.")
            }
        }
        for token in [Token.point, .sign, .minus, .dollar, .close] {
            if tokens.filter({ $0 == token }).count > 1 {
                throw invalid("WRONG_NUM_TOKEN", "The format '\(text)' has a part twice that may stand once.")
            }
        }
        let order: [(Token) -> Bool] = [
            { $0 == .open }, { $0 == .minus || $0 == .sign }, { $0 == .dollar }, isDigits, { $0 == .point },
            isDigits, { $0 == .dollar }, { $0 == .minus || $0 == .sign || $0 == .close },
        ]
        var place = 0
        for allowed in order where place < tokens.count && allowed(tokens[place]) { place += 1 }
        if place < tokens.count {
            throw invalid("UNEXPECTED_TOKEN", "The parts of the format '\(text)' are not in their order.")
        }
    }

    // MARK: Numbers out of texts

    /// Returns the unscaled value of a text, or nil when it does not fit the pattern.
    func parse(_ input: String) -> Int128? {
        let characters = Array(input.unicodeScalars)
        var at = 0
        var (before, after) = ("", "")
        var (isNegative, isAfter, isOpen, isClosed) = (false, false, false, false)
        for token in tokens {
            let next = at < characters.count ? characters[at] : nil
            switch token {
            case .digits(let runs):
                var sizes = [0]
                while at < characters.count {
                    let character = characters[at]
                    if character == "," {
                        sizes.append(0)
                    } else if character.value >= 48, character.value <= 57 {
                        sizes[sizes.count - 1] += 1
                        if isAfter {
                            after.unicodeScalars.append(character)
                        } else {
                            before.unicodeScalars.append(character)
                        }
                    } else if !character.properties.isWhitespace {
                        break
                    }
                    at += 1
                }
                if sizes.count > runs.count { return nil }
                for (place, run) in runs.reversed().enumerated() {
                    let size = place < sizes.count ? sizes[sizes.count - 1 - place] : 0
                    if run.isExact ? size != run.count : size > run.count { return nil }
                }
            case .point:
                if next == "." { (isAfter, at) = (true, at + 1) }
            case .dollar:
                if next == "$" { at += 1 } else if next != nil { return nil }
            case .sign, .minus:
                if next == "-" {
                    (isNegative, at) = (!isNegative, at + 1)
                } else if next == "+", token == .sign {
                    at += 1
                }
            case .open:
                if next == "<" { (isOpen, at) = (true, at + 1) }
            case .close:
                guard next == ">" else { continue }
                if !isOpen { return nil }
                (isClosed, isNegative, at) = (true, !isNegative, at + 1)
            }
        }
        if at < characters.count || isOpen != isClosed || before.isEmpty && after.isEmpty { return nil }
        let padded = before + after + String(repeating: "0", count: max(0, digitsAfter - after.count))
        guard let value = Int128(padded) else { return nil }
        return isNegative ? -value : value
    }

    // MARK: Texts out of numbers

    /// Returns the text of a decimal; one that has more digits than the pattern is a row of `#`.
    func format(_ unscaled: Int128, scale: Int) -> String {
        let isNegative = unscaled < 0
        var digits = String(unscaled.magnitude)
        if digits.count <= scale { digits = String(repeating: "0", count: scale - digits.count + 1) + digits }
        var before = Array(digits.utf8.prefix(digits.count - scale).drop { $0 == 48 })
        var after = Array(digits.utf8.suffix(scale))
        while after.last == 48 { after.removeLast() }
        if before.count > digitsBefore || after.count > digitsAfter {
            before = Array(repeating: UInt8(ascii: "#"), count: digitsBefore)
            after = Array(repeating: UInt8(ascii: "#"), count: digitsAfter)
        }
        before = Array(repeating: 32, count: digitsBefore - before.count) + before
        after += Array(repeating: 48, count: digitsAfter - after.count)
        var text = NumberText()
        var (left, right, isAfter) = (0, 0, false)
        for token in tokens {
            switch token {
            case .digits(let runs):
                for (place, run) in runs.enumerated() {
                    if place > 0 { text.separate() }
                    for _ in 0..<run.count {
                        if isAfter {
                            text.bytes.append(after[right])
                            right += 1
                        } else {
                            text.append(before[left], isExact: run.isExact)
                            left += 1
                        }
                    }
                }
            case .point:
                if text.bytes.last == 32 { text.bytes[text.bytes.count - 1] = 48 }
                text.bytes.append(UInt8(ascii: "."))
                isAfter = true
            case .dollar: text.bytes.append(UInt8(ascii: "$"))
            case .sign: text.sign(isNegative ? UInt8(ascii: "-") : UInt8(ascii: "+"))
            case .minus:
                if isNegative { text.sign(UInt8(ascii: "-")) } else { text.bytes.append(32) }
            case .open:
                if isNegative { text.bytes.append(UInt8(ascii: "<")) }
            case .close:
                if isNegative {
                    text.sign(UInt8(ascii: ">"))
                } else {
                    text.dropLonePoint()
                    text.bytes += [32, 32]
                }
            }
        }
        text.dropLonePoint()
        let result = String(decoding: text.bytes, as: UTF8.self)
        return ["", "+", "-"].contains(result) ? "0" : result
    }
}

/// Builds the text of a number, in which signs stand beside the digits, behind leading blanks.
private struct NumberText {
    var bytes: [UInt8] = []

    private static let signs: Set<UInt8> = [UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "<")]

    mutating func append(_ digit: UInt8, isExact: Bool) {
        if digit != 32 {
            bytes.append(digit)
        } else if isExact {
            bytes.append(48)
        } else {
            blank()
        }
    }

    /// A separator stands only behind a digit.
    mutating func separate() {
        if let last = bytes.last, last >= 48, last <= 57 { bytes.append(UInt8(ascii: ",")) } else { blank() }
    }

    private mutating func blank() {
        var place = bytes.count
        while place > 0, Self.signs.contains(bytes[place - 1]) { place -= 1 }
        bytes.insert(32, at: place)
    }

    /// Puts a sign behind the last character that is no blank.
    mutating func sign(_ sign: UInt8) {
        dropLonePoint()
        var place = bytes.count
        while place > 0, bytes[place - 1] == 32 { place -= 1 }
        bytes.insert(sign, at: place)
    }

    /// Blanks a point that no digit follows.
    mutating func dropLonePoint() {
        guard let point = bytes.firstIndex(of: UInt8(ascii: ".")) else { return }
        if point == bytes.count - 1 || bytes[point + 1] == 32 { bytes[point] = 32 }
    }
}
