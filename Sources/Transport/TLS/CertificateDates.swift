import COpenSSL
import Glibc

/// Tells from when until when a certificate holds.
package struct CertificateDates: Sendable, Hashable {
    /// Seconds since 1970.
    package var start: Int
    package var end: Int

    /// Reads those of all certificates of a PEM file, in order; none where the file cannot be read.
    package static func all(inFile path: String) -> [CertificateDates] {
        // The end of the file is an error to OpenSSL.
        defer { ERR_clear_error() }
        guard let file = BIO_new_file(path, "r") else { return [] }
        defer { BIO_free(file) }
        var found: [CertificateDates] = []
        while let certificate = PEM_read_bio_X509(file, nil, nil, nil) {
            defer { X509_free(certificate) }
            var (start, end) = (tm(), tm())
            guard ASN1_TIME_to_tm(X509_get0_notBefore(certificate), &start) == 1,
                ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) == 1
            else { continue }
            found.append(CertificateDates(start: timegm(&start), end: timegm(&end)))
        }
        return found
    }
}
