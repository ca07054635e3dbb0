/// Names the greatest and the least unit of an interval type: `INTERVAL DAY TO HOUR` goes from days to hours.
package struct IntervalFields: Hashable, Sendable {
    /// Names a unit, greatest first.
    package enum Unit: UInt8, Hashable, Sendable, CaseIterable {
        case year = 1
        case month, day, hour, minute, second

        /// The unit in the words of SQL.
        package var sqlName: String {
            switch self {
            case .year: "YEAR"
            case .month: "MONTH"
            case .day: "DAY"
            case .hour: "HOUR"
            case .minute: "MINUTE"
            case .second: "SECOND"
            }
        }

        /// Months of a year or month; microseconds of the others.
        package var amount: Int64 {
            switch self {
            case .year: 12
            case .month: 1
            case .day: 86_400_000_000
            case .hour: 3_600_000_000
            case .minute: 60_000_000
            case .second: 1_000_000
            }
        }

        /// True for years and months.
        package var isYearMonth: Bool { self == .year || self == .month }
    }

    package var first: Unit
    package var last: Unit

    package init(_ first: Unit, _ last: Unit) {
        self.first = first
        self.last = last
    }

    /// Reads the fields of a type's name, such as `interval day to second`; nil for another text.
    package init?(catalogName: String) {
        let words = catalogName.uppercased().split(separator: " ")
        func unit(_ word: Substring?) -> Unit? { Unit.allCases.first { $0.sqlName == word ?? "" } }
        guard words.first == "INTERVAL", let first = unit(words.dropFirst().first),
            let last = unit(words.last)
        else { return nil }
        self.init(first, last)
    }

    /// The fields of an interval that holds those of both.
    package func union(_ other: IntervalFields) -> IntervalFields {
        IntervalFields(
            first.rawValue <= other.first.rawValue ? first : other.first,
            last.rawValue >= other.last.rawValue ? last : other.last)
    }

    /// The fields in the words of SQL: `DAY TO HOUR`.
    package var sqlName: String {
        first == last ? first.sqlName : "\(first.sqlName) TO \(last.sqlName)"
    }
}

extension DataType {
    /// `INTERVAL YEAR TO MONTH`.
    package static let yearToMonth = DataType.yearMonthInterval(IntervalFields(.year, .month))
    /// `INTERVAL DAY TO SECOND`.
    package static let dayToSecond = DataType.dayTimeInterval(IntervalFields(.day, .second))

    package var isYearMonthInterval: Bool { if case .yearMonthInterval = self { true } else { false } }
    package var isDayTimeInterval: Bool { if case .dayTimeInterval = self { true } else { false } }
    package var isInterval: Bool { isYearMonthInterval || isDayTimeInterval }

    /// Returns the interval type of the given fields.
    package static func interval(_ fields: IntervalFields) -> DataType {
        fields.first.isYearMonth ? .yearMonthInterval(fields) : .dayTimeInterval(fields)
    }

    /// The fields of an interval type; nil for other types.
    package var intervalFields: IntervalFields? {
        switch self {
        case .yearMonthInterval(let fields), .dayTimeInterval(let fields): fields
        default: nil
        }
    }
}
