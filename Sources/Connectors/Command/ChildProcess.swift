import CProcess
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Holds a program that runs in a process group of its own, with pipes on its outputs. Used by one thread.
///
/// ```
///   this process ══ lifeline ══▶ guard, leader of the group: kills it when the lifeline breaks
///        ▲ outputs ───────────── program and what it starts, in the group
/// ```
/// **Invariant:** the guard is waited for last, so that the group's number is no other's while it is used.
final class ChildProcess {
    private let group: pid_t
    private let program: pid_t
    /// Held open, and nowhere else, as long as the group may live.
    private let lifeline: Int32
    private(set) var output: Int32
    private(set) var errors: Int32
    private var status: Int32?

    /// Starts the program. Throws `COMMAND_NOT_STARTED` (user).
    init(_ settings: CommandSettings) throws(EngineError) {
        var outputs = Pipe()
        var errorPipe = Pipe()
        var life = Pipe()
        var leader: pid_t = 0
        guard outputs.open(), errorPipe.open(), life.open(), cprocess_guard(life.read, &leader) == 0 else {
            for pipe in [outputs, errorPipe, life] { pipe.close() }
            throw ChildProcess.noPipe
        }
        close(life.read)
        var pid: pid_t = 0
        let status = ChildProcess.spawn(settings, outputs.write, errorPipe.write, leader, &pid)
        close(outputs.write)
        close(errorPipe.write)
        guard status == 0 else {
            kill(-leader, SIGKILL)
            ChildProcess.wait(leader)
            for descriptor in [outputs.read, errorPipe.read, life.write] { close(descriptor) }
            throw .user(
                "COMMAND_NOT_STARTED",
                "The program cannot be started (\(String(cString: strerror(status)))): \(settings.words[0])",
                remedy: "Check that it is installed where workers run, and its folder in PATH.")
        }
        (group, program, lifeline) = (leader, pid, life.write)
        output = outputs.read
        errors = errorPipe.read
        for descriptor in [output, errors] {
            _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        }
    }

    deinit {
        end(SIGKILL)
        closeOutput()
        closeErrors()
        if status == nil {
            ChildProcess.wait(program)
            ChildProcess.wait(group)
        }
        close(lifeline)
    }

    /// Takes the end of a process, and returns how it ended as the system says it.
    @discardableResult
    private static func wait(_ process: pid_t) -> Int32 {
        var code: Int32 = 0
        while waitpid(process, &code, 0) < 0, errno == EINTR {}
        return code
    }

    /// Holds the ends of a pipe.
    private struct Pipe {
        var read: Int32 = -1
        var write: Int32 = -1

        mutating func open() -> Bool { cprocess_pipe(&read, &write) == 0 }
        func close() { for descriptor in [read, write] where descriptor >= 0 { Glibc.close(descriptor) } }
    }

    private static let noPipe = EngineError.system(
        "COMMAND_NOT_STARTED", "There are no file descriptors for a program's output")

    /// A shell sets the limit and becomes the program, as spawning cannot. RLIMIT_DATA counts what a process
    /// writes to, not the addresses that it reserves as Go and Java do.
    private static func spawn(
        _ settings: CommandSettings, _ output: Int32, _ errors: Int32, _ group: pid_t, _ pid: inout pid_t
    ) -> Int32 {
        let kilobytes = settings.memoryBytes >> 10
        let script =
            "ulimit -c 0; ulimit -d \(kilobytes) || exit 126; "
            + "command -v \"$1\" >/dev/null || { echo \"$1: not found\" >&2; exit 127; }; exec \"$@\""
        let words = ["/bin/sh", "-c", script, "sh"] + settings.words
        let environment = settings.environment.map { "\($0.name)=\($0.value)" }
        var arguments = words.map { strdup($0) } + [nil]
        var variables = environment.map { strdup($0) } + [nil]
        defer { for text in arguments + variables { free(text) } }
        return cprocess_spawn(&arguments, &variables, settings.directory, output, errors, group, &pid)
    }

    /// Sends a signal to the program and all that it started, unless they left its group.
    func end(_ signal: Int32) {
        // Once the guard was waited for, its number may be another's.
        if status == nil { kill(-group, signal) }
    }

    /// Waits until an output has something, or ends, for at most `milliseconds`.
    func waitForOutput(milliseconds: Int) {
        var places = [output, errors].filter { $0 >= 0 }.map {
            pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
        }
        if places.isEmpty {
            usleep(UInt32(milliseconds * 1000))
        } else {
            poll(&places, nfds_t(places.count), Int32(milliseconds))
        }
    }

    /// Reads what is there; nil when there is nothing yet, an empty piece at the end.
    static func read(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer)
        -> UnsafeRawBufferPointer?
    {
        let got = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        if got < 0 {
            return errno == EAGAIN || errno == EINTR ? nil : UnsafeRawBufferPointer(rebasing: buffer[..<0])
        }
        return UnsafeRawBufferPointer(rebasing: buffer[..<got])
    }

    func closeOutput() {
        if output >= 0 { close(output) }
        output = -1
    }

    func closeErrors() {
        if errors >= 0 { close(errors) }
        errors = -1
    }

    /// Says how the program ended, nil while it runs: an exit status, or 128 and the signal, as shells count.
    /// What it left running in its group is killed.
    func ended() -> Int32? {
        if let status { return status }
        var info = siginfo_t()
        guard waitid(P_PID, id_t(program), &info, WEXITED | WNOHANG | WNOWAIT) == 0, info.si_signo == SIGCHLD
        else { return nil }
        let code = ChildProcess.wait(program)
        kill(-group, SIGKILL)
        ChildProcess.wait(group)
        let signal = code & 0x7F
        status = signal == 0 ? (code >> 8) & 0xFF : 128 + signal
        return status
    }
}
