import Vocabulary

// The wire layouts of what agents and the scheduler say to each other: a tag for each case, then its fields
// in order.

extension OutputLocation: WireCodable {
    package func write(to writer: inout WireWriter) { writer.fields(attempt, worker, address, checksum) }
    package init(from reader: inout WireReader) throws(EngineError) {
        self.init(
            attempt: try reader.read(), worker: try reader.read(), address: try reader.read(),
            checksum: try reader.read())
    }
}

extension TaskInput: WireCodable {
    package func write(to writer: inout WireWriter) { writer.fields(dependency, outputs) }
    package init(from reader: inout WireReader) throws(EngineError) {
        self.init(dependency: try reader.read(), outputs: try reader.read())
    }
}

extension Launch: WireCodable {
    package func write(to writer: inout WireWriter) { writer.fields(attempt, memoryBytes, inputs) }
    package init(from reader: inout WireReader) throws(EngineError) {
        self.init(attempt: try reader.read(), memoryBytes: try reader.read(), inputs: try reader.read())
    }
}

extension StoredInput: WireCodable {
    func write(to writer: inout WireWriter) { writer.fields(attempt, isWorkerGone) }
    init(from reader: inout WireReader) throws(EngineError) {
        self.init(attempt: try reader.read(), isWorkerGone: try reader.read())
    }
}

extension Command: WireCodable {
    package func write(to writer: inout WireWriter) {
        switch self {
        // Tag 1 is the one of tasks that read nothing from shared storage.
        case .launch(let launch) where !launch.storedInputs.isEmpty:
            writer.tag(7, launch, launch.storedInputs)
        case .launch(let launch): writer.tag(1, launch)
        case .cancel(let attempt): writer.tag(2, attempt)
        case .drop(let attempts): writer.tag(3, attempts)
        case .dropJob(let job, let kept): writer.tag(4, job, kept)
        case .endJob(let job): writer.tag(5, job)
        case .adopt(let address, let outputs): writer.tag(6, address, outputs)
        case .store(let job, let attempts): writer.tag(8, job, attempts)
        }
    }
    package init(from reader: inout WireReader) throws(EngineError) {
        let tag = try reader.unsigned()
        switch tag {
        case 1: self = .launch(try reader.read())
        case 2: self = .cancel(try reader.read())
        case 3: self = .drop(try reader.read())
        case 4: self = .dropJob(try reader.read(), keeping: try reader.read())
        case 5: self = .endJob(try reader.read())
        case 6: self = .adopt(from: try reader.read(), try reader.read())
        case 7:
            var launch = try reader.read(Launch.self)
            launch.storedInputs = try reader.read()
            self = .launch(launch)
        case 8: self = .store(job: try reader.read(), try reader.read())
        default: throw WireReader.unknownTag(tag, of: "Command")
        }
    }
}

extension Report: WireCodable {
    package func write(to writer: inout WireWriter) {
        switch self {
        case .completed(let output) where !output.counters.operators.isEmpty:
            writer.tag(10, output, output.counters.skippedParts, output.counters.operators)
        case .completed(let output) where output.counters.skippedParts != 0:
            writer.tag(9, output, output.counters.skippedParts)
        case .completed(let output): writer.tag(1, output)
        case .failed(let attempt, let failure): writer.tag(2, attempt, failure)
        case .stopped(let attempt): writer.tag(3, attempt)
        case .outputLost(let attempt): writer.tag(4, attempt)
        case .adopted(let output): writer.tag(5, output)
        case .notAdopted(let attempt): writer.tag(6, attempt)
        case .stored(let attempt): writer.tag(7, attempt)
        case .notStored(let attempt): writer.tag(8, attempt)
        }
    }
    package init(from reader: inout WireReader) throws(EngineError) {
        let tag = try reader.unsigned()
        switch tag {
        case 1: self = .completed(try reader.read())
        case 2: self = .failed(try reader.read(), try reader.read())
        case 3: self = .stopped(try reader.read())
        case 4: self = .outputLost(try reader.read())
        case 5: self = .adopted(try reader.read())
        case 6: self = .notAdopted(try reader.read())
        case 7: self = .stored(try reader.read())
        case 8: self = .notStored(try reader.read())
        case 9: self = .completed(try TaskOutput(withSkippedParts: &reader))
        case 10:
            var output = try TaskOutput(withSkippedParts: &reader)
            output.counters.operators = try reader.read()
            self = .completed(output)
        default: throw WireReader.unknownTag(tag, of: "Report")
        }
    }
}

extension AttemptProgress: WireCodable {
    package func write(to writer: inout WireWriter) { writer.fields(attempt, counters) }
    package init(from reader: inout WireReader) throws(EngineError) {
        self.init(attempt: try reader.read(), counters: try reader.read())
    }
}

extension Registration: WireCodable {
    package func write(to writer: inout WireWriter) {
        writer.fields(identity, session, sentAt, isDraining, running, outputs, reports)
    }
    package init(from reader: inout WireReader) throws(EngineError) {
        self.init(
            identity: try reader.read(), session: try reader.read(), sentAt: try reader.read(),
            isDraining: try reader.read(), running: try reader.read(), outputs: try reader.read(),
            reports: try reader.read())
    }
}

extension Heartbeat: WireCodable {
    package func write(to writer: inout WireWriter) {
        writer.fields(life, session, sentAt, isDraining, commandsSeen, firstReport, reports, progress)
        writer.fields(usedMemoryBytes, shuffleBytes)
    }
    package init(from reader: inout WireReader) throws(EngineError) {
        self.init(
            life: try reader.read(), session: try reader.read(), sentAt: try reader.read(),
            isDraining: try reader.read(), commandsSeen: try reader.read(), firstReport: try reader.read(),
            reports: try reader.read(), progress: try reader.read(), usedMemoryBytes: try reader.read(),
            shuffleBytes: try reader.read())
    }
}

extension WorkerMessage: WireCodable {
    package func write(to writer: inout WireWriter) {
        switch self {
        // Tag 1 is the one of workers that have heard of no epoch yet, 4 of those that know no log's number.
        case .register(let registration) where registration.welcomedLog != 0:
            writer.tag(
                5, registration, registration.heardEpoch, registration.welcomedEpoch,
                registration.welcomedLog)
        case .register(let registration) where registration.heardEpoch != 0:
            writer.tag(4, registration, registration.heardEpoch, registration.welcomedEpoch)
        case .register(let registration): writer.tag(1, registration)
        // Tag 2 is the one of workers with space on their disk.
        case .heartbeat(let heartbeat) where heartbeat.isDiskFull: writer.tag(3, heartbeat)
        case .heartbeat(let heartbeat): writer.tag(2, heartbeat)
        }
    }
    package init(from reader: inout WireReader) throws(EngineError) {
        let tag = try reader.unsigned()
        switch tag {
        case 1: self = .register(try reader.read())
        case 2: self = .heartbeat(try reader.read())
        case 3:
            var heartbeat = try reader.read(Heartbeat.self)
            heartbeat.isDiskFull = true
            self = .heartbeat(heartbeat)
        case 4, 5:
            var registration = try reader.read(Registration.self)
            registration.heardEpoch = try reader.read()
            registration.welcomedEpoch = try reader.read()
            if tag == 5 { registration.welcomedLog = try reader.read() }
            self = .register(registration)
        default: throw WireReader.unknownTag(tag, of: "WorkerMessage")
        }
    }
}

extension Delivery: WireCodable {
    package func write(to writer: inout WireWriter) {
        writer.fields(epoch, session, firstCommand, commands, reportsSeen, heardSentAt)
    }
    package init(from reader: inout WireReader) throws(EngineError) {
        self.init(
            epoch: try reader.read(), session: try reader.read(), firstCommand: try reader.read(),
            commands: try reader.read(), reportsSeen: try reader.read(), heardSentAt: try reader.read())
    }
}

extension CoordinatorMessage: WireCodable {
    package func write(to writer: inout WireWriter) {
        switch self {
        // Tag 1 is the one for workers that have known no other log, 7 and 8 have the log's number.
        case .welcome(let epoch, let session, let worker, let heard, let isStateNew, 0):
            writer.tag(isStateNew ? 6 : 1, epoch, session, worker, heard)
        case .welcome(let epoch, let session, let worker, let heard, let isStateNew, let log):
            writer.tag(isStateNew ? 8 : 7, epoch, session, worker, heard, log)
        case .deliver(let delivery): writer.tag(2, delivery)
        case .registerAgain(let epoch, let session): writer.tag(3, epoch, session)
        case .released(let epoch, let session): writer.tag(4, epoch, session)
        case .refused(let epoch, let session, let error): writer.tag(5, epoch, session, error)
        }
    }
    package init(from reader: inout WireReader) throws(EngineError) {
        let tag = try reader.unsigned()
        switch tag {
        case 1, 6, 7, 8:
            self = .welcome(
                epoch: try reader.read(), session: try reader.read(), worker: try reader.read(),
                heardSentAt: try reader.read(), isStateNew: tag == 6 || tag == 8,
                log: tag > 6 ? try reader.read() : 0)
        case 2: self = .deliver(try reader.read())
        case 3: self = .registerAgain(epoch: try reader.read(), session: try reader.read())
        case 4: self = .released(epoch: try reader.read(), session: try reader.read())
        case 5: self = .refused(epoch: try reader.read(), session: try reader.read(), try reader.read())
        default: throw WireReader.unknownTag(tag, of: "CoordinatorMessage")
        }
    }
}
