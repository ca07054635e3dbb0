/// Finds notes to oneself and traces of one person's machine. Words are put together here so that this file
/// passes.
enum Leftovers {
    private static let notes = ["TO" + "DO", "FIX" + "ME", "HA" + "CK:", "XX" + "X:"]
    private static let places = [
        "../sha" + "red", ".cache/mill" + "race-peers", "pypi" + ".org", "python" + "hosted", "/ro" + "ot/",
    ]
    private static let workplace = "/wo" + "rk/"

    /// Reports unfinished-work marks and paths or hosts of a workplace.
    static func violations(in file: SourceFile) -> [Violation] {
        var result: [Violation] = []
        for (index, line) in file.lines.enumerated() {
            // Each searched word has one of these bytes; most lines are done after one pass.
            if !line.utf8.contains(where: {
                $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "X")
                    || $0 == UInt8(ascii: "O") || $0 == UInt8(ascii: "K") || $0 == UInt8(ascii: ".")
            }) {
                continue
            }
            for note in notes where holds(line, note) && !continues(line, note) {
                result.append(Violation(file, line: index + 1, "\(note): finish it, or file an issue"))
            }
            for place in places where holds(line, place) {
                result.append(Violation(file, line: index + 1, "\(place) belongs to one workplace"))
            }
            if let range = find(line, workplace), !followsWord(line, range) {
                result.append(Violation(file, line: index + 1, "\(workplace) belongs to one workplace"))
            }
        }
        return result
    }

    private static func holds(_ line: Substring, _ word: String) -> Bool { find(line, word) != nil }

    /// Returns the byte offset of `word` in `line`.
    private static func find(_ line: Substring, _ word: String) -> Int? {
        var wanted = word
        return wanted.withUTF8 { wanted in
            line.utf8.withContiguousStorageIfAvailable { bytes -> Int? in
                var at = 0
                let last = bytes.count - wanted.count
                while at <= last {
                    if bytes[at] == wanted[0] {
                        var length = 1
                        while length < wanted.count, bytes[at + length] == wanted[length] { length += 1 }
                        if length == wanted.count { return at }
                    }
                    at += 1
                }
                return nil
            } ?? nil
        }
    }

    /// Says whether letters go on before or after the word: then it is a name, not a mark.
    private static func continues(_ line: Substring, _ word: String) -> Bool {
        guard let at = find(line, word) else { return false }
        let bytes = line.utf8
        let before = at > 0 ? bytes[bytes.index(bytes.startIndex, offsetBy: at - 1)] : 32
        let end = at + word.utf8.count
        let after = end < bytes.count ? bytes[bytes.index(bytes.startIndex, offsetBy: end)] : 32
        return isLetter(before) || isLetter(after)
    }

    private static func followsWord(_ line: Substring, _ at: Int) -> Bool {
        guard at > 0 else { return false }
        let byte = line.utf8[line.utf8.index(line.utf8.startIndex, offsetBy: at - 1)]
        return isLetter(byte) || byte == UInt8(ascii: "}") || byte == UInt8(ascii: ".")
            || byte == UInt8(ascii: "*")
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (byte | 32 >= UInt8(ascii: "a") && byte | 32 <= UInt8(ascii: "z")) || (byte >= 48 && byte <= 57)
            || byte == 95
    }
}
