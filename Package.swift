// swift-tools-version: 6.3
import Foundation
import PackageDescription

// Every room (target) is one line of the table below, in the order of the house: a room may depend only on rooms
// above it. `Tests/TidyTests` holds the same table against the `import` lines of the sources.

/// Compiler flags shared by every Swift room: AVX2 is the floor on x86-64 (checked at start-up), warnings are errors.
#if arch(x86_64)
let processorFlags = ["-Xcc", "-march=x86-64-v3"]
let cProcessorFlags = ["-march=x86-64-v3"]
#else
let processorFlags: [String] = []
let cProcessorFlags: [String] = []
#endif
let swiftFlags: [SwiftSetting] = [.unsafeFlags(processorFlags)]
let cFlags: [CSetting] = [.unsafeFlags(cProcessorFlags + ["-O3"])]

/// Arrow C++ from the pinned wheel, unpacked by `scripts/dependencies` into `.deps/arrow`.
let deps = Context.packageDirectory + "/.deps"
let arrowFlags: [CXXSetting] = [.unsafeFlags(["-std=c++20", "-I\(deps)/arrow/include"] + cProcessorFlags)]
let arrowLink: [LinkerSetting] = [
    .unsafeFlags(["-L\(deps)/arrow/lib", "-Xlinker", "-rpath", "-Xlinker", "\(deps)/arrow/lib"])
]

typealias Room = Target

func room(_ name: String, _ rooms: [String] = [], products: [Target.Dependency] = []) -> Room {
    .target(name: name, dependencies: rooms.map { .init(stringLiteral: $0) } + products, swiftSettings: swiftFlags)
}

func program(_ name: String, _ rooms: [String], products: [Target.Dependency] = []) -> Room {
    .executableTarget(
        name: name, dependencies: rooms.map { .init(stringLiteral: $0) } + products, swiftSettings: swiftFlags)
}

func tests(_ name: String, _ rooms: [String], resources: [Resource]? = nil) -> Room {
    .testTarget(
        name: name, dependencies: rooms.map { .init(stringLiteral: $0) }, resources: resources,
        swiftSettings: swiftFlags)
}

let package = Package(
    name: "millrace",
    products: [],
    dependencies: [],
    targets: [
        // ground
        room("Vocabulary"),
        room("Memory", ["Vocabulary"]),
        // data
        room("Columns", ["Vocabulary", "Memory"]),
        // language
        room("Plans", ["Vocabulary", "Columns"]),
        // tests
        tests("TidyTests", []),
        tests("ColumnsTests", ["Columns", "Memory", "Vocabulary"]),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .c17,
    cxxLanguageStandard: .cxx20
)
