import Foundation
import Transport
import Vocabulary

extension RemoteJobService: PipelineService {
    /// Bytes of a bundle that go in one request.
    private static let pieceBytes = 512 << 10

    package func bundle(_ digest: String) async throws -> BundleStatus {
        try await call("GET", "/bundles/" + RemoteJobService.escaped(digest))
    }

    package func store(
        _ bytes: [UInt8], at offset: Int, of size: Int, bundle: String
    ) async throws -> BundleStatus {
        try await call(
            "PUT", "/bundles/\(RemoteJobService.escaped(bundle))?offset=\(offset)&size=\(size)",
            body: Data(bytes), contentType: "application/octet-stream")
    }

    /// Stores a bundle that is not there yet, piece by piece.
    package func store(bundle digest: String, _ bytes: [UInt8]) async throws {
        if try await bundle(digest).isComplete { return }
        for offset in stride(from: 0, to: bytes.count, by: RemoteJobService.pieceBytes) {
            let end = min(offset + RemoteJobService.pieceBytes, bytes.count)
            _ = try await store(Array(bytes[offset..<end]), at: offset, of: bytes.count, bundle: digest)
        }
    }

    package func deploy(_ name: String, _ request: DeployRequest) async throws -> PipelineStatus {
        try await call("PUT", place(name), body: try JSONEncoder().encode(request))
    }

    package func pipelines() async throws -> [PipelineStatus] {
        let list: PipelineList = try await call("GET", "/pipelines")
        return list.pipelines
    }

    package func pipeline(_ name: String) async throws -> PipelineStatus {
        try await call("GET", place(name))
    }

    package func pause(_ name: String) async throws -> PipelineStatus {
        try await call("POST", place(name) + "/pause")
    }

    package func resume(_ name: String) async throws -> PipelineStatus {
        try await call("POST", place(name) + "/resume")
    }

    package func remove(_ name: String) async throws -> PipelineStatus {
        try await call("DELETE", place(name))
    }

    package func runs(of name: String) async throws -> [RunStatus] {
        let list: RunList = try await call("GET", place(name) + "/runs")
        return list.runs
    }

    package func backfill(_ name: String, _ request: BackfillRequest) async throws -> [RunStatus] {
        let body = try JSONEncoder().encode(request)
        let list: RunList = try await call("POST", place(name) + "/backfill", body: body)
        return list.runs
    }

    package func state(of name: String) async throws -> PipelineState {
        try await call("GET", place(name) + "/state")
    }

    package func change(_ change: StateChange, ofState name: String) async throws -> PipelineState {
        try await call("POST", place(name) + "/state", body: try JSONEncoder().encode(change))
    }

    package func run(_ id: String) async throws -> RunStatus {
        try await call("GET", path(id) + "/run")
    }

    private func place(_ name: String) -> String { "/pipelines/" + RemoteJobService.escaped(name) }
}
