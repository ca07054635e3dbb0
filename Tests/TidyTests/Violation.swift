/// Names one place that breaks a rule, as `file:line: what is wrong`.
struct Violation: Hashable, CustomStringConvertible {
    var path: String
    var line: Int
    var message: String

    init(_ file: SourceFile, line: Int, _ message: String) {
        path = file.path
        self.line = line
        self.message = message
    }

    var description: String { "\(path):\(line): \(message)" }
}
