import Vocabulary

/// Reads paths `http://…` and `https://…` as addresses of single files.
enum WebFileAddress {
    /// Returns the address of a file. Throws `HTTP_ADDRESS_INVALID`, without what may be a secret in it, and
    /// `HTTP_NO_DIRECTORIES` for what names several files.
    static func of(_ path: String) throws(EngineError) -> WebAddress {
        let address: WebAddress
        do throws(EngineError) {
            address = try WebAddress(path, option: "This path")
        } catch {
            let shown = AddressText.shown(path)
            throw .user(
                "HTTP_ADDRESS_INVALID", "\(error.message): \(shown)",
                remedy: error.remedy.map { _ in
                    "Use a signed link, or a source of kind rest, whose auth takes user and password."
                } ?? "Write https://host/path/file.")
        }
        try check(address)
        // What Spark's globs mean is told by the path as it was written: an escaped one is a plain letter.
        let name = StoragePath(AddressText.shown(path)).path
        if name.contains(where: { "*[{".contains($0) }) { throw several(path) }
        return address
    }

    /// Throws for the address of a directory.
    static func check(_ address: WebAddress) throws(EngineError) {
        if address.shown.hasSuffix("/") { throw several(address.shown) }
    }

    static func several(_ path: String) -> EngineError {
        .user(
            "HTTP_NO_DIRECTORIES",
            "Web servers list no files, so that a path there names one file, not a directory or a pattern: "
                + AddressText.shown(path),
            remedy: "Name each file; several are read as one by UNION ALL.")
    }
}
