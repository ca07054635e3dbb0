import Protocol
import Vocabulary

/// Says how far a node is on its way, for Kubernetes' probes.
package struct NodeProbes: Sendable {
    package var isStarted: @Sendable () async -> Bool
    package var isReady: @Sendable () async -> Bool

    package init(
        isStarted: @escaping @Sendable () async -> Bool = { true },
        isReady: @escaping @Sendable () async -> Bool = { true }
    ) {
        self.isStarted = isStarted
        self.isReady = isReady
    }

    /// Answers `/livez`, `/readyz` and `/startupz`; nil for every other path.
    func answer(_ path: String) async -> WebResponse? {
        let isGood: Bool
        switch path {
        case "/livez": isGood = true
        case "/readyz": isGood = await isReady()
        case "/startupz": isGood = await isStarted()
        default: return nil
        }
        return .text(isGood ? "ok\n" : "not yet\n", status: isGood ? 200 : 503)
    }
}

/// Serves probes and metrics alone: what a worker shows on its web port.
package struct ProbeRouter: WebHandler {
    private let probes: NodeProbes
    private let metrics: @Sendable () async -> MetricsText

    package init(probes: NodeProbes, metrics: @escaping @Sendable () async -> MetricsText) {
        self.probes = probes
        self.metrics = metrics
    }

    package func handle(_ request: WebRequest) async -> WebResponse {
        guard request.method == "GET" || request.method == "HEAD" else {
            return Problems.response(
                EngineError.user("METHOD_NOT_ALLOWED", "Only GET is known here"), status: 405)
        }
        if let answer = await probes.answer(request.path) { return answer }
        if request.path == "/metrics" { return .text(await metrics().text, type: MetricsText.contentType) }
        return Problems.response(EngineError.user("NOT_FOUND", "There is nothing here: \(request.path)"))
    }
}
