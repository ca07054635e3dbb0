import Vocabulary

/// Says how a text file's bytes become the UTF-8 lines that readers take: its encoding, and what ends its
/// lines where that is neither a line feed nor a carriage return.
package struct TextDecoding: Sendable, Hashable {
    /// Names the encodings that are read.
    enum Encoding: Sendable, Hashable {
        case utf8, latin1, windows1252
        /// By the mark at the file's start, big-endian without one.
        case utf16
        case utf16BigEndian, utf16LittleEndian

        init?(_ name: String) {
            switch name.lowercased().filter({ $0 != "_" && $0 != "-" && $0 != " " }) {
            case "utf8", "usascii", "ascii": self = .utf8
            case "iso88591", "latin1", "l1", "cp819": self = .latin1
            case "windows1252", "cp1252": self = .windows1252
            case "utf16": self = .utf16
            case "utf16be": self = .utf16BigEndian
            case "utf16le": self = .utf16LittleEndian
            default: return nil
            }
        }
    }

    /// What a line feed within a record becomes where lines end otherwise.
    enum Feed: Sendable, Hashable { case kept, blank, standIn }

    var encoding = Encoding.utf8
    /// Nil: lines end as usual.
    var lineSeparator: [UInt8]?
    var feed = Feed.kept

    /// Takes bytes as they are.
    package static let plain = TextDecoding()

    /// Whether bytes are taken as they are. Others are read from a file's beginning.
    var isPlain: Bool { self == .plain }

    /// What stands for line feeds within records, until these are cut.
    var standIn: UInt8? {
        guard feed == .standIn, let lineSeparator else { return nil }
        return lineSeparator.count == 1 ? lineSeparator[0] : 0x1E
    }

    /// Whether a file with these options can only be read from its beginning.
    package static func isWhole(_ options: [String: String]) -> Bool {
        guard options.keys.contains(where: { ["encoding", "charset", "linesep"].contains($0.lowercased()) }),
            let decoding = try? TextDecoding(TextOptions(options), feed: .kept)
        else { return false }
        return !decoding.isPlain
    }

    /// Reads the options `encoding` (`charset`) and `lineSep`. Throws `UNSUPPORTED_FEATURE` and
    /// `INVALID_OPTION` (user).
    init(_ options: TextOptions, feed: Feed) throws(EngineError) {
        if let name = options["encoding", "charset"] {
            guard let encoding = Encoding(name) else {
                throw .user(
                    "UNSUPPORTED_FEATURE", "Text in encoding \(name) cannot be read",
                    remedy: "Take UTF-8, ISO-8859-1, windows-1252, UTF-16, UTF-16LE or UTF-16BE, or convert "
                        + "the file, as by: iconv -f \(name) -t UTF-8 file > new-file")
            }
            self.encoding = encoding
        }
        guard let separator = options["lineSep"] else { return }
        if separator.isEmpty { throw .user("INVALID_OPTION", "Option lineSep cannot be empty") }
        if ["\n", "\r", "\r\n"].contains(separator) { return }
        lineSeparator = Array(separator.utf8)
        self.feed = feed
    }

    private init() {}
}

/// Turns a file's bytes into UTF-8 lines, piece by piece. Used by one thread at a time.
struct TextDecoder {
    private let decoding: TextDecoding
    private var encoding: TextDecoding.Encoding
    /// Bytes that begin a character, or a separator, whose rest is yet to come.
    private var rest: [UInt8] = []
    private var heldBack: [UInt8] = []
    private var isAtStart = true

    init(_ decoding: TextDecoding) {
        self.decoding = decoding
        encoding = decoding.encoding
    }

    /// Returns the text of a further piece; with `isLast` nothing is held back.
    mutating func decode(_ piece: UnsafeRawBufferPointer, isLast: Bool) -> [UInt8] {
        let text: [UInt8]
        switch encoding {
        case .utf8: text = Array(piece)
        case .latin1, .windows1252: text = oneByte(piece)
        case .utf16, .utf16BigEndian, .utf16LittleEndian: text = twoBytes(piece, isLast: isLast)
        }
        return separated(text, isLast: isLast)
    }

    // MARK: Encodings

    /// What windows-1252 has from 0x80 to 0x9F; what it leaves open is the control character of ISO 8859-1.
    private static let windows: [UInt16] = [
        0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152,
        0x8D, 0x017D, 0x8F, 0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122,
        0x0161, 0x203A, 0x0153, 0x9D, 0x017E, 0x0178,
    ]

    private func oneByte(_ piece: UnsafeRawBufferPointer) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(piece.count + piece.count / 8)
        for byte in piece {
            if byte < 0x80 {
                out.append(byte)
                continue
            }
            var scalar = UInt32(byte)
            if encoding == .windows1252, byte < 0xA0 { scalar = UInt32(Self.windows[Int(byte) - 0x80]) }
            Self.append(scalar, to: &out)
        }
        return out
    }

    private mutating func twoBytes(_ piece: UnsafeRawBufferPointer, isLast: Bool) -> [UInt8] {
        var bytes = rest
        bytes.append(contentsOf: piece)
        var place = 0
        if isAtStart, bytes.count >= 2 {
            let mark = UInt16(bytes[0]) << 8 | UInt16(bytes[1])
            if encoding == .utf16 {
                encoding = mark == 0xFFFE ? .utf16LittleEndian : .utf16BigEndian
            }
            if mark == 0xFEFF || mark == 0xFFFE { place = 2 }
            isAtStart = false
        }
        let isLittle = encoding == .utf16LittleEndian
        func unit(_ at: Int) -> UInt32 {
            let (high, low) = isLittle ? (bytes[at + 1], bytes[at]) : (bytes[at], bytes[at + 1])
            return UInt32(high) << 8 | UInt32(low)
        }
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count)
        while place + 1 < bytes.count {
            let first = unit(place)
            if first & 0xFC00 == 0xD800 {
                if place + 3 >= bytes.count, !isLast { break }
                let second = place + 3 < bytes.count ? unit(place + 2) : 0
                if second & 0xFC00 == 0xDC00 {
                    Self.append(0x10000 + (first & 0x3FF) << 10 + second & 0x3FF, to: &out)
                    place += 4
                    continue
                }
            }
            Self.append(first & 0xF800 == 0xD800 ? 0xFFFD : first, to: &out)
            place += 2
        }
        if isLast, place < bytes.count { Self.append(0xFFFD, to: &out) }
        rest = isLast ? [] : Array(bytes[place...])
        return out
    }

    private static func append(_ scalar: UInt32, to out: inout [UInt8]) {
        switch scalar {
        case ..<0x80: out.append(UInt8(scalar))
        case ..<0x800: out += [UInt8(0xC0 | scalar >> 6), UInt8(0x80 | scalar & 0x3F)]
        case ..<0x10000:
            out += [
                UInt8(0xE0 | scalar >> 12), UInt8(0x80 | scalar >> 6 & 0x3F), UInt8(0x80 | scalar & 0x3F),
            ]
        default:
            out += [
                UInt8(0xF0 | scalar >> 18), UInt8(0x80 | scalar >> 12 & 0x3F),
                UInt8(0x80 | scalar >> 6 & 0x3F), UInt8(0x80 | scalar & 0x3F),
            ]
        }
    }

    // MARK: Lines

    /// Puts line feeds in the place of separators.
    private mutating func separated(_ text: [UInt8], isLast: Bool) -> [UInt8] {
        guard let separator = decoding.lineSeparator else { return text }
        let bytes = heldBack + text
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count)
        var place = 0
        while place < bytes.count {
            let byte = bytes[place]
            if byte == separator[0] {
                let known = min(separator.count, bytes.count - place)
                if bytes[place..<(place + known)] == separator[..<known] {
                    if known < separator.count, !isLast { break }
                    if known == separator.count {
                        out.append(10)
                        place += known
                        continue
                    }
                }
            }
            out.append(byte == 10 ? feed : byte)
            place += 1
        }
        heldBack = Array(bytes[place...])
        return out
    }

    private var feed: UInt8 {
        switch decoding.feed {
        case .kept: 10
        case .blank: 0x20
        case .standIn: decoding.standIn ?? 10
        }
    }
}
