import FoundationEssentials
import Logging
import Transport
import Vocabulary

/// Tells in a program's log of certificates that others will refuse: at its start, and whenever that changes.
/// The program goes on, since it reads the files again when they were replaced.
package struct CertificateWatch {
    private let certificates: NodeCertificates
    private let logger: Logger
    private var told: Set<String> = []

    /// How often files and clock are looked at.
    private static let pause = Duration.seconds(60)

    private init(_ certificates: NodeCertificates, _ logger: Logger) {
        self.certificates = certificates
        self.logger = logger
    }

    /// Looks at the files now, and from time to time until the process ends.
    package static func begin(_ certificates: NodeCertificates?, _ logger: Logger) {
        guard let certificates else { return }
        var watch = CertificateWatch(certificates, logger)
        // Files that cannot be used at all keep the program from starting.
        watch.look(certificates.problems(at: Self.now))
        let begun = watch
        Task {
            var watch = begun
            while true {
                try await Task.sleep(for: pause)
                watch.look(watch.certificates.unusable + watch.certificates.problems(at: Self.now))
            }
        }
    }

    private static var now: Int { Int(Date().timeIntervalSince1970) }

    private mutating func look(_ found: [String]) {
        for problem in found where !told.contains(problem) { logger.warning("\(problem)") }
        if found.isEmpty, !told.isEmpty { logger.info("all certificates hold again") }
        told = Set(found)
    }
}

extension NodeCertificates {
    /// Says why the files as they are now cannot be used; empty where they can.
    var unusable: [String] {
        do throws(EngineError) {
            try TLSFiles(certificate: certificate, key: key, authority: authority).check()
            return []
        } catch {
            return ["the files of before stay in use: \(error.message)"]
        }
    }

    /// Says what is wrong with the certificates at a time, or will be soon. `now`: seconds since 1970.
    func problems(at now: Int) -> [String] {
        var dates = CertificateDates.all(inFile: certificate).map { ("tls-cert", certificate, $0) }
        // Of the own chain all are needed, of the authorities one.
        let authorities = CertificateDates.all(inFile: authority)
        if let best = authorities.first(where: { $0.problem(at: now) == nil }) ?? authorities.first {
            dates.append(("tls-ca", authority, best))
        }
        var problems: [String] = []
        for (flag, file, dates) in dates {
            guard let problem = dates.problem(at: now) else { continue }
            let text = "the certificate of --\(flag) \(problem) (\(file))"
            if !problems.contains(text) { problems.append(text) }
        }
        return problems
    }
}

extension CertificateDates {
    /// How long before its end a certificate is spoken of, at most, seconds; one of a short life a tenth of
    /// it before.
    private static let noticeSeconds = 7 * 86_400

    /// Says what is wrong with the dates, and what to do.
    fileprivate func problem(at now: Int) -> String? {
        let (from, until) = (HTTPDate.text(ofSeconds: start), HTTPDate.text(ofSeconds: end))
        let remedy = "renew it, the files are read again without a restart"
        if now < start {
            return "is not valid before \(from), and others refuse it till then: check this machine's clock, "
                + "or wait"
        }
        if now > end { return "has expired on \(until), and others refuse it: \(remedy)" }
        if now > end - min(Self.noticeSeconds, (end - start) / 10) { return "expires on \(until): \(remedy)" }
        return nil
    }
}
