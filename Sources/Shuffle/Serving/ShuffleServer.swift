import Transport
import Vocabulary

/// Serves the outputs of a worker's store to other workers: `GET /shuffle/v1/…`, see `BlockRequest`.
///
/// The response is a sequence of frames, see `BlockFrame`. Blocks in memory are sent without a copy, blocks
/// in files are read ahead in pieces on threads of the server's own. Statuses: 400 for a request that is none
/// or was damaged, 401 without the token of the outputs' job, 403 where the hook refuses, 404 where no output
/// asked for is here.
///
/// Thread-safe: nothing in it changes.
package final class ShuffleServer: RequestHandler {
    private let store: ShuffleStore
    private let mayRead: @Sendable (Request) -> Bool
    private let tokens: ShuffleTokens?
    private let disks: [EventLoop]

    /// Threads that read files; each waits for the disk, never for the network.
    private static let diskThreadCount = 2

    /// Makes the handler of paths under `ShufflePath.prefix`. `mayRead` says whether a request may be
    /// answered, by its peer's certificate; `tokens` has those of jobs, one of which it must carry; nil:
    /// none is asked for. Throws `OUT_OF_RESOURCES` (system).
    package init(
        store: ShuffleStore, tokens: ShuffleTokens? = nil,
        mayRead: @escaping @Sendable (Request) -> Bool = { _ in true }
    ) throws(EngineError) {
        self.store = store
        self.tokens = tokens
        self.mayRead = mayRead
        var disks: [EventLoop] = []
        for index in 0..<Self.diskThreadCount { disks.append(try EventLoop(name: "shuffle-disk-\(index)")) }
        self.disks = disks
    }

    deinit { for disk in disks { disk.stop() } }

    package func handle(_ request: Request, _ response: ResponseWriter) {
        guard request.method == "GET", let wanted = ShufflePath.parse(request.path) else {
            return response.respond(
                status: 400, contentType: "text/plain; charset=utf-8", Array("no shuffle request\n".utf8))
        }
        guard mayRead(request) else {
            return response.respond(
                status: 403, contentType: "text/plain; charset=utf-8", Array("not allowed\n".utf8))
        }
        guard ShufflePath.isWhole(request.path, request.headers) else {
            return response.respond(
                status: 400, contentType: "text/plain; charset=utf-8", Array("damaged on its way\n".utf8))
        }
        let outputs = wanted.map { store.output(of: $0.attempt) }
        let isEmpty = outputs.allSatisfy { $0 == nil }
        let jobs = Set(wanted.map(\.attempt.task.stage.job))
        // Before anything tells what is here. A worker that was started in the place of one that died knows
        // neither the token nor the outputs: its readers must hear that these are gone.
        if let tokens, !tokens.admit(request.headers, to: jobs), !(isEmpty && tokens.isStranger(to: jobs)) {
            return response.respond(
                status: 401, contentType: "text/plain; charset=utf-8",
                Array("not the token of the job\n".utf8))
        }
        if isEmpty {
            return response.respond(
                status: 404, contentType: "text/plain; charset=utf-8", Array("no such output\n".utf8))
        }
        response.head(status: 200, headers: [HeaderField("content-type", "application/vnd.millrace.blocks")])
        let disk = disks[Int(UInt(bitPattern: request.path.hashValue) % UInt(disks.count))]
        BlockSender(Array(zip(wanted, outputs)), response, disk: disk).run()
    }
}
