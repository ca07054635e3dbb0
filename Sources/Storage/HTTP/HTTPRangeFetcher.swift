import Synchronization
import Vocabulary

/// Fetches ranges of a file from a web server. From a server that sends no parts the file is fetched whole,
/// once, and kept.
final class HTTPRangeFetcher: RangeFetcher {
    private enum Ability {
        case unknown
        case ranges
        /// The server sends everything: here it is.
        case whole([UInt8])
    }

    private let file: WebFile
    /// As the user wrote it, where each request begins: the place that it redirects to may be signed for
    /// some minutes only.
    private let address: WebAddress
    private let client: HTTPFileClient
    private let ability = Mutex(Ability.unknown)

    init(_ file: WebFile, at address: WebAddress, client: HTTPFileClient) {
        self.file = file
        self.address = address
        self.client = client
    }

    func fetch(at offset: Int, into target: UnsafeMutableRawBufferPointer) throws(EngineError) {
        let isKnown = try ability.withLock { ability throws(EngineError) -> Bool in
            switch ability {
            case .ranges: return false
            case .whole(let bytes): HTTPRangeFetcher.copy(bytes, from: offset, into: target)
            // Others wait: from a server without parts each of them would fetch everything.
            case .unknown: ability = try fetchOnce(at: offset, into: target)
            }
            return true
        }
        if !isKnown { _ = try fetchOnce(at: offset, into: target) }
    }

    private func fetchOnce(
        at offset: Int, into target: UnsafeMutableRawBufferPointer
    ) throws(EngineError) -> Ability {
        let range = offset..<(offset + target.count)
        let isSmall = file.byteCount <= HTTPFileClient.wholeLimit
        var attempt = 1
        while true {
            let (answer, place) = try client.send(
                address, range: range, limit: isSmall ? file.byteCount + 1 : target.count + 1)
            switch answer.status {
            case 200, 206: break
            case 404, 410, 412, 416: throw changed
            default: throw HTTPFileClient.failure(answer, place)
            }
            try HTTPFileClient.checkPlain(answer, place)
            if !file.version.fits(WebFile.Version(answer)) { throw changed }
            if answer.status == 200 {
                if !isSmall { throw HTTPFileClient.tooLong(place) }
                if answer.body.count != file.byteCount { throw changed }
                HTTPRangeFetcher.copy(answer.body, from: offset, into: target)
                return .whole(answer.body)
            }
            let said = answer.contentRange
            if let total = said?.total, total != file.byteCount { throw changed }
            if said?.start == offset, answer.body.count == target.count {
                HTTPRangeFetcher.copy(answer.body, from: 0, into: target)
                return .ranges
            }
            // A server may send less than was asked for; one that does so again and again does not work.
            if attempt >= client.retry.unreachableAttempts {
                throw .system(
                    "HTTP_ERROR", "The server does not send the range that it is asked for: \(place.shown)")
            }
            client.retry.pause(after: attempt)
            attempt += 1
        }
    }

    private static func copy(_ bytes: [UInt8], from start: Int, into target: UnsafeMutableRawBufferPointer) {
        bytes.withUnsafeBytes { source in
            target.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[start..<(start + target.count)]))
        }
    }

    private var changed: EngineError {
        .data(
            "FILE_CHANGED", "The file was replaced or removed while it was read: \(address.shown)",
            remedy: "Run the job again once the file stays as it is.")
    }
}
