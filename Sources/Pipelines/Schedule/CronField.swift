/// Reads one field of cron: `*`, numbers and names, ranges, steps, commas between them.
struct CronField {
    let name: String
    let range: ClosedRange<Int>
    private let names: [String]
    /// The number of the first name.
    private let first: Int
    /// How many numbers there are: one less where the last is a second name of the first.
    private let last: Int

    init(_ name: String, _ range: ClosedRange<Int>, names: [String] = [], first: Int = 0, last: Int? = nil) {
        self.name = name
        self.range = range
        self.names = names
        self.first = first
        self.last = last ?? range.upperBound
    }

    /// Returns the numbers that the field names. Throws `Mistake`.
    func numbers(_ text: String) throws -> Set<Int> {
        var found = Set<Int>()
        for part in CronField.parts(text) { found.formUnion(try numbers(part: part)) }
        return found
    }

    static func parts(_ text: String) -> [Substring] {
        text.split(separator: ",", omittingEmptySubsequences: false)
    }

    /// Returns one number, as digits or by name. Throws `Mistake`.
    func number(_ part: Substring) throws -> Int {
        let index = names.firstIndex(of: part.lowercased()).map { $0 + first }
        guard let value = index ?? Int(part), range.contains(value) else {
            throw CronExpression.Mistake(
                message: "the \(name) must be from \(range.lowerBound) to \(range.upperBound): \(part)")
        }
        return value
    }

    func numbers(part: Substring) throws -> Set<Int> {
        let pieces = part.split(separator: "/", omittingEmptySubsequences: false)
        guard pieces.count <= 2, let base = pieces.first else {
            throw CronExpression.Mistake(message: "the \(name) has two steps: \(part)")
        }
        var step = 1
        if pieces.count == 2 {
            guard let value = Int(pieces[1]), (1...1000).contains(value) else {
                throw CronExpression.Mistake(
                    message: "the step of the \(name) must be from 1 to 1000: \(part)")
            }
            step = value
        }
        if base == "*" || base == "?" { return Set(stride(from: range.lowerBound, through: last, by: step)) }
        let ends = base.split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count <= 2 else {
            throw CronExpression.Mistake(message: "the range of the \(name) has three ends: \(part)")
        }
        let low = try number(ends[0])
        let high = ends.count == 2 ? try number(ends[1]) : pieces.count == 1 ? low : last
        if low <= high { return Set(stride(from: low, through: high, by: step)) }
        // Over the end and on from the begin: 22-2, fri-mon.
        let around = Array(low...max(low, last)) + Array(range.lowerBound...high)
        return Set(stride(from: 0, to: around.count, by: step).map { around[$0] })
    }
}

/// Holds days of the month: numbers, `L` for the last, or `15W` for the weekday that is nearest to a day.
struct CronDays: Sendable, Hashable {
    private var days: Set<Int> = []
    private var hasLast = false
    private var nearest: Int?

    init(_ text: String) throws {
        let field = CronField("day", 1...31)
        for part in CronField.parts(text) {
            let word = part.uppercased()
            if word == "L" {
                hasLast = true
            } else if word.hasSuffix("W") {
                guard let day = Int(word.dropLast()), field.range.contains(day), part.count == text.count
                else {
                    throw CronExpression.Mistake(
                        message: "W stands behind one day, alone in its field: \(part)",
                        remedy: "Write 15W for the weekday nearest to the 15th.")
                }
                nearest = day
            } else if word.hasPrefix("L-") {
                throw CronExpression.Mistake(
                    message: "days before the last one are not known: \(part)", remedy: "L is the last day.")
            } else if word.hasSuffix("-L") {
                // As many days as the month has.
                let start = try field.number(part.dropLast(2))
                days.formUnion(start...31)
            } else {
                days.formUnion(try field.numbers(part: part))
            }
        }
    }

    /// Says whether a day fits, of a month of `length` days. `weekday` counts from Sunday, 0.
    func contains(_ day: Int, weekday: Int, of length: Int) -> Bool {
        if days.contains(day) || (hasLast && day == length) { return true }
        guard let nearest, (1...5).contains(weekday) else { return false }
        let target = min(nearest, length)
        // The weekday of the wanted day follows from this one's.
        switch ((weekday + target - day) % 7 + 7) % 7 {
        case 6: return day == (target > 1 ? target - 1 : target + 2)
        case 0: return day == (target < length ? target + 1 : target - 2)
        default: return day == target
        }
    }
}

/// Holds weekdays: numbers and names, `L5` for the last Friday of a month, `fri#2` for its second.
struct CronWeekdays: Sendable, Hashable {
    /// Each is 0, Sunday, to 6.
    private var weekdays: Set<Int> = []
    private var lasts: Set<Int> = []
    /// By weekday, which ones of the month.
    private var counted: [Int: Set<Int>] = [:]

    private static let names = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]

    init(_ text: String) throws {
        // 7 is a second name of Sunday; a whole week ends before it.
        let field = CronField("weekday", 0...7, names: CronWeekdays.names, last: 6)
        for part in CronField.parts(text) {
            let word = part.uppercased()
            if word == "L" || (word.hasSuffix("L") && part.count > 1) {
                let day = word == "L" ? "6" : String(word.dropLast().lowercased())
                throw CronExpression.Mistake(
                    message: "L stands before a weekday: \(part)",
                    remedy: "Write L\(day) for the last one of the month.")
            } else if word.hasPrefix("L") {
                lasts.insert(try field.number(part.dropFirst()) % 7)
            } else if let mark = part.firstIndex(of: "#") {
                let count = part[part.index(after: mark)...]
                guard let number = Int(count), (1...5).contains(number) else {
                    throw CronExpression.Mistake(
                        message: "behind # stands which one of the month, from 1 to 5: \(part)",
                        remedy: "Write L5 for the last Friday.")
                }
                counted[try field.number(part[..<mark]) % 7, default: []].insert(number)
            } else {
                weekdays.formUnion(try field.numbers(part: part).map { $0 % 7 })
            }
        }
    }

    /// Says whether a weekday fits that is a day of a month of `length` days.
    func contains(_ weekday: Int, day: Int, of length: Int) -> Bool {
        if weekdays.contains(weekday) || (lasts.contains(weekday) && day + 7 > length) { return true }
        return counted[weekday]?.contains((day + 6) / 7) ?? false
    }
}
