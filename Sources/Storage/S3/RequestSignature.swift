import Vocabulary

/// Signs a request as AWS Signature Version 4 says
/// (docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html).
///
///     Authorization: AWS4-HMAC-SHA256 Credential=KEY/20130524/REGION/s3/aws4_request,
///                    SignedHeaders=host;x-amz-date,Signature=…
struct RequestSignature {
    let library: StoreLibrary
    let credentials: S3Credentials
    let region: String
    /// `20130524T000000Z`
    let time: String

    /// Returns the value of `Authorization`. `path` and `query` are encoded already; `headers` have names in
    /// lower case, the host's among them.
    func authorization(
        method: String, path: String, query: String, headers: [(name: String, value: String)],
        payloadDigest: String
    ) -> String {
        let sorted = headers.sorted { $0.name < $1.name }
        let names = sorted.map(\.name).joined(separator: ";")
        let lines = sorted.map { $0.name + ":" + $0.value + "\n" }.joined()
        let canonical = [method, path, query, lines, names, payloadDigest].joined(separator: "\n")
        let digest = Array(canonical.utf8).withUnsafeBytes { Hexadecimal.text(library.sha256($0)) }
        let day = String(time.prefix(8))
        let scope = "\(day)/\(region)/s3/aws4_request"
        let text = "AWS4-HMAC-SHA256\n\(time)\n\(scope)\n\(digest)"
        var key = library.hmac(Array("AWS4\(credentials.secret)".utf8), day)
        for part in [region, "s3", "aws4_request"] { key = library.hmac(key, part) }
        let signature = Hexadecimal.text(library.hmac(key, text))
        return "AWS4-HMAC-SHA256 Credential=\(credentials.key)/\(scope),SignedHeaders=\(names),"
            + "Signature=\(signature)"
    }
}

/// Writes text into URLs: every byte but letters, digits, `-._~` (and `/` in paths) becomes `%XX`.
enum URLText {
    static func encode(_ text: String, keepingSlashes: Bool = false) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                bytes.append(byte)
            case UInt8(ascii: "/") where keepingSlashes: bytes.append(byte)
            default:
                bytes.append(UInt8(ascii: "%"))
                Hexadecimal.append(byte, Hexadecimal.upper, to: &bytes)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Returns the parameters in order of names, encoded, joined by `&`.
    static func query(_ parameters: [(name: String, value: String)]) -> String {
        parameters.map { (encode($0.name), encode($0.value)) }
            .sorted { ($0.0, $0.1) < ($1.0, $1.1) }
            .map { $0.0 + "=" + $0.1 }.joined(separator: "&")
    }
}
