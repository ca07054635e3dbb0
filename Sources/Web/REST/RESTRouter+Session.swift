import Foundation
import Protocol
import Transport
import Vocabulary

// Sessions of the page: a token, kept in a cookie.
extension RESTRouter {
    private struct Session: Codable {
        var tokensNeeded: Bool
        var role: String?
        var name: String?
    }

    func session(_ request: WebRequest) async -> WebResponse {
        guard let tokens = gate.tokens else {
            return Problems.json(Session(tokensNeeded: false, role: Role.admin.rawValue))
        }
        var bearer: Bearer?
        if let token = RESTGate.token(of: request) { bearer = try? await tokens.bearer(of: token) }
        return Problems.json(Session(tokensNeeded: true, role: bearer?.role.rawValue, name: bearer?.name))
    }

    private struct Login: Codable { var token: String }

    func login(_ request: WebRequest) async throws -> WebResponse {
        try gate.checkOrigin(request)
        try checkJSON(request)
        guard let login = try? JSONDecoder().decode(Login.self, from: Data(request.body)),
            try await gate.tokens?.bearer(of: login.token) != nil
        else { throw EngineError.user("UNAUTHENTICATED", "This token is not known here") }
        return WebResponse(status: 204, headers: [RESTGate.cookie(login.token, isSecure: request.isSecure)])
    }
}
