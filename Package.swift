// swift-tools-version: 6.3
import Foundation
import PackageDescription

// Every room (target) is one line of the table below, in the order of the house: a room may depend only on
// rooms above it. `Tests/TidyTests` holds the same table against the `import` lines of the sources.

/// Compiler flags shared by every Swift room: AVX2 is the floor on x86-64 (checked at start-up), warnings are
/// errors.
#if arch(x86_64)
    let processorFlags = ["-Xcc", "-march=x86-64-v3"]
    let cProcessorFlags = ["-march=x86-64-v3"]
#else
    let processorFlags: [String] = []
    let cProcessorFlags: [String] = []
#endif
let swiftFlags: [SwiftSetting] = [.unsafeFlags(processorFlags)]
/// For tests that start programs or compare text: they compile in half the time. Those that compute stay
/// optimised.
let swiftFlagsUnoptimised: [SwiftSetting] = [.unsafeFlags(processorFlags + ["-Onone"])]
let cFlags: [CSetting] = [.unsafeFlags(cProcessorFlags + ["-O3"])]

/// Arrow C++ from the pinned wheel, unpacked by `scripts/dependencies` into `.deps/arrow`.
let deps = Context.packageDirectory + "/.deps"
let arrowFlags: [CXXSetting] = [.unsafeFlags(["-std=c++20", "-I\(deps)/arrow/include"] + cProcessorFlags)]
let arrowLink: [LinkerSetting] = [
    .unsafeFlags([
        "-L\(deps)/arrow/lib", "-Xlinker", "-rpath", "-Xlinker", "\(deps)/arrow/lib",
        "-Xlinker", "-rpath", "-Xlinker", "$ORIGIN",
    ])
]

typealias Room = Target

func room(
    _ name: String, _ rooms: [String] = [], products: [Target.Dependency] = [], exclude: [String] = []
) -> Room {
    .target(
        name: name, dependencies: rooms.map { .init(stringLiteral: $0) } + products, exclude: exclude,
        swiftSettings: swiftFlags)
}

func program(_ name: String, _ rooms: [String], products: [Target.Dependency] = []) -> Room {
    .executableTarget(
        name: name, dependencies: rooms.map { .init(stringLiteral: $0) } + products, swiftSettings: swiftFlags
    )
}

func tests(
    _ name: String, _ rooms: [String], resources: [Resource]? = nil, exclude: [String] = [],
    optimised: Bool = false
) -> Room {
    .testTarget(
        name: name, dependencies: rooms.map { .init(stringLiteral: $0) }, exclude: exclude,
        resources: resources, swiftSettings: optimised ? swiftFlags : swiftFlagsUnoptimised)
}

/// What several test targets share.
func support(_ name: String, _ rooms: [String] = []) -> Room {
    .target(
        name: name, dependencies: rooms.map { .init(stringLiteral: $0) }, path: "Tests/\(name)",
        swiftSettings: swiftFlags)
}

/// A program that tests run.
func testProgram(_ name: String, _ rooms: [String], exclude: [String] = []) -> Room {
    .executableTarget(
        name: name, dependencies: rooms.map { .init(stringLiteral: $0) }, path: "Tests/\(name)",
        exclude: exclude, swiftSettings: swiftFlags)
}

let package = Package(
    name: "millrace",
    products: [
        // Opened at run time for remote paths only: programs must not load Arrow and libcurl at every start.
        .library(name: "MillraceStore", type: .dynamic, targets: ["CStoreLibrary"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        // plans as messages; `scripts/generate-protobuf` builds its generator from the same version
        .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0", traits: []),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        // the web port: HTTP/1.1, and HTTP/2 by ALPN (nodes speak HTTP/2 by Transport)
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/apple/swift-nio-extras", exact: "1.35.2"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
    ],
    targets: [
        // C libraries of the system
        .systemLibrary(
            name: "CNGHTTP2", pkgConfig: "libnghttp2", providers: [.apt(["libnghttp2-dev"])]),
        .systemLibrary(name: "CEpoll"),
        .systemLibrary(name: "CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        // C loops that Swift cannot make fast
        .target(name: "CKernels", cSettings: cFlags),
        // thin shims over C++ libraries
        .target(
            name: "CSimdJSON", cxxSettings: [.unsafeFlags(["-O3"] + cProcessorFlags)],
            linkerSettings: [.linkedLibrary("simdjson")]),
        // what storage needs of the system
        .target(name: "CObjectStore", linkerSettings: [.linkedLibrary("dl")]),
        // Brotli's decoder, opened at run time
        .target(name: "CBrotli", linkerSettings: [.linkedLibrary("dl")]),
        // programs of jobs
        .target(name: "CProcess"),
        // signals of crashes
        .target(name: "CCrash"),
        // database drivers, opened at run time
        .target(
            name: "CADBC", cSettings: [.unsafeFlags(["-I\(deps)/adbc/include"] + cProcessorFlags)],
            linkerSettings: [.linkedLibrary("dl")]),
        // object stores through Arrow C++, and libcurl; a library of its own
        .target(
            name: "CStoreLibrary",
            cxxSettings: arrowFlags + [.headerSearchPath("../CObjectStore/include")],
            linkerSettings: arrowLink
                + ["arrow", "arrow_s3", "curl", "crypto"].map { .linkedLibrary($0) }),
        // ground
        room("Vocabulary", ["CCrash"]),
        room("Memory", ["Vocabulary", "CKernels"]),
        room("Scheduling", ["Vocabulary"]),
        room("Transport", ["Vocabulary", "Memory", "CEpoll", "CNGHTTP2", "COpenSSL"]),
        // data
        room("Columns", ["Vocabulary", "Memory"]),
        room("Kernels", ["Vocabulary", "Memory", "Columns"]),
        room(
            "Formats",
            [
                "Vocabulary", "Memory", "Columns", "Kernels", "CKernels", "CLZ4", "CZstd", "CZlib",
                "CSimdJSON", "CBrotli",
            ]),
        room("Storage", ["Vocabulary", "Memory", "CKernels", "CObjectStore"]),
        // language
        room("SQLSyntax", ["Vocabulary"]),
        room(
            "Plans", ["Vocabulary", "Columns"],
            products: [.product(name: "SwiftProtobuf", package: "swift-protobuf")],
            exclude: ["Wire/Messages", "Wire/Generated/CHECKSUMS"]),
        room(
            "Functions",
            ["Vocabulary", "Memory", "Transport", "Columns", "Kernels", "CKernels", "Plans", "CPCRE2"]),
        room("Planner", ["Vocabulary", "Columns", "Kernels", "SQLSyntax", "Plans", "Functions"]),
        room(
            "Catalog",
            [
                "Vocabulary", "Memory", "Columns", "Kernels", "Formats", "Storage", "SQLSyntax", "Plans",
                "Functions", "Planner",
            ]),
        // cluster
        room(
            "Protocol",
            ["Vocabulary", "Memory", "Scheduling", "Transport", "Columns", "Kernels", "Formats", "Plans"]),
        room("Shuffle", ["Vocabulary", "Memory", "Transport", "Columns", "Formats", "Storage"]),
        room(
            "Execution",
            [
                "Vocabulary", "Memory", "Columns", "Kernels", "CKernels", "Formats", "Storage", "Plans",
                "Functions", "Shuffle",
            ]),
        // pipelines
        room("Templates", ["Vocabulary"]),
        room(
            "Pipelines",
            [
                "Vocabulary", "Transport", "Columns", "Kernels", "Storage", "SQLSyntax", "Protocol",
                "Templates",
            ],
            products: [.product(name: "Yams", package: "Yams")]),
        // product
        room(
            "Connectors",
            [
                "Vocabulary", "Memory", "Columns", "Kernels", "Formats", "Storage", "Plans", "Functions",
                "Execution", "CADBC", "CProcess",
            ],
            products: [
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOHTTPCompression", package: "swift-nio-extras"),
            ]),
        room(
            "Worker",
            [
                "Vocabulary", "Memory", "Scheduling", "Transport", "Storage", "Plans", "Protocol", "Shuffle",
                "Execution",
            ], products: [.product(name: "Logging", package: "swift-log")]),
        .target(
            name: "Web",
            dependencies: ["Vocabulary", "Transport", "Columns", "Kernels", "Formats", "Protocol"]
                + [
                    .product(name: "HummingbirdCore", package: "hummingbird"),
                    .product(name: "HummingbirdHTTP2", package: "hummingbird"),
                    .product(name: "NIOCore", package: "swift-nio"),
                    .product(name: "NIOPosix", package: "swift-nio"),
                    .product(name: "NIOHTTP1", package: "swift-nio"),
                    .product(name: "NIOTLS", package: "swift-nio"),
                    .product(name: "NIOSSL", package: "swift-nio-ssl"),
                    .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                    .product(name: "HTTPTypes", package: "swift-http-types"),
                    .product(name: "Logging", package: "swift-log"),
                ],
            resources: [
                // the page, compiled in
                "index.html", "page.css", "icon.svg", "page.js", "elements.js", "lists.js", "job.js",
                "pipelines.js", "run.js", "stages.js", "sql.js", "graph.js", "timeline.js",
            ].map { .embedInCode("Page/\($0)") }, swiftSettings: swiftFlags),
        room(
            "Coordinator",
            [
                "Vocabulary", "Memory", "Scheduling", "Columns", "Kernels", "Storage", "SQLSyntax", "Plans",
                "Planner", "Catalog", "Protocol", "Shuffle", "Transport", "Formats", "Templates", "Pipelines",
                "CSQLite",
            ], products: [.product(name: "Logging", package: "swift-log")]),
        room(
            "Cluster",
            [
                "Vocabulary", "Memory", "Scheduling", "Storage", "Catalog", "Protocol", "Shuffle",
                "Execution", "Connectors", "Worker",
                "Coordinator",
            ]),
        room(
            "Settings", ["Vocabulary", "Transport", "Storage"],
            products: [
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Yams", package: "Yams"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        // programs
        program(
            "etl-submit",
            [
                "Vocabulary", "Memory", "Columns", "Kernels", "Formats", "Storage", "Protocol", "Pipelines",
                "Cluster", "Settings",
            ],
            products: [.product(name: "ArgumentParser", package: "swift-argument-parser")]),
        program(
            "etl-coordinator",
            [
                "Vocabulary", "Memory", "Scheduling", "Transport", "Storage", "Protocol", "Shuffle", "Web",
                "Coordinator", "Settings",
            ], products: [.product(name: "ArgumentParser", package: "swift-argument-parser")]),
        program(
            "etl-worker",
            [
                "Vocabulary", "Memory", "Scheduling", "Transport", "Storage", "Protocol", "Shuffle",
                "Execution", "Web", "Connectors", "Worker", "Settings",
            ], products: [.product(name: "ArgumentParser", package: "swift-argument-parser")]),
        program("benchmark", ["Vocabulary", "Columns", "Kernels", "Protocol", "Cluster"]),
        // simulation
        room("Simulation", ["Vocabulary", "Scheduling"]),
        // tests
        tests("TidyTests", [], optimised: true),
        tests("VocabularyTests", ["Vocabulary"]),
        tests("MemoryTests", ["Memory", "Vocabulary"]),
        tests(
            "WorkerTests",
            [
                "Worker", "Execution", "Protocol", "Scheduling", "Shuffle", "Plans", "Columns", "Memory",
                "Vocabulary",
            ]),
        tests(
            "SQLLogicTests", ["Cluster", "Protocol", "Kernels", "Columns", "Vocabulary"],
            exclude: ["Cases", "KnownGaps.txt", "README.md"], optimised: true),
        support("Programs"),
        support("SeededRandom"),
        support("ProcessorTime"),
        support("SampleRows", ["Columns"]),
        testProgram(
            "Fuzzing",
            [
                "SeededRandom", "SampleRows", "Vocabulary", "Memory", "Transport", "Columns", "Formats",
                "CKernels", "SQLSyntax", "Plans", "Functions", "Planner", "Templates", "Pipelines",
            ], exclude: ["Corpus", "Regressions"]),
        tests("FuzzingTests", ["Programs", "Fuzzing"]),
        tests("OracleTests", ["Programs", "etl-submit", "etl-coordinator", "etl-worker"]),
        tests(
            "ClusterTests",
            [
                "Programs", "SeededRandom", "Protocol", "Scheduling", "Transport", "Vocabulary", "etl-submit",
                "etl-coordinator", "etl-worker",
            ]),
        tests("DeployTests", ["Programs", "etl-coordinator", "etl-worker"]),
        tests("ProgramTests", ["Programs", "etl-submit"], exclude: ["KnownDifferences.txt"]),
        tests(
            "CoordinatorTests",
            [
                "Coordinator", "Web", "Pipelines", "Shuffle", "Protocol", "Plans", "Storage", "Columns",
                "Transport", "Scheduling", "Vocabulary",
            ]),
        tests(
            "WebTests", ["Web", "Programs", "Protocol", "Columns", "Transport", "Vocabulary"]),
        tests("ProtocolTests", ["Protocol", "Scheduling", "Plans", "Columns", "Vocabulary"]),
        tests(
            "SchedulingTests", ["SeededRandom", "Scheduling", "Vocabulary"], resources: [.copy("Cases")],
            optimised: true),
        tests("SimulationTests", ["Simulation", "Scheduling", "Vocabulary"], optimised: true),
        tests(
            "ShuffleTests",
            ["Shuffle", "Storage", "Transport", "Formats", "Columns", "Memory", "Vocabulary"], optimised: true
        ),
        tests(
            "SQLSyntaxTests", ["SeededRandom", "ProcessorTime", "SQLSyntax", "Vocabulary"],
            resources: [.copy("Cases")], optimised: true),
        tests("TransportTests", ["Transport", "Memory", "Vocabulary"], optimised: true),
        tests("ColumnsTests", ["Columns", "Memory", "Vocabulary"], optimised: true),
        tests(
            "PlansTests", ["SeededRandom", "Plans", "Columns", "Vocabulary"], resources: [.copy("Cases")],
            optimised: true),
        tests(
            "PlannerTests", ["Planner", "Functions", "SQLSyntax", "Plans", "Columns", "Vocabulary"],
            resources: [.copy("Cases")]),
        tests(
            "CatalogTests",
            ["Catalog", "Planner", "Storage", "Formats", "Plans", "Kernels", "Columns", "Vocabulary"]),
        tests(
            "ExecutionTests",
            [
                "SeededRandom", "Execution", "Functions", "Formats", "Shuffle", "Plans", "Kernels", "Columns",
                "Memory", "Vocabulary",
            ], optimised: true),
        tests("KernelsTests", ["Kernels", "Columns", "Memory", "Vocabulary"], optimised: true),
        tests(
            "FunctionsTests",
            ["Functions", "CKernels", "Plans", "Kernels", "Columns", "Memory", "Vocabulary"],
            exclude: ["Tables"], optimised: true),
        tests(
            "FormatsTests",
            [
                "SeededRandom", "ProcessorTime", "SampleRows", "Formats", "Storage", "Kernels", "Columns",
                "Memory", "Vocabulary",
            ], optimised: true),
        tests("StorageTests", ["Storage", "Memory", "Vocabulary", "CObjectStore"]),
        tests("TemplatesTests", ["Templates", "Vocabulary"]),
        tests("SettingsTests", ["Settings", "Transport", "Vocabulary"]),
        tests(
            "ConnectorsTests",
            [
                "Programs", "etl-submit", "etl-coordinator", "etl-worker", "Connectors", "Cluster",
                "Execution", "Protocol", "Columns", "Kernels", "Storage", "Vocabulary",
            ], exclude: ["rest_source.py", "snowflake_double.py", "snowflake_sql.py"]),
        tests(
            "PipelinesTests",
            [
                "Pipelines", "Cluster", "Programs", "SeededRandom", "Protocol", "Kernels", "Storage",
                "Templates", "Vocabulary",
            ], exclude: ["outside_double.py", "lineage_check.py"]),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .c17,
    cxxLanguageStandard: .cxx20
)

/// Builds these tests alone, with the rooms below them: sanitizers build everything again
/// (`scripts/sanitize`).
if let names = Context.environment["MILLRACE_TESTS"] {
    let rooms = Dictionary(uniqueKeysWithValues: package.targets.map { ($0.name, $0) })
    var wanted: Set<String> = []
    var rest = names.split(separator: ",").map(String.init)
    while let name = rest.popLast() {
        guard let room = rooms[name], wanted.insert(name).inserted else { continue }
        for case .byNameItem(let below, _) in room.dependencies { rest.append(below) }
    }
    package.targets.removeAll { !wanted.contains($0.name) }
    package.products = []
}
