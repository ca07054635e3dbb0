/// Knows regions by what their clocks are called, for pattern letter `z`. What several regions use means the
/// one that Java's English names mean.
enum ZoneLetters {
    static let regions: [String: String] = [
        "EST": "America/New_York", "EDT": "America/New_York",
        "CST": "America/Chicago", "CDT": "America/Chicago",
        "MST": "America/Denver", "MDT": "America/Denver",
        "PST": "America/Los_Angeles", "PDT": "America/Los_Angeles",
        "AKST": "America/Anchorage", "AKDT": "America/Anchorage",
        "AST": "America/Halifax", "ADT": "America/Halifax",
        "NST": "America/St_Johns", "NDT": "America/St_Johns",
        "CET": "Europe/Paris", "CEST": "Europe/Paris",
        "EET": "Europe/Bucharest", "EEST": "Europe/Bucharest",
        "WET": "Europe/Lisbon", "WEST": "Europe/Lisbon",
        "MSK": "Europe/Moscow", "JST": "Asia/Tokyo", "KST": "Asia/Seoul",
        "SGT": "Asia/Singapore", "HKT": "Asia/Hong_Kong", "CAT": "Africa/Maputo", "EAT": "Africa/Nairobi",
        "WAT": "Africa/Lagos", "SAST": "Africa/Johannesburg",
        "AEST": "Australia/Sydney", "AEDT": "Australia/Sydney", "AWST": "Australia/Perth",
        "NZST": "Pacific/Auckland", "NZDT": "Pacific/Auckland", "BRT": "America/Sao_Paulo",
        "ART": "America/Argentina/Buenos_Aires", "COT": "America/Bogota", "PET": "America/Lima",
        "PKT": "Asia/Karachi", "ICT": "Asia/Bangkok", "BST": "Pacific/Bougainville",
    ]
}
