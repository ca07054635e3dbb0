import ArgumentParser

/// Holds the flags that say who a program is to others, and whom it trusts; all three or none.
package struct CertificateOptions: ParsableArguments {
    @Option(help: .init("Certificate for mutual TLS, PEM.", valueName: "file"))
    package var tlsCert: String?
    @Option(help: .init("Private key of the certificate, PEM.", valueName: "file"))
    package var tlsKey: String?
    @Option(help: .init("Certificate authority of the cluster's nodes, PEM.", valueName: "file"))
    package var tlsCa: String?

    package init() {}
}

/// Holds the flags that coordinator and workers share.
package struct NodeOptions: ParsableArguments {
    @Option(
        help: .init("Directory or URL that relative paths of jobs are below.", valueName: "folder-or-url"))
    package var storage: String?
    @Option(
        parsing: .upToNextOption,
        help: .init("Further absolute paths or URLs that jobs may use.", valueName: "path"))
    package var allowPath: [String] = []
    @Flag(help: "Let jobs run programs on workers; coordinator and worker must both say so.")
    package var allowCommands = false
    @OptionGroup
    package var certificates: CertificateOptions
    @Flag(help: "Listen beyond this machine without what protects the port.")
    package var insecure = false
    @Option(help: .init("Form of the log on standard error: text or json (default text).", valueName: "form"))
    package var logFormat: String?
    @Option(help: .init("YAML file with settings, one `flag-name: value` a line.", valueName: "file"))
    package var config: String?

    package init() {}

    /// The values by flag name but for `allowPath`, as `ProgramSettings` takes them.
    package var flags: [String: String?] {
        [
            "storage": storage, "tls-cert": certificates.tlsCert, "tls-key": certificates.tlsKey,
            "tls-ca": certificates.tlsCa,
            "allow-commands": allowCommands ? "true" : nil, "insecure": insecure ? "true" : nil,
            "log-format": logFormat,
        ]
    }
}
