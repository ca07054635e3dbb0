/// Says what a value of the format may be. One table of these reads files, explains mistakes and becomes the
/// JSON Schema, so the three cannot differ.
indirect enum FormatShape: Sendable {
    /// Any text; templates in it are rendered while reading.
    case text
    /// Text that the loader renders where it reads the step: it may call ref(), too.
    case template
    case boolean
    case integer(atLeast: Int)
    case number(atLeast: Double)
    /// `30s`, `10m`, `1h`, `2d`, or a number of seconds.
    case duration
    /// `2024-01-01`, or with a time.
    case date
    case choice([String])
    case list(FormatShape)
    /// A list, or one element without brackets.
    case oneOrMore(FormatShape)
    case map(FormatShape)
    case object(FormatObject)
    case anyOf([FormatShape])
    case any
    /// A test of a table or of one of its columns: a name, or a name with its arguments. The loader checks it
    /// where it reads it, as it knows the project's own tests.
    case test(ofColumn: Bool)
    /// Checked and rendered by the loader where it is read, as it may hold secrets: those of steps stay
    /// references, those of alerts become part of no query.
    case later(FormatShape)
}

/// Describes a mapping of known keys.
struct FormatObject: Sendable {
    var keys: [FormatKey]
    /// Keys of which exactly one must be given.
    var oneOf: [String] = []
}

/// Describes one key.
struct FormatKey: Sendable {
    var name: String
    var shape: FormatShape
    var note: String
    var isRequired = false
    /// What to do instead of a key of the format that this version cannot carry out: an error that says so.
    var instead: String?
    var isBuilt: Bool { instead == nil }

    init(
        _ name: String, _ shape: FormatShape, _ note: String, isRequired: Bool = false, instead: String? = nil
    ) {
        self.name = name
        self.shape = shape
        self.note = note
        self.isRequired = isRequired
        self.instead = instead
    }
}
