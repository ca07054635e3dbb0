import Columns
import Foundation
import Glibc
import Memory
import Synchronization
import Transport
import Vocabulary

@testable import Formats
@testable import Shuffle

let mixedSchema = Schema([
    Field("flag", .boolean), Field("tiny", .int8), Field("small", .int16), Field("int", .int32),
    Field("big", .int64), Field("real", .float), Field("double", .double),
    Field("money", .decimal(precision: 12, scale: 2)), Field("wide", .decimal(precision: 38, scale: 2)),
    Field("text", .string), Field("bytes", .binary), Field("day", .date), Field("time", .timestamp),
    Field("list", .array(.string, containsNull: true)),
    Field("pair", .structure([Field("a", .int32), Field("b", .string)])),
    Field("map", .map(key: .string, value: .int32, valueContainsNull: true)),
])

/// Makes a batch of every type, every seventh row null.
func mixedBatch(_ count: Int, seed: Int) -> Batch {
    let columns = mixedSchema.fields.map { field in
        Vector.of(
            field.type,
            (0..<count).map { row in (row + seed) % 7 == 0 ? .null : value(field.type, row &* 31 &+ seed) })
    }
    return Batch(columns: columns, count: count)
}

private func value(_ type: DataType, _ n: Int) -> Scalar {
    switch type {
    case .boolean: .boolean(n % 2 == 0)
    case .int8: .integer(Int64(n % 100))
    case .float: .float(Float(n % 1000))
    case .double: .double(Double(n) * 0.5)
    case .decimal: .decimal(Int128(n))
    case .string: .string("text number \(n) of some length")
    case .binary: .binary(Array("b\(n)".utf8))
    case .array: .array([.string("element \(n) beyond twelve bytes"), .null])
    case .structure: .structure([.integer(Int64(n % 1000)), .string("s\(n)")])
    case .map: .map(keys: [.string("key \(n)")], values: [.integer(Int64(n % 9))])
    default: .integer(Int64(n % 10_000))
    }
}

/// Returns rows as text, for comparison.
func rows(_ batches: [Batch]) -> [String] {
    batches.flatMap { batch in
        (0..<batch.count).map { row in batch.columns.map { "\($0.scalar(at: row))" }.joined(separator: "|") }
    }
}

func attempt(_ index: Int) -> AttemptID {
    let stage = StageKey(job: JobID(3), statement: 1, stage: StageID(2))
    return AttemptID(task: TaskID(stage: stage, index: UInt32(index)), epoch: 4, number: UInt32(index + 1))
}

func encode(_ batch: Batch, _ schema: Schema) throws -> [Buffer] {
    try ColumnBlockEncoder(schema: schema).encode(batch)
}

/// Makes an output of one block for each batch.
func encodedOutput(_ index: Int, _ partitions: [[Batch]], schema: Schema) throws -> ShuffleOutput {
    let blocks = try partitions.map { try $0.flatMap { try encode($0, schema) } }
    return ShuffleOutput(
        attempt: attempt(index), schema: schema, partitions: blocks.map { .blocks($0) },
        partitionRows: partitions.map { $0.reduce(0) { $0 + $1.count } },
        partitionBytes: blocks.map { $0.reduce(0) { $0 + $1.byteCount } })
}

/// A worker that serves a store.
final class Peer {
    let store = ShuffleStore()
    let server: HTTPServer
    var address: String { "localhost:\(server.port)" }

    init(
        tls: TLSFiles? = nil, tokens: ShuffleTokens? = nil,
        mayRead: @escaping @Sendable (Request) -> Bool = { _ in true },
        wrap: (ShuffleServer) -> any RequestHandler = { $0 }
    ) throws {
        let handler = try ShuffleServer(store: store, tokens: tokens, mayRead: mayRead)
        server = try HTTPServer(
            configuration: ServerConfiguration(listen: "localhost:0", tls: tls, limits: .clusterPeers),
            handler: wrap(handler))
    }

    deinit { server.stop() }

    func put(_ output: ShuffleOutput) -> OutputAddress {
        store.put(output)
        return OutputAddress(attempt: output.attempt, address: address, checksum: output.checksum)
    }
}

func source(_ store: ShuffleStore = ShuffleStore(), tls: TLSFiles? = nil, settings: FetchSettings = .init())
    throws
    -> RemoteShuffleSource
{
    try RemoteShuffleSource(
        store: store, ownAddress: "localhost:1",
        client: HTTPClient(configuration: ClientConfiguration(tls: tls)),
        settings: settings)
}

/// Reads a stream to its end on its own thread, waiting for wake-ups; fails when none comes within 20 s.
func drain(_ stream: any ShuffleStream, each: (Batch) throws -> Void = { _ in }) throws -> [Batch] {
    var batches: [Batch] = []
    while true {
        switch try stream.next() {
        case .batch(let batch):
            try each(batch)
            batches.append(batch)
        case .finished: return batches
        case .blocked(let wakeup):
            let signal = DispatchSemaphore(value: 0)
            wakeup.whenSignalled { signal.signal() }
            if signal.wait(timeout: .now() + 20) == .timedOut { throw EngineError.internal("no wake-up") }
        }
    }
}

/// Runs a blocking body on a thread of its own.
func aside<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
        Thread { continuation.resume(with: Result { try body() }) }.start()
    }
}

/// Certificates made for one test run.
final class Certificates: Sendable {
    static let shared = Result { try Certificates() }
    private let directory: String

    private init() throws {
        directory = NSTemporaryDirectory() + "shuffle-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.currentDirectoryURL = URL(fileURLWithPath: directory)
        process.arguments = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-days", "2", "-subj", "/CN=worker", "-addext", "subjectAltName=DNS:localhost", "-keyout",
            "key.pem",
            "-out", "cert.pem",
        ]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        if process.terminationStatus != 0 { throw EngineError.internal("openssl failed") }
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    var files: TLSFiles {
        TLSFiles(
            certificate: directory + "/cert.pem", key: directory + "/key.pem",
            authority: directory + "/cert.pem")
    }
}
