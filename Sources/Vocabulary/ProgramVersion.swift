/// Names this build: shown by `--version`, told in the handshake between nodes.
package enum ProgramVersion {
    /// Version of the product.
    package static let text = "0.1.0"
}
