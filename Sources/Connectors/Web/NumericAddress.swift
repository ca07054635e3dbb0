import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Holds a numeric address and who can reach it.
struct NumericAddress: Hashable {
    enum Reach: Hashable {
        case everyone
        /// Private, loopback and shared networks.
        case network
        /// Link-local, unspecified, multicast and reserved: metadata services live there; never allowed.
        case none
    }
    let text: String
    let reach: Reach

    /// Returns the addresses of a name, in the order in which they are to be tried.
    static func resolve(_ host: String) throws(EngineError) -> [NumericAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, nil, &hints, &list)
        defer { if let list { freeaddrinfo(list) } }
        guard status == 0 else {
            throw .system(
                "HTTP_UNREACHABLE",
                "The server's name has no address (\(String(cString: gai_strerror(status)))): \(host)",
                remedy: "Check the name, and the network of the machine that reads.")
        }
        var found: [NumericAddress] = []
        var entry = list
        while let info = entry?.pointee {
            if let address = info.ai_addr, let numeric = of(address) { found.append(numeric) }
            entry = info.ai_next
        }
        return found
    }

    private static func of(_ address: UnsafeMutablePointer<sockaddr>) -> NumericAddress? {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
            return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { four in
                var raw = four.pointee.sin_addr
                guard inet_ntop(AF_INET, &raw, &text, socklen_t(text.count)) != nil else { return nil }
                return NumericAddress(text: string(text), reach: reach(UInt32(bigEndian: raw.s_addr)))
            }
        case AF_INET6:
            return address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { six in
                var raw = six.pointee.sin6_addr
                guard inet_ntop(AF_INET6, &raw, &text, socklen_t(text.count)) != nil else { return nil }
                let bytes = withUnsafeBytes(of: raw) { Array($0) }
                return NumericAddress(text: string(text), reach: reach(bytes))
            }
        default: return nil
        }
    }

    private static func string(_ text: [CChar]) -> String {
        String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Says who reaches an IPv4 address (IANA's special-purpose registry).
    static func reach(_ four: UInt32) -> Reach {
        func isIn(_ a: UInt32, _ b: UInt32, _ c: UInt32, _ bits: UInt32) -> Bool {
            (four ^ (a << 24 | b << 16 | c << 8)) >> (32 - bits) == 0
        }
        if isIn(169, 254, 0, 16) || isIn(0, 0, 0, 8) || isIn(224, 0, 0, 4) || isIn(240, 0, 0, 4)
            || isIn(192, 0, 0, 24) || isIn(192, 0, 2, 24) || isIn(198, 51, 100, 24) || isIn(203, 0, 113, 24)
        {
            return .none
        }
        let isPrivate =
            isIn(10, 0, 0, 8) || isIn(172, 16, 0, 12) || isIn(192, 168, 0, 16) || isIn(127, 0, 0, 8)
            || isIn(100, 64, 0, 10) || isIn(198, 18, 0, 15)
        return isPrivate ? .network : .everyone
    }

    /// Says who reaches an IPv6 address; addresses that carry an IPv4 address count as that one.
    static func reach(_ six: [UInt8]) -> Reach {
        func four(at start: Int) -> UInt32 { six[start..<(start + 4)].reduce(0) { $0 << 8 | UInt32($1) } }
        let isZero = six.prefix(10).allSatisfy { $0 == 0 }
        if isZero, six[10] == 0xFF, six[11] == 0xFF { return reach(four(at: 12)) }
        if isZero, six[10] == 0, six[11] == 0 {
            if four(at: 12) == 1 { return .network }
            return four(at: 12) == 0 ? .none : reach(four(at: 12))
        }
        // NAT64 and 6to4 lead to the IPv4 address within.
        if six[0] == 0, six[1] == 0x64, six[2] == 0xFF, six[3] == 0x9B { return reach(four(at: 12)) }
        if six[0] == 0x20, six[1] == 0x02 { return reach(four(at: 2)) }
        if six[0] & 0xFE == 0xFC { return .network }
        // Only 2000::/3 is given out to networks.
        return six[0] & 0xE0 == 0x20
            && !(six[0] == 0x20 && six[1] == 0x01 && six[2] == 0x0D && six[3] == 0xB8)
            ? .everyone : .none
    }
}
