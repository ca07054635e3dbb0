// The wire layouts of this room's own nouns.

extension DenseID {
    package func write(to writer: inout WireWriter) { writer.write(rawValue) }
    package init(from reader: inout WireReader) throws(EngineError) { self.init(rawValue: try reader.read()) }
}

extension StageID: WireCodable {}
extension JobID: WireCodable {}
extension WorkerID: WireCodable {}

extension StageKey: WireCodable {
    package func write(to writer: inout WireWriter) {
        writer.write(job)
        writer.write(statement)
        writer.write(stage)
    }
    package init(from reader: inout WireReader) throws(EngineError) {
        self.init(job: try reader.read(), statement: try reader.read(), stage: try reader.read())
    }
}

extension TaskID: WireCodable {
    package func write(to writer: inout WireWriter) {
        writer.write(stage)
        writer.write(index)
    }
    package init(from reader: inout WireReader) throws(EngineError) {
        self.init(stage: try reader.read(), index: try reader.read())
    }
}

extension AttemptID: WireCodable {
    package func write(to writer: inout WireWriter) {
        writer.write(task)
        writer.write(epoch)
        writer.write(number)
    }
    package init(from reader: inout WireReader) throws(EngineError) {
        self.init(task: try reader.read(), epoch: try reader.read(), number: try reader.read())
    }
}

extension Instant: WireCodable {
    package func write(to writer: inout WireWriter) { writer.write(milliseconds) }
    package init(from reader: inout WireReader) throws(EngineError) {
        self.init(milliseconds: try reader.read())
    }
}

extension SourceLocation: WireCodable {
    package func write(to writer: inout WireWriter) {
        writer.write(file)
        writer.write(line)
        writer.write(column)
        writer.write(lineText)
        writer.write(length)
    }
    package init(from reader: inout WireReader) throws(EngineError) {
        self.init(
            file: try reader.read(), line: try reader.read(), column: try reader.read(),
            lineText: try reader.read(), length: try reader.read())
    }
}

extension EngineError: WireCodable {
    package func write(to writer: inout WireWriter) {
        writer.write(blame.rawValue)
        writer.write(code)
        writer.write(message)
        writer.write(remedy)
        writer.write(location)
    }
    package init(from reader: inout WireReader) throws(EngineError) {
        guard let blame = Blame(rawValue: try reader.read()) else {
            throw WireReader.corrupt("unknown blame")
        }
        self.init(
            blame, try reader.read(), try reader.read(), remedy: try reader.read(), at: try reader.read())
    }
}
