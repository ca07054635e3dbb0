import Synchronization
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Knows the offsets of a time zone from UTC: a fixed offset, or the transitions of the system's zone
/// database (TZif, RFC 8536).
package final class Zone: Sendable {
    package let name: String
    /// Offset in seconds before the first transition, and at all times of a fixed zone.
    private let firstOffset: Int
    /// Instants (seconds since 1970 UTC) at which the offset changes, ascending, and the offset from then on.
    private let transitions: [Int]
    private let offsets: [Int]
    /// What clocks are called before the first transition, and from each on, such as `CET`.
    private let firstLetters: String
    private let letters: [String]
    /// The rule for years after the last transition.
    private let rule: ZoneRule?

    init(
        name: String, firstOffset: Int, transitions: [Int] = [], offsets: [Int] = [],
        firstLetters: String = "", letters: [String] = [], rule: ZoneRule? = nil
    ) {
        self.name = name
        self.firstLetters = firstLetters
        self.letters = letters
        self.firstOffset = firstOffset
        self.transitions = transitions
        self.offsets = offsets
        self.rule = rule
    }

    package static let utc = Zone(name: "UTC", firstOffset: 0)
    package var isUTC: Bool { transitions.isEmpty && firstOffset == 0 && rule == nil }

    /// Whether clocks never change there.
    package var isFixed: Bool { transitions.isEmpty && rule == nil }

    /// Zones read so far, by name. The mutex guards it.
    private static let known = Mutex<[String: Zone]>([:])

    /// Returns the zone called `name`: an id of the zone database, `UTC`, `Z`, or an offset such as `+02:00`.
    /// Throws `INVALID_TIMEZONE`.
    package static func named(_ name: String) throws(EngineError) -> Zone {
        if let zone = known.withLock({ $0[name] }) { return zone }
        let full = short[name] ?? name
        guard let zone = fixed(full) ?? database(full) else {
            throw .user(
                "INVALID_TIMEZONE",
                "The timezone: \(name) is invalid. Use an id such as Europe/Oslo or an offset.")
        }
        known.withLock { $0[name] = zone }
        return zone
    }

    /// What short names mean, as in Java's `ZoneId.SHORT_IDS`; the zone database knows few of them.
    private static let short: [String: String] = [
        "ACT": "Australia/Darwin", "AET": "Australia/Sydney", "AGT": "America/Argentina/Buenos_Aires",
        "ART": "Africa/Cairo", "AST": "America/Anchorage", "BET": "America/Sao_Paulo", "BST": "Asia/Dhaka",
        "CAT": "Africa/Harare", "CNT": "America/St_Johns", "CST": "America/Chicago", "CTT": "Asia/Shanghai",
        "EAT": "Africa/Addis_Ababa", "ECT": "Europe/Paris", "IET": "America/Indiana/Indianapolis",
        "IST": "Asia/Kolkata", "JST": "Asia/Tokyo", "MIT": "Pacific/Apia", "NET": "Asia/Yerevan",
        "NST": "Pacific/Auckland", "PLT": "Asia/Karachi", "PNT": "America/Phoenix",
        "PRT": "America/Puerto_Rico", "PST": "America/Los_Angeles", "SST": "Pacific/Guadalcanal",
        "VST": "Asia/Ho_Chi_Minh", "EST": "-05:00", "MST": "-07:00", "HST": "-10:00",
    ]

    /// Parses `UTC`, `GMT`, `Z`, `±h`, `±hh:mm`, `±hh:mm:ss`, also after UTC, GMT or UT.
    private static func fixed(_ name: String) -> Zone? {
        var rest = Substring(name)
        if ["UTC", "GMT", "Z", "UT"].contains(name) { return Zone(name: name, firstOffset: 0) }
        for prefix in ["UTC", "GMT", "UT"] where rest.hasPrefix(prefix) {
            rest = rest.dropFirst(prefix.count)
            break
        }
        guard let sign = rest.first, sign == "+" || sign == "-" else { return nil }
        let parts = rest.dropFirst().split(separator: ":", omittingEmptySubsequences: false)
        var numbers = parts.compactMap { $0.count <= 2 ? Int($0) : nil }
        if parts.count == 1, parts[0].count == 4, let all = Int(parts[0]) {
            numbers = [all / 100, all % 100]
        }
        if numbers.isEmpty || numbers.count > 3 || parts.count > 1 && numbers.count != parts.count {
            return nil
        }
        while numbers.count < 3 { numbers.append(0) }
        if numbers[0] > 18 || numbers[1] > 59 || numbers[2] > 59 { return nil }
        let seconds = numbers[0] * 3600 + numbers[1] * 60 + numbers[2]
        return Zone(name: name, firstOffset: sign == "-" ? -seconds : seconds)
    }

    private static func database(_ name: String) -> Zone? {
        let plain = name.utf8.allSatisfy {
            ($0 >= 48 && $0 <= 57) || ($0 | 32 >= 97 && $0 | 32 <= 122) || "/_+-".utf8.contains($0)
        }
        guard plain, !name.isEmpty, !name.hasPrefix("/") else { return nil }
        for folder in ["/usr/share/zoneinfo/", "/usr/lib/zoneinfo/"] {
            guard let file = fopen(folder + name, "rb") else { continue }
            defer { fclose(file) }
            var bytes = [UInt8](repeating: 0, count: 1 << 17)
            let count = fread(&bytes, 1, bytes.count, file)
            if let zone = TransitionFile.parse(Array(bytes[..<count]), name: name) { return zone }
        }
        return nil
    }

    /// Seconds that local clocks are ahead of UTC at an instant (seconds since 1970 UTC).
    package func offset(at seconds: Int) -> Int {
        guard let last = transitions.last else { return rule?.offset(at: seconds) ?? firstOffset }
        if seconds >= last, let rule { return rule.offset(at: seconds) }
        if seconds < transitions[0] { return firstOffset }
        return offsets[transition(at: seconds)]
    }

    /// Returns what clocks are called at an instant, `CEST` or `EDT`; the zone's name where they have no
    /// letters but digits.
    package func letters(at seconds: Int) -> String {
        var found = firstLetters
        if let last = transitions.last, seconds >= last, let rule {
            found = rule.letters(at: seconds)
        } else if let first = transitions.first, seconds >= first {
            found = letters[transition(at: seconds)]
        } else if transitions.isEmpty, let rule {
            found = rule.letters(at: seconds)
        }
        return found.utf8.allSatisfy { $0 | 32 >= 97 && $0 | 32 <= 122 } && !found.isEmpty ? found : name
    }

    /// Returns the place of the last transition before an instant, which is not before the first one.
    private func transition(at seconds: Int) -> Int {
        var (low, high) = (0, transitions.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if transitions[middle] <= seconds { low = middle } else { high = middle }
        }
        return low
    }

    /// Returns the local time of an instant, both in microseconds.
    package func local(_ microseconds: Int) -> Int {
        if isUTC { return microseconds }
        return microseconds &+ offset(at: ClockTime.floorDivide(microseconds, 1_000_000)) &* 1_000_000
    }

    /// Returns the instant of a local time that was reached from the instant `origin`. Of a time that clocks
    /// show twice it is the one with the offset that held there, as `java.time.ZonedDateTime` keeps it.
    package func instant(local microseconds: Int, near origin: Int) -> Int {
        if isFixed { return instant(local: microseconds) }
        let shift = offset(at: ClockTime.floorDivide(origin, 1_000_000))
        let own = microseconds &- shift &* 1_000_000
        let isShown = offset(at: ClockTime.floorDivide(own, 1_000_000)) == shift
        return isShown ? own : instant(local: microseconds)
    }

    /// Returns the instant of a local time, both in microseconds. A time that a clock shows twice means the
    /// first one; one that it skips moves forward by the gap, as in `java.time`.
    package func instant(local microseconds: Int) -> Int {
        if isUTC { return microseconds }
        let seconds = ClockTime.floorDivide(microseconds, 1_000_000)
        // The offsets of a day before and after bracket any transition near.
        let before = offset(at: seconds - 86_400)
        let after = offset(at: seconds + 86_400)
        for candidate in before == after ? [before] : [max(before, after), min(before, after)] {
            if offset(at: seconds - candidate) == candidate { return microseconds &- candidate &* 1_000_000 }
        }
        let nearby = offset(at: seconds - before)
        if offset(at: seconds - nearby) == nearby { return microseconds &- nearby &* 1_000_000 }
        return microseconds &- before &* 1_000_000
    }
}

/// Reads the binary files of the zone database.
enum TransitionFile {
    static func parse(_ bytes: [UInt8], name zone: String) -> Zone? {
        func int32(_ at: Int) -> Int {
            guard at + 4 <= bytes.count else { return 0 }
            return Int(Int32(bitPattern: bytes[at..<at + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }))
        }
        func int64(_ at: Int) -> Int {
            guard at + 8 <= bytes.count else { return 0 }
            return Int(Int64(bitPattern: bytes[at..<at + 8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }))
        }
        guard bytes.count > 44, Array(bytes[0..<4]) == Array("TZif".utf8), bytes[4] >= 0x32 else {
            return nil
        }
        // Skip the 32-bit part: six counts at 20, then its data.
        func sizes(_ at: Int) -> [Int] { (0..<6).map { int32(at + 20 + $0 * 4) } }
        let first = sizes(0)
        let header = 44 + first[3] * 5 + first[4] * 6 + first[5] + first[2] * 8 + first[1] + first[0]
        let (ut, std, leap, times, types, chars) = {
            let s = sizes(header)
            return (s[0], s[1], s[2], s[3], s[4], s[5])
        }()
        let data = header + 44
        let indexes = data + times * 8
        let records = indexes + times
        let end = records + types * 6 + chars + leap * 12 + std + ut
        guard times >= 0, types > 0, end <= bytes.count else { return nil }
        var transitions: [Int] = []
        var offsets: [Int] = []
        var letters: [String] = []
        func name(_ type: Int) -> String {
            let record = records + type * 6
            guard record + 5 < bytes.count else { return "" }
            let text = bytes[min(records + types * 6 + Int(bytes[record + 5]), bytes.count)...]
            return String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
        }
        for i in 0..<times {
            transitions.append(int64(data + i * 8))
            offsets.append(int32(records + Int(bytes[indexes + i]) * 6))
            letters.append(name(Int(bytes[indexes + i])))
        }
        let footer =
            bytes[end...].split(separator: 10).first.map { String(decoding: $0, as: UTF8.self) } ?? ""
        return Zone(
            name: zone, firstOffset: int32(records), transitions: transitions, offsets: offsets,
            firstLetters: name(0), letters: letters, rule: ZoneRule(footer))
    }
}

/// Holds the rule of a zone for all future years, as the footer of its file gives it (POSIX TZ:
/// `CET-1CEST,M3.5.0,M10.5.0/3`).
struct ZoneRule: Sendable {
    private struct Change: Sendable {
        var month: Int
        var week: Int
        var weekday: Int
        var seconds: Int

        /// Local seconds since 1970 of the change in a year.
        func localSeconds(year: Int) -> Int {
            let first = CivilDate(year: year, month: month, day: 1).days
            let firstWeekday = CivilDate.isoWeekday(days: first) % 7
            var day = (weekday - firstWeekday + 7) % 7 + (week - 1) * 7
            while day >= CivilDate.length(year: year, month: month) { day -= 7 }
            return (first + day) * 86_400 + seconds
        }
    }

    private let standard: Int
    private let summer: Int?
    private var standardLetters = ""
    private var summerLetters = ""
    private var start: Change?
    private var end: Change?

    init?(_ text: String) {
        if text.isEmpty { return nil }
        let parts = text.split(separator: ",").map { Array($0.utf8) }
        var at = 0
        let names = parts[0]
        func takeName() -> String {
            let from = at
            if at < names.count, names[at] == UInt8(ascii: "<") {
                while at < names.count, names[at] != UInt8(ascii: ">") { at += 1 }
                at += 1
            } else {
                while at < names.count, names[at] | 32 >= 97, names[at] | 32 <= 122 { at += 1 }
            }
            return String(decoding: names[min(from, names.count)..<min(at, names.count)], as: UTF8.self)
        }
        func offset() -> Int? {
            let from = at
            while at < names.count,
                names[at] == 43 || names[at] == 45 || names[at] == 58 || (48...57).contains(names[at])
            { at += 1 }
            return from == at ? nil : ZoneRule.seconds(names[from..<at])
        }
        standardLetters = takeName()
        guard let west = offset() else { return nil }
        standard = -west
        summerLetters = takeName()
        guard parts.count == 3 else {
            summer = nil
            return
        }
        summer = offset().map { -$0 } ?? standard + 3600
        start = ZoneRule.change(parts[1])
        end = ZoneRule.change(parts[2])
        if start == nil || end == nil { return nil }
    }

    private static func seconds(_ text: ArraySlice<UInt8>) -> Int {
        var digits = text
        let negative = digits.first == UInt8(ascii: "-")
        if negative || digits.first == UInt8(ascii: "+") { digits = digits.dropFirst() }
        let numbers = digits.split(separator: 58).map { Int(String(decoding: $0, as: UTF8.self)) ?? 0 }
        let total = zip(numbers, [3600, 60, 1]).reduce(0) { $0 + $1.0 * $1.1 }
        return negative ? -total : total
    }

    private static func change(_ text: [UInt8]) -> Change? {
        guard text.first == UInt8(ascii: "M") else { return nil }
        let halves = text.dropFirst().split(separator: UInt8(ascii: "/"))
        let numbers = halves[0].split(separator: UInt8(ascii: ".")).map {
            Int(String(decoding: $0, as: UTF8.self)) ?? 0
        }
        guard numbers.count == 3 else { return nil }
        return Change(
            month: numbers[0], week: numbers[1], weekday: numbers[2],
            seconds: halves.count > 1 ? seconds(halves[1]) : 7200)
    }

    func offset(at seconds: Int) -> Int { isSummer(at: seconds) ? summer ?? standard : standard }

    func letters(at seconds: Int) -> String { isSummer(at: seconds) ? summerLetters : standardLetters }

    private func isSummer(at seconds: Int) -> Bool {
        guard let summer, let start, let end else { return false }
        let year = CivilDate(days: ClockTime.floorDivide(seconds + standard, 86_400)).year
        let from = start.localSeconds(year: year) - standard
        let to = end.localSeconds(year: year) - summer
        return from < to ? seconds >= from && seconds < to : !(seconds >= to && seconds < from)
    }
}
