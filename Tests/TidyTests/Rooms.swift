/// Describes one target of `Sources`: what it may import and which language features it may use.
struct Room {
    var name: String
    /// Packages from outside, by module name.
    var packages: Set<String> = []
    /// True where `async`, `await` and actors are allowed.
    var mayBeAsynchronous = false
    /// True for rooms that decide without a clock, randomness, sockets or logs.
    var isPure = false
}

/// The house: a room may import only rooms above it in this table. The same order as in `Package.swift`.
enum House {
    static let rooms: [Room] = [
        // ground
        Room(name: "Vocabulary"),
        Room(name: "Memory"),
        Room(name: "Scheduling", isPure: true),
        Room(name: "Transport", mayBeAsynchronous: true),
        // data
        Room(name: "Columns"),
        Room(name: "Kernels"),
        Room(name: "Formats"),
        Room(name: "Storage"),
        // language
        Room(name: "SQLSyntax"),
        Room(name: "Plans", packages: ["SwiftProtobuf"]),
        Room(name: "Functions"),
        Room(name: "Planner"),
        Room(name: "Catalog"),
        // cluster
        // Runs a program's command, which may be asynchronous.
        Room(name: "Settings", packages: ["Yams", "ArgumentParser", "Logging"], mayBeAsynchronous: true),
        // Its service protocols are asynchronous control calls; nothing in it runs them.
        Room(name: "Protocol", mayBeAsynchronous: true),
        Room(name: "Shuffle"),
        Room(name: "Execution"),
        // product
        Room(name: "Connectors", packages: ["AsyncHTTPClient", "NIOCore", "NIOHTTPCompression"]),
        Room(name: "Templates"),
        Room(name: "Pipelines", packages: ["Yams"], mayBeAsynchronous: true),
        Room(
            name: "Web",
            packages: [
                "HummingbirdCore", "HummingbirdHTTP2", "HTTPTypes", "NIOCore", "NIOPosix", "NIOHTTP1",
                "NIOHTTPTypes", "NIOSSL", "NIOTLS", "Logging",
            ], mayBeAsynchronous: true),
        Room(name: "Coordinator", packages: ["Logging"], mayBeAsynchronous: true),
        Room(name: "Worker", packages: ["Logging"], mayBeAsynchronous: true),
        Room(name: "Cluster", mayBeAsynchronous: true),
        Room(name: "Simulation"),
        Room(name: "etl-coordinator", packages: ["ArgumentParser"], mayBeAsynchronous: true),
        Room(name: "etl-worker", packages: ["ArgumentParser"], mayBeAsynchronous: true),
        Room(name: "etl-submit", packages: ["ArgumentParser", "Dispatch"], mayBeAsynchronous: true),
        Room(name: "benchmark", mayBeAsynchronous: true),
    ]

    /// Modules of the toolchain and the system that any room may import.
    static let system: Set<String> = [
        "Foundation", "FoundationEssentials", "Glibc", "Musl", "Darwin", "Synchronization", "Builtin",
        "_Builtin_float",
    ]

    /// The one C room that several rooms may import: loops, not a library.
    static let sharedCRooms: Set<String> = ["CKernels"]

    /// Returns the room of a name and its place in the table, or nil.
    static func room(named name: String) -> (place: Int, room: Room)? {
        rooms.firstIndex { $0.name == name }.map { ($0, rooms[$0]) }
    }

    /// Says whether a module is a C room: a capital C before another capital (`CLZ4`, `CParquet`).
    static func isCRoom(_ module: String) -> Bool {
        let letters = Array(module)
        return letters.count > 2 && letters[0] == "C" && letters[1].isUppercase
    }

    /// Says whether a module is from outside the repository and known to some room.
    static func isPackage(_ module: String) -> Bool { rooms.contains { $0.packages.contains(module) } }
}
