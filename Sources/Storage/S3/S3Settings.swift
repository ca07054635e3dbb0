import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Holds a key with which requests are signed.
///
/// It does not print: a secret must not come into a log by mistake.
struct S3Credentials: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible {
    var key: String
    var secret: String
    /// Of temporary credentials; empty for lasting ones.
    var token = ""

    var description: String { "S3Credentials(…)" }
    var debugDescription: String { description }
}

/// Says where S3 is and how to speak with it: Amazon's own, or a server that speaks its language.
struct S3Settings: Sendable {
    var region = "us-east-1"
    /// True for `https`.
    var isEncrypted = true
    /// `host` or `host:port` of another server; nil for Amazon's.
    var endpoint: String?
    /// Requests are not signed: for public buckets.
    var isAnonymous = false
    /// PEM file of trusted authorities; nil for the system's.
    var caFile: String?
    /// Fixed credentials; nil for Amazon's usual chain.
    var credentials: S3Credentials?
    var retry = RequestRetry()

    /// Returns an environment variable that is set and not empty.
    static func variable(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        return value.pointee == 0 ? nil : String(cString: value)
    }

    /// Reads the variables that Amazon's tools have. Throws `S3_ENDPOINT_INVALID` for what is no endpoint.
    static func fromEnvironment() throws(EngineError) -> S3Settings {
        var settings = S3Settings()
        settings.region = variable("AWS_REGION") ?? variable("AWS_DEFAULT_REGION") ?? settings.region
        settings.caFile = variable("AWS_CA_BUNDLE")
        settings.isAnonymous = ["1", "true"].contains(variable("AWS_SKIP_SIGNATURE")?.lowercased())
        if let url = variable("AWS_ENDPOINT_URL_S3") ?? variable("AWS_ENDPOINT_URL") {
            try settings.setEndpoint(url)
        }
        return settings
    }

    /// Takes an endpoint as a URL, or as `host:port` for `https`.
    mutating func setEndpoint(_ url: String) throws(EngineError) {
        var rest = Substring(url)
        isEncrypted = true
        if let mark = rest.firstRange(of: "://") {
            let scheme = rest[..<mark.lowerBound].lowercased()
            guard scheme == "http" || scheme == "https" else { throw S3Settings.badEndpoint(url) }
            isEncrypted = scheme == "https"
            rest = rest[mark.upperBound...]
        }
        while rest.hasSuffix("/") { rest.removeLast() }
        let isHost = rest.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || ".-_:[]".contains($0)) }
        guard isHost, !rest.isEmpty else { throw S3Settings.badEndpoint(url) }
        let standardPort = isEncrypted ? ":443" : ":80"
        if rest.hasSuffix(standardPort), !rest.hasPrefix("[") { rest.removeLast(standardPort.count) }
        endpoint = String(rest)
    }

    private static func badEndpoint(_ url: String) -> EngineError {
        .user(
            "S3_ENDPOINT_INVALID", "This is no S3 endpoint: \(url)",
            remedy:
                "Set AWS_ENDPOINT_URL to http(s)://host:port without a path, or leave it out for Amazon's.")
    }

    /// Returns the host and the start of the path that a bucket's requests go to. Another server than
    /// Amazon's is given the bucket in the path, as is Amazon's where the name has a dot, which no
    /// certificate covers.
    func place(of bucket: String) -> (host: String, path: String) {
        if let endpoint { return (endpoint, "/" + bucket) }
        let suffix = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
        let host = "s3.\(region).\(suffix)"
        return bucket.contains(where: { $0 == "." || $0 == "_" || $0.isUppercase })
            ? (host, "/" + bucket) : (bucket + "." + host, "")
    }
}
