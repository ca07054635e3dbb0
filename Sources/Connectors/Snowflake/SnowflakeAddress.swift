import Storage
import Vocabulary

/// Reads an address of Snowflake and writes it as the driver wants it.
///
/// Understood are SQLAlchemy's form, `snowflake://user@account/database/schema?warehouse=w&role=r`, and that
/// of Snowflake's JDBC driver, `snowflake://account.snowflakecomputing.com/?db=d&schema=s&warehouse=w`. Names
/// in capitals are parameters of the session (`QUERY_TAG=etl`). The driver's own form is described in the
/// documentation of gosnowflake, which it is built on.
struct SnowflakeAddress {
    private var place = ""
    private var user: String?
    private var password: String?
    private var names: [String: String] = [:]
    private var sessionParameters: [(name: String, value: String)] = []

    /// How a user proves who they are: the driver's word, and where the secret goes.
    private static let authenticators = [
        "snowflake": "", "oauth": "token", "programmatic_access_token": "token",
        "snowflake_jwt": "privateKey",
    ]
    /// Other words for parameters.
    private static let synonyms = ["db": "database"]
    private static let known: Set = [
        "account", "user", "password", "database", "schema", "warehouse", "role", "authenticator", "protocol",
        "login_timeout",
    ]
    /// Account names are the first part of such hosts.
    private static let domains = [".snowflakecomputing.com", ".snowflakecomputing.cn"]
    /// A log-in is tried again for so long when the service does not answer.
    private static let loginSeconds = 30

    /// Throws `INVALID_OPTION` for what is no such address.
    init(_ text: String) throws(EngineError) {
        guard let start = text.firstRange(of: "://") else { throw SnowflakeAddress.unclear("it has no ://") }
        var rest = text[start.upperBound...]
        if let mark = rest.firstIndex(of: "?") {
            for pair in rest[rest.index(after: mark)...].split(separator: "&") {
                let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                try set(String(parts[0]), parts.count > 1 ? WebAddress.decoded(parts[1]) : "")
            }
            rest = rest[..<mark]
        }
        if let at = rest.lastIndex(of: "@") {
            let login = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            user = WebAddress.decoded(login[0])
            if login.count > 1 { password = WebAddress.decoded(login[1]) }
            rest = rest[rest.index(after: at)...]
        }
        let path = rest.split(separator: "/", omittingEmptySubsequences: false)
        place = String(path.first ?? "")
        for (name, part) in zip(["database", "schema"], path.dropFirst()) where !part.isEmpty {
            names[name] = WebAddress.decoded(part)
        }
        if place.isEmpty || path.count > 3 { throw SnowflakeAddress.unclear("it names no account") }
        if names["schema"] != nil, names["database"] == nil {
            throw SnowflakeAddress.unclear("it names a schema without its database")
        }
    }

    private mutating func set(_ name: String, _ value: String) throws(EngineError) {
        if name == name.uppercased() {
            sessionParameters.append((name, value))
            return
        }
        let lowered = name.lowercased()
        let key = SnowflakeAddress.synonyms[lowered] ?? lowered
        guard SnowflakeAddress.known.contains(key) else {
            let near = Suggestion.nearest(to: name, among: SnowflakeAddress.known.sorted())
            throw .user(
                "INVALID_OPTION", "An address of Snowflake has no parameter of this name: \(name)",
                remedy: near.map { "Did you mean \($0)?" }
                    ?? "Parameters of the session are written in capitals.")
        }
        switch key {
        case "user": user = value
        case "password": password = value
        default: names[key] = value
        }
    }

    private static func unclear(_ why: String) -> EngineError {
        .user(
            "INVALID_OPTION", "The address of Snowflake is not understood: \(why)",
            remedy: "Write it as \(SnowflakeDialect().addressForm).")
    }

    /// Returns the address in the driver's form. The secret is a password, a token, or a private key (PKCS 8
    /// in PEM, without a passphrase), by the authenticator.
    func driverText(
        user givenUser: String?, password givenPassword: String?, session: DriverSession
    ) throws(EngineError) -> String {
        let user = givenUser ?? user ?? ""
        var secret = givenPassword ?? password
        let authenticator = (names["authenticator"] ?? "snowflake").lowercased()
        guard let secretName = SnowflakeAddress.authenticators[authenticator] else {
            throw .user(
                "INVALID_OPTION", "Snowflake is not logged in to in this way: \(authenticator)",
                remedy: "Known are \(SnowflakeAddress.authenticators.keys.sorted().joined(separator: ", ")).")
        }
        var parameters: [(String, String)] = []
        if authenticator == "snowflake_jwt", let key = secret { secret = try SnowflakeAddress.keyText(key) }
        if !secretName.isEmpty {
            parameters.append(("authenticator", authenticator))
            parameters.append((secretName, secret ?? ""))
        }
        for name in ["warehouse", "role", "account", "protocol"] {
            if let value = names[name] { parameters.append((name, value)) }
        }
        let seconds = names["login_timeout"] ?? "\(SnowflakeAddress.loginSeconds)"
        guard let number = Int(seconds), number > 0 else {
            throw .user("INVALID_OPTION", "login_timeout is a number of seconds: \(seconds)")
        }
        parameters.append(("loginTimeout", "\(number)"))
        parameters.append(("application", "Millrace"))
        if let scratch = session.scratch { parameters.append(("tmpDirPath", scratch)) }
        if !sessionParameters.contains(where: { $0.name == "TIMEZONE" }) {
            parameters.append(("TIMEZONE", session.zone))
        }
        parameters += sessionParameters.map { ($0.name, $0.value) }
        let login =
            WebAddress.encoded(user)
            + (secretName.isEmpty ? ":" + WebAddress.encoded(secret ?? "") : "")
        let list = parameters.map { "\($0.0)=\(WebAddress.encoded($0.1))" }.joined(separator: "&")
        // The driver takes both from the path alone.
        let path = ["database", "schema"].compactMap { names[$0].map { "/" + WebAddress.encoded($0) } }
        return "\(login)@\(hostOrAccount)\(path.isEmpty ? "/" : path.joined())?\(list)"
    }

    /// An account's name may have dots too (`xy12345.eu-central-1`).
    private var hostOrAccount: String {
        for domain in SnowflakeAddress.domains where place.contains(domain) {
            return place.contains(":") ? place : place + ":443"
        }
        return place
    }

    /// Takes the lines of PEM away and writes the rest in base64's alphabet for addresses.
    private static func keyText(_ key: String) throws(EngineError) -> String {
        let lines = key.split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("-----") }
        let text = lines.joined().replacing("+", with: "-").replacing("/", with: "_")
        let isEncrypted = key.contains("ENCRYPTED")
        guard !isEncrypted, !text.isEmpty,
            text.allSatisfy({ $0.isLetter || $0.isNumber || "-_=".contains($0) })
        else {
            throw .user(
                "INVALID_OPTION",
                "snowflake_jwt needs a private key as password: PKCS 8 in PEM, not encrypted")
        }
        return text
    }
}
