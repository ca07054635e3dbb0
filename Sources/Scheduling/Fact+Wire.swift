import Vocabulary

// A fact in the log: version, tag, fields in the order of the case. New cases take new tags; a changed layout
// takes a new version, and the reader keeps the older one.
//
//   ┌─────────┬─────┬────────────────────┐
//   │ version │ tag │ fields …           │   all varints (see Wire.swift)
//   └─────────┴─────┴────────────────────┘

extension Fact: WireCodable {
    /// The version that this build writes; it reads 1 up to this.
    package static let version: UInt32 = 1

    package func write(to writer: inout WireWriter) {
        writer.write(Self.version)
        switch self {
        case .epochStarted(let epoch): writer.tag(1, epoch)
        // Tag 2 is the one of jobs without a slot limit and replication.
        case .jobAccepted(let job, let header, let at) where header.slotLimit != 0 || header.isReplicated:
            writer.tag(18, job, header, at, header.slotLimit, header.isReplicated)
        case .jobAccepted(let job, let header, let at): writer.tag(2, job, header, at)
        case .statementPlanned(let job, let statement, let stages, let at):
            writer.tag(3, job, statement, stages, at)
        case .stagesReplanned(let stage, let stages): writer.tag(4, stage, stages)
        case .taskCompleted(let output) where !output.counters.operators.isEmpty:
            writer.tag(
                31, output, output.counters.skippedParts, output.isInLog, output.counters.operators)
        case .taskCompleted(let output) where output.isInLog:
            writer.tag(22, output, output.counters.skippedParts)
        case .taskCompleted(let output) where output.counters.skippedParts != 0:
            writer.tag(21, output, output.counters.skippedParts)
        case .taskCompleted(let output): writer.tag(5, output)
        case .outputLost(let attempt, let isBlamed, let error): writer.tag(6, attempt, isBlamed, error)
        // Tag 7 is the one without times.
        case .taskFailed(let record) where record.endedMilliseconds == 0: writer.tag(7, record)
        case .taskFailed(let record):
            writer.tag(16, record, record.startedMilliseconds, record.endedMilliseconds)
        case .commitStarted(let job, let statement): writer.tag(8, job, statement)
        case .statementCommitted(let job, let statement, let at): writer.tag(9, job, statement, at)
        case .cancelRequested(let job): writer.tag(10, job)
        case .jobEnded(let job, let outcome, let at): writer.tag(11, job, outcome, at)
        case .jobCleaned(let job): writer.tag(12, job)
        case .resultsReleased(let job): writer.tag(13, job)
        case .workerRegistered(let worker, let identity): writer.tag(14, worker, identity)
        case .workerLost(let worker, let loss): writer.tag(15, worker, loss)
        case .outputMoved(let attempt, let worker): writer.tag(17, attempt, worker)
        case .outputStored(let attempt): writer.tag(19, attempt)
        case .storedOutputsRemoved(let job): writer.tag(20, job)
        case .resultsSent(let job): writer.tag(23, job)
        case .jobForgotten(let job): writer.tag(24, job)
        case .attemptOutrun(let record):
            writer.tag(25, record, record.startedMilliseconds, record.endedMilliseconds)
        case .losersLeft(let job, let statement): writer.tag(26, job, statement)
        case .losersCleaned(let job, let statement): writer.tag(27, job, statement)
        case .workerForgotten(let worker): writer.tag(28, worker)
        case .coordinatorCrashed(let job, let statement): writer.tag(29, job, statement)
        case .logNamed(let number): writer.tag(30, number)
        }
    }

    package init(from reader: inout WireReader) throws(EngineError) {
        let version = try reader.read(UInt32.self)
        if version == 0 || version > Self.version {
            throw .system(
                "UNSUPPORTED_LOG_VERSION",
                "The log holds records of version \(version); this build reads up to \(Self.version)",
                remedy: "Start the coordinator version that wrote the log, or a newer one.")
        }
        let tag = try reader.unsigned()
        switch tag {
        case 1: self = .epochStarted(try reader.read())
        case 2: self = .jobAccepted(try reader.read(), try reader.read(), atMilliseconds: try reader.read())
        case 3:
            self = .statementPlanned(
                try reader.read(), statement: try reader.read(), stages: try reader.read(),
                atMilliseconds: try reader.read())
        case 4: self = .stagesReplanned(try reader.read(), stages: try reader.read())
        case 5: self = .taskCompleted(try reader.read())
        case 6: self = .outputLost(try reader.read(), isBlamed: try reader.read(), try reader.read())
        case 7: self = .taskFailed(try reader.read())
        case 8: self = .commitStarted(try reader.read(), statement: try reader.read())
        case 9:
            self = .statementCommitted(
                try reader.read(), statement: try reader.read(), atMilliseconds: try reader.read())
        case 10: self = .cancelRequested(try reader.read())
        case 11: self = .jobEnded(try reader.read(), try reader.read(), atMilliseconds: try reader.read())
        case 12: self = .jobCleaned(try reader.read())
        case 13: self = .resultsReleased(try reader.read())
        case 14: self = .workerRegistered(try reader.read(), try reader.read())
        case 15: self = .workerLost(try reader.read(), try reader.read())
        case 16: self = .taskFailed(try FailureRecord(withTimes: &reader))
        case 17: self = .outputMoved(try reader.read(), to: try reader.read())
        case 18:
            let job = try reader.read(JobID.self)
            var header = try reader.read(JobHeader.self)
            let at = try reader.read(Int64.self)
            header.slotLimit = try reader.read()
            header.isReplicated = try reader.read()
            self = .jobAccepted(job, header, atMilliseconds: at)
        case 19: self = .outputStored(try reader.read())
        case 20: self = .storedOutputsRemoved(try reader.read())
        case 21: self = .taskCompleted(try TaskOutput(withSkippedParts: &reader))
        case 22:
            var output = try TaskOutput(withSkippedParts: &reader)
            output.isInLog = true
            self = .taskCompleted(output)
        case 23: self = .resultsSent(try reader.read())
        case 24: self = .jobForgotten(try reader.read())
        case 25: self = .attemptOutrun(try FailureRecord(withTimes: &reader))
        case 26: self = .losersLeft(try reader.read(), statement: try reader.read())
        case 27: self = .losersCleaned(try reader.read(), statement: try reader.read())
        case 28: self = .workerForgotten(try reader.read())
        case 29: self = .coordinatorCrashed(try reader.read(), statement: try reader.read())
        case 30: self = .logNamed(try reader.read())
        case 31:
            var output = try TaskOutput(withSkippedParts: &reader)
            output.isInLog = try reader.read()
            output.counters.operators = try reader.read()
            self = .taskCompleted(output)
        default: throw WireReader.unknownTag(tag, of: "Fact")
        }
    }
}

extension FailureRecord {
    /// Reads a record with the times behind it.
    fileprivate init(withTimes reader: inout WireReader) throws(EngineError) {
        self = try reader.read()
        startedMilliseconds = try reader.read()
        endedMilliseconds = try reader.read()
    }
}

extension WireWriter {
    /// Writes a case's tag and then its fields.
    mutating func tag<each Field: WireCodable>(_ tag: UInt64, _ fields: repeat each Field) {
        unsigned(tag)
        repeat write(each fields)
    }

    /// Writes fields in order.
    mutating func fields<each Field: WireCodable>(_ fields: repeat each Field) {
        repeat write(each fields)
    }
}
