import Vocabulary

// The wire layouts of the scheduler's nouns, in facts and in messages alike.

/// Writes an enumeration of numbers as its number.
protocol WireEnumeration: WireCodable, RawRepresentable<UInt32> {}

extension WireEnumeration {
    package func write(to writer: inout WireWriter) { writer.write(rawValue) }
    package init(from reader: inout WireReader) throws(EngineError) {
        let number = try reader.read(UInt32.self)
        guard let value = Self(rawValue: number) else {
            throw WireReader.unknownTag(UInt64(number), of: "\(Self.self)")
        }
        self = value
    }
}

extension ExchangeKind: WireEnumeration {}
extension StageOutputKind: WireEnumeration {}
extension WorkerLoss: WireEnumeration {}

extension StageDependency: WireCodable {
    package func write(to writer: inout WireWriter) { writer.fields(producer, kind) }
    package init(from reader: inout WireReader) throws(EngineError) {
        self.init(on: try reader.read(), try reader.read())
    }
}

extension StageSpec: WireCodable {
    package func write(to writer: inout WireWriter) {
        writer.fields(id, label, dependencies, taskCount, output, memoryBytes)
        // What is above the lowest bit came later, and is 0 in logs from before.
        writer.unsigned((isAdaptive ? 1 : 0) | repetition.rawValue << 1)
        writer.write(preferredWorkers)
    }
    package init(from reader: inout WireReader) throws(EngineError) {
        self.init(
            id: try reader.read(), label: try reader.read(), dependencies: try reader.read(),
            taskCount: try reader.read(), output: try reader.read(), memoryBytes: try reader.read())
        let marks = try reader.unsigned()
        isAdaptive = marks & 1 != 0
        repetition = StageRepetition(rawValue: UInt64(marks >> 1)) ?? .never
        preferredWorkers = try reader.read()
    }
}

extension OperatorCounters: WireCodable {
    package func write(to writer: inout WireWriter) {
        writer.fields(rows, microseconds, peakBytes, spillBytes, tasks)
    }
    package init(from reader: inout WireReader) throws(EngineError) {
        self.init(
            rows: try reader.read(), microseconds: try reader.read(), peakBytes: try reader.read(),
            spillBytes: try reader.read(), tasks: try reader.read())
    }
}

// Skipped parts and operators came later: what ends with an output has further tags for one with such counts.
extension TaskCounters: WireCodable {
    package func write(to writer: inout WireWriter) {
        writer.fields(rowsIn, rowsOut, bytesIn, bytesOut, spillBytes, milliseconds)
    }
    package init(from reader: inout WireReader) throws(EngineError) {
        self.init(
            rowsIn: try reader.read(), rowsOut: try reader.read(), bytesIn: try reader.read(),
            bytesOut: try reader.read(), spillBytes: try reader.read(), milliseconds: try reader.read())
    }
}

extension TaskOutput: WireCodable {
    package func write(to writer: inout WireWriter) {
        writer.fields(attempt, worker, counters, partitionBytes, checksum)
        writer.data(manifest)
        writer.write(endedMilliseconds)
    }
    package init(from reader: inout WireReader) throws(EngineError) {
        self.init(
            attempt: try reader.read(), worker: try reader.read(), counters: try reader.read(),
            partitionBytes: try reader.read(), checksum: try reader.read(),
            manifest: Array(try reader.data()), endedMilliseconds: try reader.read())
    }

    /// Reads an output that its count of skipped parts follows.
    init(withSkippedParts reader: inout WireReader) throws(EngineError) {
        self = try reader.read()
        counters.skippedParts = try reader.read()
    }
}

extension TaskFailure: WireCodable {
    package func write(to writer: inout WireWriter) {
        switch self {
        case .error(let error): writer.tag(1, error)
        case .fetchFailed(let producer, let error): writer.tag(2, producer, error)
        case .outOfMemory(let error): writer.tag(3, error)
        case .workerLost(let loss): writer.tag(4, loss)
        }
    }
    package init(from reader: inout WireReader) throws(EngineError) {
        let tag = try reader.unsigned()
        switch tag {
        case 1: self = .error(try reader.read())
        case 2: self = .fetchFailed(producer: try reader.read(), try reader.read())
        case 3: self = .outOfMemory(try reader.read())
        case 4: self = .workerLost(try reader.read())
        default: throw WireReader.unknownTag(tag, of: "TaskFailure")
        }
    }
}

extension FailureRecord: WireCodable {
    package func write(to writer: inout WireWriter) { writer.fields(attempt, worker, failure) }
    package init(from reader: inout WireReader) throws(EngineError) {
        self.init(attempt: try reader.read(), worker: try reader.read(), failure: try reader.read())
    }
}

extension JobHeader: WireCodable {
    package func write(to writer: inout WireWriter) {
        writer.write(externalID)
        writer.data(digest)
        writer.fields(name, pool, statementCount)
    }
    package init(from reader: inout WireReader) throws(EngineError) {
        self.init(
            externalID: try reader.read(), digest: Array(try reader.data()), name: try reader.read(),
            pool: try reader.read(), statementCount: try reader.read())
    }
}

extension JobOutcome: WireCodable {
    package func write(to writer: inout WireWriter) {
        switch self {
        case .succeeded: writer.tag(1)
        case .failed(let error): writer.tag(2, error)
        case .cancelled: writer.tag(3)
        }
    }
    package init(from reader: inout WireReader) throws(EngineError) {
        let tag = try reader.unsigned()
        switch tag {
        case 1: self = .succeeded
        case 2: self = .failed(try reader.read())
        case 3: self = .cancelled
        default: throw WireReader.unknownTag(tag, of: "JobOutcome")
        }
    }
}

extension WorkerIdentity: WireCodable {
    package func write(to writer: inout WireWriter) {
        writer.fields(address, incarnation, version, slots, memoryBytes)
    }
    package init(from reader: inout WireReader) throws(EngineError) {
        self.init(
            address: try reader.read(), incarnation: try reader.read(), version: try reader.read(),
            slots: try reader.read(), memoryBytes: try reader.read())
    }
}

extension WorkerLife: WireCodable {
    package func write(to writer: inout WireWriter) { writer.fields(address, incarnation) }
    package init(from reader: inout WireReader) throws(EngineError) {
        self.init(address: try reader.read(), incarnation: try reader.read())
    }
}
