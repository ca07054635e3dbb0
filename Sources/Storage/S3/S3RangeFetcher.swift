import Vocabulary

/// Fetches ranges of an object in S3 through Arrow.
///
/// `@unchecked Sendable`: the pointer leads to a file of Arrow's that is made for many threads.
final class S3RangeFetcher: RangeFetcher, @unchecked Sendable {
    private let name: String
    private let location: StoragePath
    private let client: S3Client
    private let file: OpaquePointer

    init(name: String, location: StoragePath, byteCount: Int, client: S3Client) throws(EngineError) {
        self.name = name
        self.location = location
        self.client = client
        file = try client.reader.open(location, byteCount: byteCount)
    }

    deinit { client.reader.close(file) }

    /// Asks for one byte without Arrow, which drops what the server says: its answer is the better error.
    private func reason(_ error: EngineError, at offset: Int) -> EngineError {
        var request = S3Request(method: "GET", bucket: location.authority, key: location.path)
        request.headers = [("range", "bytes=\(offset)-\(offset)")]
        do throws(EngineError) {
            let answer = try client.send(request)
            return answer.isSuccess ? error : client.failure(answer, of: request)
        } catch {
            return error
        }
    }

    func fetch(at offset: Int, into target: UnsafeMutableRawBufferPointer) throws(EngineError) {
        var done = 0
        var attempt = 1
        while done < target.count {
            do throws(EngineError) {
                let rest = UnsafeMutableRawBufferPointer(rebasing: target[done...])
                let got = try client.reader.read(file, of: location, at: offset + done, into: rest)
                if got == 0 {
                    throw EngineError.data(
                        "TRUNCATED_FILE", "The object has become shorter while it was read: \(name)",
                        remedy: "Do not overwrite what a job reads.")
                }
                done += got
            } catch {
                if error.code != "S3_READ_FAILED" { throw error }
                if attempt >= client.settings.retry.unreachableAttempts {
                    throw reason(error, at: offset + done)
                }
                client.settings.retry.pause(after: attempt)
                attempt += 1
            }
        }
    }
}
