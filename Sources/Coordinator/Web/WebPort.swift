import Transport
import Vocabulary

/// Serves the page, REST, probes and metrics to people and their tools: cleartext as HTTP/1.1; with a
/// certificate as HTTP/2 over TLS 1.3, which browsers, Prometheus and Kubernetes' probes speak, without
/// asking for a certificate.
package final class WebPort: Sendable {
    private enum Server: Sendable {
        case plain(PlainWebServer)
        case secure(HTTPServer)
    }

    private let server: Server

    /// Listens on `host:port` and begins to serve. Throws `ADDRESS_IN_USE`, `INVALID_ADDRESS` or
    /// `INVALID_TLS_FILE` (user).
    package init(listen: String, certificate: String? = nil, key: String? = nil, handler: any WebHandler)
        throws
    {
        guard let certificate, let key else {
            server = .plain(try PlainWebServer(listen: listen, handler: handler))
            return
        }
        server = .secure(
            try HTTPServer(
                configuration: ServerConfiguration(
                    listen: listen, tls: TLSFiles(certificate: certificate, key: key)),
                handler: WebTransportAdapter(handler, isSecure: true)))
    }

    /// The port that is served; of use where port 0 was asked for.
    package var port: Int {
        switch server {
        case .plain(let server): server.port
        case .secure(let server): server.port
        }
    }

    /// Stops serving.
    package func stop() {
        switch server {
        case .plain(let server): server.stop()
        case .secure(let server): server.stop()
        }
    }
}
