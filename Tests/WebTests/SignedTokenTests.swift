import Foundation
import Programs
import Protocol
import Testing
import Transport
import Vocabulary

@testable import Web

/// Takes tokens that PyJWT, another reading of the same RFCs, signs with keys that OpenSSL makes.
@Suite("Signed tokens", .serialized)
struct SignedTokenTests {
    /// Makes a key of each kind, writes the set of their public halves, and prints a token a line for what is
    /// asked for: `[kid, algorithm, claims, header]`.
    private static let issuer = """
        import base64, hashlib, hmac, json, os, subprocess, sys, jwt
        from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
        folder, asked = sys.argv[1], json.loads(sys.argv[2])
        kinds = {
            "RS256": (RSAAlgorithm, ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"]),
            "PS512": (RSAAlgorithm, ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"]),
            "ES256": (ECAlgorithm, ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"]),
            "ES384": (ECAlgorithm, ["EC", "-pkeyopt", "ec_paramgen_curve:P-384"]),
            "ES512": (ECAlgorithm, ["EC", "-pkeyopt", "ec_paramgen_curve:P-521"]),
            "EdDSA": (OKPAlgorithm, ["ED25519"]),
        }
        keys = []
        for kind, (algorithm, options) in kinds.items():
            path = f"{folder}/{kind}.pem"
            if not os.path.exists(path):
                command = ["openssl", "genpkey", "-out", path, "-algorithm", *options]
                subprocess.run(command, check=True, capture_output=True)
            public = load_pem_private_key(open(path, "rb").read(), None).public_key()
            key = json.loads(algorithm.to_jwk(public))
            keys.append({**key, "kid": kind, "use": "sig"} | ({"alg": kind} if kind == "PS512" else {}))
        unused = [{"kty": "oct", "kid": "oct", "k": "c2VjcmV0"}, {"kty": "new", "kid": "n"},
                  {**keys[0], "kid": "e", "use": "enc"}]
        json.dump({"keys": keys + unused}, open(f"{folder}/jwks.json", "w"))
        for kid, algorithm, claims, header in asked:
            if algorithm == "none":
                print(jwt.encode(claims, None, algorithm="none", headers={"kid": kid, **header}))
            elif algorithm == "HS256":
                # The confusion of old: the public key taken as the secret of an HMAC.
                parts = [base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=")
                         for p in ({"alg": "HS256", "kid": kid}, claims)]
                secret = json.dumps(keys[0]).encode()
                code = hmac.new(secret, ".".join(parts).encode(), hashlib.sha256).digest()
                print(".".join(parts + [base64.urlsafe_b64encode(code).decode().rstrip("=")]))
            else:
                key = open(f"{folder}/{header.pop('with', kid)}.pem").read()
                names = {} if kid is None else {"kid": kid}
                print(jwt.encode(claims, key, algorithm=algorithm, headers={**names, **header}))
        """

    private static let now = 1_800_000_000.0

    /// Returns the claims of a token that holds, with changes.
    private static func claims(_ changes: [String: Any] = [:]) -> [String: Any] {
        let good: [String: Any] = [
            "sub": "ada", "aud": "millrace", "roles": ["viewer", "submitter"], "exp": now + 60,
        ]
        return good.merging(changes) { $1 }
    }

    /// Holds one token to be made: `[kid, algorithm, claims, header]`.
    private struct Asked {
        var list: [Any]

        init(
            _ kid: String?, _ algorithm: String, _ claims: [String: Any] = SignedTokenTests.claims(),
            header: [String: Any] = [:]
        ) {
            list = [kid as Any? ?? NSNull(), algorithm, claims, header]
        }
    }

    private let folder: URL

    init() throws { folder = try ProgramRun.makeFolder("jwt") }

    private func issue(_ asked: [Asked]) throws -> [String] {
        let data = try JSONSerialization.data(withJSONObject: asked.map(\.list))
        let text = String(decoding: data, as: UTF8.self)
        let run = try ProgramRun.run(
            ProgramRun.python, ["-c", Self.issuer, folder.path, text], seconds: 60)
        try #require(run.status == 0, "\(run.errors)")
        return run.output.split(separator: "\n").map(String.init)
    }

    private func tokens() async throws -> SignedTokens {
        let file = folder.appendingPathComponent("jwks.json")
        return try await SignedTokens(
            file: file.path, audience: "millrace",
            read: { () throws(EngineError) in (try? String(contentsOf: file, encoding: .utf8)) ?? "" },
            now: { Self.now })
    }

    @Test("every kind of key signs; the highest role and the subject are taken")
    func kinds() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let kinds = ["RS256", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
        var asked = kinds.map { Asked($0, $0) }
        asked.append(
            Asked("ES256", "ES256", Self.claims(["roles": "viewer admin", "aud": ["x", "millrace"]])))
        asked.append(Asked("ES256", "ES256", Self.claims(["exp": Self.now - 10, "nbf": Self.now + 10])))
        let issued = try issue(asked)
        let tokens = try await tokens()
        for token in issued[..<6] {
            #expect(try await tokens.bearer(of: token) == Bearer(role: .submitter, name: "ada"))
        }
        #expect(try await tokens.bearer(of: issued[6])?.role == .admin)
        #expect(try await tokens.bearer(of: issued[7])?.role == .submitter, "clocks may differ a little")
    }

    @Test("no algorithm, another one, another key, an unknown name, changed or cut: nobody's tokens")
    func forged() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let issued = try issue([
            Asked("RS256", "none"), Asked("RS256", "HS256"), Asked("RS256", "RS512"),
            Asked("RS256", "RS256", header: ["with": "PS512"]),
            Asked("nobody", "RS256", header: ["with": "RS256"]),
            Asked(nil, "RS256", header: ["with": "RS256"]),
            Asked("RS256", "RS256", header: ["crit": ["exp"]]),
            Asked("e", "RS256", header: ["with": "RS256"]), Asked("ES256", "ES256"),
        ])
        let tokens = try await tokens()
        let good = issued[8]
        var parts = good.split(separator: ".").map(String.init)
        let admin = try JSONSerialization.data(withJSONObject: Self.claims(["roles": "admin"]))
        parts[1] = admin.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
            .replacing("=", with: "")
        var wrong = Array(issued[..<8])
        wrong.append(parts.joined(separator: "."))
        wrong += ["", ".", "..", "a.b.c", "e30.e30.", String(repeating: "a.", count: 9000)]
        wrong += (1..<good.count).map { String(good.prefix($0)) }
        for token in wrong {
            #expect(try await tokens.bearer(of: token) == nil, "\(token.prefix(400))")
        }
        #expect(try await tokens.bearer(of: good) != nil)
    }

    @Test("over, too early, endless, for another, without a role or with odd claims: told, by code")
    func refused() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        var endless = Self.claims()
        endless["exp"] = nil
        let cases: [(claims: [String: Any], code: String, part: String)] = [
            (Self.claims(["exp": Self.now - 60]), "UNAUTHENTICATED", "has expired"),
            (Self.claims(["nbf": Self.now + 60]), "UNAUTHENTICATED", "not valid yet"),
            (endless, "UNAUTHENTICATED", "no end"),
            (Self.claims(["aud": "other"]), "UNAUTHENTICATED", "not for millrace"),
            (Self.claims(["aud": [String]()]), "UNAUTHENTICATED", "not for millrace"),
            (Self.claims(["roles": ["owner"]]), "FORBIDDEN", "no role"),
            (Self.claims(["roles": 7]), "UNAUTHENTICATED", "no JSON of the usual types"),
        ]
        let issued = try issue(cases.map { Asked("EdDSA", "EdDSA", $0.claims) })
        let tokens = try await tokens()
        for (token, expected) in zip(issued, cases) {
            let error = await #expect(throws: EngineError.self) { try await tokens.bearer(of: token) }
            #expect(error?.code == expected.code && error?.message.contains(expected.part) == true)
            #expect(!"\(error as Any)".contains(token))
        }
    }

    @Test("REST takes them beside the tokens of a file")
    func gate() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let issued = try issue([Asked("ES256", "ES256", Self.claims(["roles": ["viewer"]]))])
        let table = try TokenTable(parsing: "0123456789abcdef-admin admin\n", file: "tokens")
        let router = RESTRouter(
            service: JobServiceDouble(), tokens: AllTokens([table, try await tokens()]))
        func status(_ method: String, _ token: String) async -> Int {
            let request = WebRequest(
                method: method, path: "/api/v1/jobs/\(JobServiceDouble.id)",
                headers: [HeaderField("authorization", "Bearer \(token)")])
            return await router.handle(request).status
        }
        #expect(await status("GET", issued[0]) == 200)
        #expect(await status("DELETE", issued[0]) == 403)
        #expect(await status("DELETE", "0123456789abcdef-admin") == 200)
        #expect(await status("GET", "unknown") == 401)
    }

    @Test("sets that are none, of keys that are private, weak, damaged or of one name are refused")
    func sets() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let point = "\"crv\":\"P-256\",\"x\":\"AAAA\",\"y\":\"AAAA\""
        // As long as points of that curve are, but not on it.
        let zeros = String(repeating: "A", count: 43)
        let beside = "\"crv\":\"P-256\",\"x\":\"\(zeros)\",\"y\":\"\(zeros)\""
        let okp = "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\""
        let private1 = "\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\""
        for (text, part) in [
            ("", "no JSON Web Key Set"), ("{\"keys\":7}", "no JSON Web Key Set"), ("{\"keys\":[]}", "no key"),
            ("{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"}]}", "no key"),
            ("{\"keys\":[{\"kty\":\"EC\",\(point)}]}", "Key 1 is damaged"),
            ("{\"keys\":[{\"kty\":\"EC\",\(beside)}]}", "Key 1 is damaged"),
            ("{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}", "Key 1 is damaged or too short"),
            ("{\"keys\":[{\(okp),\(private1)}]}", "private"),
            ("{\"keys\":[{\(okp)},{\(okp)}]}", "same name"),
        ] {
            let error = #expect(throws: EngineError.self) {
                try SigningKeys(parsing: text, file: "f.json")
            }
            #expect(
                error?.code == "INVALID_JWT_KEYS" && error?.message.contains(part) == true, "\(error as Any)")
        }
    }
}
