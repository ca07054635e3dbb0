import Testing
import Vocabulary

@testable import Storage

@Suite("What is said to S3")
struct S3WireTests {
    /// Examples with their signatures from
    /// docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
    struct Example: Sendable, CustomStringConvertible {
        var description: String
        var method = "GET"
        var path = "/"
        var query = ""
        var headers: [String: String] = [:]
        var body = ""
        var signature: String
    }

    private static let examples = [
        Example(
            description: "get an object", path: "/test.txt", headers: ["range": "bytes=0-9"],
            signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
        Example(
            description: "put an object", method: "PUT", path: "/" + URLText.encode("test$file.text"),
            headers: ["date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"],
            body: "Welcome to Amazon S3.",
            signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"),
        Example(
            description: "a parameter without a value", query: URLText.query([("lifecycle", "")]),
            signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        Example(
            description: "list objects", query: URLText.query([("prefix", "J"), ("max-keys", "2")]),
            signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ]

    @Test("signatures are those of Amazon's examples", arguments: examples)
    func signature(_ example: Example) throws {
        let library = try StoreLibrary.load()
        let signature = RequestSignature(
            library: library,
            credentials: S3Credentials(
                key: "AKIAIOSFODNN7EXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
            region: "us-east-1", time: "20130524T000000Z")
        let digest = Array(example.body.utf8).withUnsafeBytes { Hexadecimal.text(library.sha256($0)) }
        let headers =
            example.headers.map { (name: $0.key, value: $0.value) } + [
                (name: "host", value: "examplebucket.s3.amazonaws.com"),
                (name: "x-amz-content-sha256", value: digest),
                (name: "x-amz-date", value: "20130524T000000Z"),
            ]
        let value = signature.authorization(
            method: example.method, path: example.path, query: example.query, headers: headers,
            payloadDigest: digest)
        #expect(value.hasSuffix("Signature=" + example.signature))
    }

    @Test("XML is taken apart by elements, not by beginnings of their names")
    func xml() {
        let text =
            "<?xml version='1.0'?><R xmlns='x'><Upload><UploadId>a&amp;b</UploadId><Key>k&#x20;1&lt;</Key>"
            + "</Upload><Upload><UploadId>2</UploadId><Key/></Upload><Keys>no</Keys></R>"
        let xml = Array(text.utf8)
        let uploads = XMLText.elements("Upload", in: xml[...])
        #expect(uploads.map { XMLText.text("UploadId", in: $0) } == ["a&b", "2"])
        #expect(uploads.map { XMLText.text("Key", in: $0) } == ["k 1<", ""])
        #expect(XMLText.text("Missing", in: xml[...]) == nil)
        #expect(XMLText.text("Open", in: Array("<Open>never closed".utf8)[...]) == nil)
        #expect(XMLText.escape("a<&>\"\n") == "a&lt;&amp;&gt;&quot;&#10;")
    }

    @Test("digests are written as their formats say")
    func text() throws {
        let library = try StoreLibrary.load()
        #expect(Base64.text(library.md5([])) == "1B2M2Y8AsgTpgAmY7PhCfg==")
        #expect([[], [1], [1, 2], [1, 2, 3]].map { Base64.text($0) } == ["", "AQ==", "AQI=", "AQID"])
        #expect(URLText.encode("k=a b/%3A+ü", keepingSlashes: true) == "k%3Da%20b/%253A%2B%C3%BC")
        #expect(S3Client.timeText(seconds: 1_369_353_600) == "20130524T000000Z")
    }

    @Test("endpoints and buckets lead to hosts; what is none is refused")
    func places() throws {
        var settings = S3Settings()
        #expect(settings.place(of: "lake") == ("lake.s3.us-east-1.amazonaws.com", ""))
        #expect(settings.place(of: "a.lake") == ("s3.us-east-1.amazonaws.com", "/a.lake"))
        try settings.setEndpoint("http://localhost:9000/")
        #expect(settings.place(of: "lake") == ("localhost:9000", "/lake"))
        #expect(!settings.isEncrypted)
        try settings.setEndpoint("HTTPS://store.example:443")
        #expect(settings.endpoint == "store.example")
        #expect(settings.isEncrypted)
        for bad in ["ftp://x", "http://", "http://host/path", "http://user@host", "http://a b"] {
            let error = #expect(throws: EngineError.self) { try settings.setEndpoint(bad) }
            #expect(error?.code == "S3_ENDPOINT_INVALID")
        }
    }

    @Test("announced ranges are joined over small gaps, up to a limit")
    func joining() {
        let gap = RangedSource.gapBytes
        #expect(RangedSource.joined([10..<20, 0..<10, 20..<20]) == [0..<20])
        #expect(RangedSource.joined([0..<10, (11 + gap)..<(12 + gap)]) == [0..<10, (11 + gap)..<(12 + gap)])
        #expect(RangedSource.joined([0..<10, (10 + gap)..<(12 + gap)]) == [0..<(12 + gap)])
        let half = RangedSource.joinedBytes / 2
        #expect(RangedSource.joined([0..<half, half..<(3 * half)]) == [0..<half, half..<(3 * half)])
        #expect(RangedSource.joined([0..<10, 5..<8]) == [0..<10])
    }

    @Test("10,000 parts hold the largest object, 5 TiB, and none is larger than 5 GiB")
    func parts() {
        let sizes = (1...10_000).map { S3FileSink.partBytes($0) }
        #expect(sizes.reduce(0, +) >= 5 << 40)
        #expect(sizes.allSatisfy { $0 >= 8 << 20 && $0 <= 5 << 30 })
    }

    @Test("a receipt comes back; one of a newer release, or damage, is an error")
    func receipt() throws {
        let parts = [UploadedPart(number: 1, tag: "\"a\""), UploadedPart(number: 10_000, tag: "b")]
        let receipt = UploadReceipt(uploadID: "id/+=", parts: parts)
        #expect(try UploadReceipt(wireBytes: receipt.wireBytes) == receipt)
        #expect(throws: EngineError.self) {
            try UploadReceipt(wireBytes: [9] + receipt.wireBytes.dropFirst())
        }
        for end in receipt.wireBytes.indices {
            #expect(throws: EngineError.self) {
                try UploadReceipt(wireBytes: Array(receipt.wireBytes[..<end]))
            }
        }
    }
}
