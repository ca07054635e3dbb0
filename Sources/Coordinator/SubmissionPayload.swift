import Foundation
import Protocol

/// Writes submissions as the log keeps them, and reads them back.
enum SubmissionPayload {
    /// Returns the request as JSON.
    static func encode(_ request: JobRequest) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return Array(try encoder.encode(request))
    }

    /// Reads a request. Throws when the bytes are none.
    static func decode(_ payload: [UInt8]) throws -> JobRequest {
        try JSONDecoder().decode(JobRequest.self, from: Data(payload))
    }
}
