import Foundation
import Testing
import Transport

@testable import Settings

@Suite("Certificates that others will refuse")
struct CertificateWatchTests {
    private static func openssl(_ arguments: [String], in folder: URL) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = arguments
        process.currentDirectoryURL = folder
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(arguments)")
    }

    private static func make(_ name: String, days: Int, in folder: URL) throws {
        try openssl(
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-days", "\(days)", "-subj", "/CN=\(name)", "-keyout", "\(name).key", "-out", "\(name).pem",
            ], in: folder)
    }

    @Test("are named by file, date and remedy: before their time, near their end, and after it")
    func dates() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "certificates-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Self.make("node", days: 100, in: folder)
        try Self.make("ca", days: 400, in: folder)
        func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
        let files = NodeCertificates(
            certificate: path("node.pem"), key: path("node.key"), authority: path("ca.pem"))
        let dates = try #require(CertificateDates.all(inFile: files.certificate).first)
        #expect(dates.end - dates.start == 100 * 86_400)
        #expect(abs(dates.start - Int(Date().timeIntervalSince1970)) < 60)
        let day = 86_400
        #expect(files.problems(at: dates.start + day).isEmpty)
        #expect(files.problems(at: dates.start + 92 * day).isEmpty)
        func told(_ now: Int, _ parts: [String]) {
            let problems = files.problems(at: now)
            for part in parts {
                #expect(problems.first?.contains(part) == true, "\(part) in \(problems)")
            }
        }
        told(dates.start + 94 * day, ["--tls-cert expires on", "renew it", path("node.pem")])
        let end = try #require(files.problems(at: dates.end + 1).first)
        #expect(files.problems(at: dates.end + 1).count == 1 && end.contains("GMT"), "\(end)")
        told(dates.end + 1, ["--tls-cert has expired on", "read again without a restart", path("node.pem")])
        told(dates.start - day, ["--tls-cert is not valid before", "check this machine's clock"])
        // The authority's end is told too, and no more of a bundle of which one still holds.
        #expect(files.problems(at: dates.start + 401 * day).contains { $0.contains("--tls-ca has expired") })
        try Self.make("next", days: 800, in: folder)
        let bundle = try Data(contentsOf: folder.appendingPathComponent("ca.pem"))
            + Data(contentsOf: folder.appendingPathComponent("next.pem"))
        try bundle.write(to: folder.appendingPathComponent("ca.pem"))
        #expect(!files.problems(at: dates.start + 401 * day).contains { $0.contains("--tls-ca") })
    }

    @Test("and files that do not fit together any more are told of, as those of before stay in use")
    func unusable() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "certificates-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for name in ["node", "other"] { try Self.make(name, days: 2, in: folder) }
        func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
        let good = NodeCertificates(
            certificate: path("node.pem"), key: path("node.key"), authority: path("node.pem"))
        #expect(good.unusable.isEmpty)
        let mixed = NodeCertificates(
            certificate: path("node.pem"), key: path("other.key"), authority: path("node.pem"))
        #expect(mixed.unusable.first?.contains("stay in use") == true)
        #expect(mixed.unusable.first?.contains(path("other.key")) == true, "\(mixed.unusable)")
    }
}
