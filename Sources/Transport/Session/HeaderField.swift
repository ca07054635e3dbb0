/// Holds one HTTP field; HTTP/2 names are lower-case, and the five that start with `:` come first.
package struct HeaderField: Sendable, Hashable {
    package var name: String
    package var value: String
    /// Whether the connection's table of fields is not to hold it (RFC 7541 §7.1.3): a secret, or a value
    /// that does not come again.
    package var isNeverIndexed: Bool

    package init(_ name: String, _ value: String, isNeverIndexed: Bool = false) {
        self.name = name
        self.value = value
        self.isNeverIndexed = isNeverIndexed
    }
}

extension [HeaderField] {
    /// Returns the value of the first field of that lower-case name, or nil.
    package subscript(name: String) -> String? {
        for field in self where field.name == name { return field.value }
        return nil
    }

    /// Returns the fields without the pseudo-fields (`:method`, `:status`, …).
    var withoutPseudoFields: [HeaderField] { filter { !$0.name.hasPrefix(":") } }

    /// Counts the bytes as RFC 9113 §6.5.2 does: names, values and 32 for each field.
    var listByteCount: Int { reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 32 } }
}
