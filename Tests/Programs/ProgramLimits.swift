import Foundation

/// Says what a program that a test runs is confined to.
package struct ProgramLimits: Sendable {
    /// The program is killed after so long; nil: it runs by itself, so that signals reach it.
    package var seconds: Int?
    /// Largest file that it may write, bytes.
    package var fileBytes: Int?
    /// Memory that it may allocate, bytes.
    package var memoryBytes: Int?
    /// Whether it runs as an unprivileged user, where the test itself is root.
    package var isUnprivileged = false

    package init(seconds: Int? = nil) { self.seconds = seconds }

    /// Returns the command that runs `program` (its path, then its arguments) within the limits.
    func command(_ program: [String]) -> [String] {
        var command: [String] = []
        if let seconds { command += ["/usr/bin/timeout", "--signal=KILL", "\(seconds)"] }
        if isUnprivileged, getuid() == 0 {
            command += ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        }
        var bounds: [String] = []
        if let fileBytes { bounds.append("--fsize=\(fileBytes)") }
        if let memoryBytes { bounds.append("--data=\(memoryBytes)") }
        if !bounds.isEmpty { command += ["/usr/bin/prlimit"] + bounds }
        return command + program
    }
}
