import CCrash

#if canImport(Glibc)
    import Glibc
#endif

/// Tells what the process worked at when it crashed: a trap of Swift's, a fault of memory, an `abort`.
///
/// ```
/// during(work) ─▶ trap ─▶ handler: ┬─▶ one line to standard error
///                                  ├─▶ the file of `keep`: the next life of the process reads it
///                                  ├─▶ the pipe of `watch`: another thread of this life tells others
///                                  └─▶ the process ends with `status`
/// ```
/// Nothing of it is done for a process that is killed (SIGKILL): nobody can say what for.
package enum CrashReport {
    /// Names what a thread works at for somebody.
    package enum Work: Sendable, Hashable {
        /// The coordinator plans a statement.
        case planning(JobID, statement: UInt32)
        /// The coordinator publishes a statement, or does its work.
        case committing(JobID, statement: UInt32)
        /// The coordinator, at its start, brings a job to where it was; `statement` is the one to go on with.
        case recovering(JobID, statement: UInt32)
        /// A worker runs an attempt.
        case running(AttemptID)
        /// The coordinator reads what a client sent, or what it made of that, beside the planning of a job.
        case reading(CrashMark)
        /// The coordinator reads a pipeline or drives its runs.
        case piping(CrashMark)
    }

    /// The exit status of a process that crashed.
    package static let status: Int32 = 70

    /// Has this process's crashes be told in one line. Swift's own report, which takes a minute and keeps
    /// the process's ports meanwhile, is left to who asks for it by `SWIFT_BACKTRACE=enable=yes`.
    package static func install(program: String) {
        if let wish = getenv("SWIFT_BACKTRACE"), String(cString: wish).contains("enable=yes") { return }
        ccrash_name(1, 2, "planning statement (job.statement)")
        ccrash_name(2, 2, "committing statement (job.statement)")
        ccrash_name(3, 2, "recovering statement (job.statement)")
        ccrash_name(4, 6, "running task (job.statement.stage.task.epoch.attempt)")
        ccrash_name(5, 4, "reading a submission (digest)")
        ccrash_name(6, 4, "running a pipeline (digest)")
        ccrash_install(program, ProgramVersion.text, status)
    }

    /// Does `body`, and says meanwhile that this thread works at `work`.
    package static func during<Value, Failure: Error>(
        _ work: Work, _ body: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let before = ccrash_enter(work.numbers)
        defer { ccrash_leave(before) }
        return try body()
    }

    /// Returns what this thread works at, for another one that goes on with it; nil: nothing that has a name.
    package static var current: Work? { Work(ccrash_current()) }

    /// Returns what the process worked at that crashed last with this file, and has this one's crash be
    /// noted there. Nil: it ended otherwise, or worked at nothing that has a name.
    package static func keep(in path: String) -> Work? {
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { return nil }
        var last = ccrash_work()
        let size = MemoryLayout<ccrash_work>.size
        let isWhole = pread(file, &last, size, 0) == size
        // Space for the note is taken now: the disk may be full then.
        var nothing = ccrash_work()
        _ = pwrite(file, &nothing, size, 0)
        ccrash_keep(file)
        return isWhole ? Work(last) : nil
    }

    /// Calls `body` on a thread of its own when the process has crashed, which ends after so long. The thread
    /// that crashed holds whatever locks it held.
    package static func watch(
        milliseconds: Int, _ body: @escaping @Sendable (Work?) -> Void
    ) throws(EngineError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let readEnd = ends[0]
        try DetachedThread.run {
            var work = ccrash_work()
            let size = MemoryLayout<ccrash_work>.size
            while true {
                let got = read(readEnd, &work, size)
                if got == size { return body(Work(work)) }
                if got >= 0 || errno != EINTR { return }
            }
        }
        ccrash_ring(ends[1], Int32(clamping: milliseconds))
    }
}

extension CrashReport.Work {
    fileprivate var numbers: ccrash_work {
        switch self {
        case .planning(let job, let statement):
            ccrash_work(kind: 1, numbers: (job.rawValue, statement, 0, 0, 0, 0))
        case .committing(let job, let statement):
            ccrash_work(kind: 2, numbers: (job.rawValue, statement, 0, 0, 0, 0))
        case .recovering(let job, let statement):
            ccrash_work(kind: 3, numbers: (job.rawValue, statement, 0, 0, 0, 0))
        case .running(let attempt):
            ccrash_work(
                kind: 4,
                numbers: (
                    attempt.task.stage.job.rawValue, attempt.task.stage.statement,
                    attempt.task.stage.stage.rawValue, attempt.task.index, attempt.epoch, attempt.number
                ))
        case .reading(let mark): ccrash_work(kind: 5, numbers: mark.numbers)
        case .piping(let mark): ccrash_work(kind: 6, numbers: mark.numbers)
        }
    }

    fileprivate init?(_ work: ccrash_work) {
        let job = JobID(rawValue: work.numbers.0)
        let statement = work.numbers.1
        switch work.kind {
        case 1: self = .planning(job, statement: statement)
        case 2: self = .committing(job, statement: statement)
        case 3: self = .recovering(job, statement: statement)
        case 4:
            let stage = StageKey(job: job, statement: statement, stage: StageID(rawValue: work.numbers.2))
            self = .running(
                AttemptID(
                    task: TaskID(stage: stage, index: work.numbers.3), epoch: work.numbers.4,
                    number: work.numbers.5))
        case 5: self = .reading(CrashMark(work.numbers))
        case 6: self = .piping(CrashMark(work.numbers))
        default: return nil
        }
    }

    /// The job and statement that the coordinator worked at; nil for other work.
    package var statement: (job: JobID, statement: UInt32)? {
        switch self {
        case .planning(let job, let statement), .committing(let job, let statement),
            .recovering(let job, let statement):
            (job, statement)
        case .running, .reading, .piping: nil
        }
    }

    /// What is counted of a crash that no job can count; nil for other work.
    package var mark: CrashMark? {
        switch self {
        case .reading(let mark), .piping(let mark): mark
        case .planning, .committing, .recovering, .running: nil
        }
    }
}
