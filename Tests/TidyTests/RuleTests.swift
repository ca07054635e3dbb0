import Testing

/// Shows for each rule a made-up source that breaks it and one that does not.
@Suite("Tidy rules")
struct RuleTests {
    private func source(_ text: String, _ path: String = "Sources/Kernels/Adding.swift") -> SourceFile {
        SourceFile(path: path, text: text)
    }

    @Test("an import of a room below, of a stranger or from nowhere is reported with its line")
    func imports() {
        #expect(Imports.violations(in: source("import Columns\nimport Glibc\nimport CKernels\n")).isEmpty)
        let below = Imports.violations(in: source("import Columns\n\nimport Planner\n"))
        #expect(
            below.map(\.description) == [
                "Sources/Kernels/Adding.swift:3: Kernels may not import Planner, a room below it"
            ])
        #expect(Imports.violations(in: source("@preconcurrency import struct GRDB.Row\n")).count == 1)
        #expect(Imports.violations(in: source("import Logging\n", "Sources/Coordinator/A.swift")).isEmpty)
        #expect(Imports.violations(in: source("let a = 1\n", "Sources/Attic/A.swift")).count == 1)
    }

    @Test(
        "a room without files, a package that it does not import and a leave that it does not take are told")
    func unusedEntries() {
        let rooms = [
            Room(name: "Kernels", packages: ["Yams", "Logging"], mayBeAsynchronous: true),
            Room(name: "Attic"),
        ]
        #expect(
            Imports.unused(of: rooms, in: [source("import Yams\n")]) == [
                "Kernels may import Logging, and does not", "Kernels may be asynchronous, and is not",
                "Attic has no files",
            ])
        let used = source("import Logging\nimport Yams\nfunc f() async {}\n")
        #expect(Imports.unused(of: [rooms[0]], in: [used]).isEmpty)
    }

    @Test("a C library with two importers is reported")
    func sharedLibraries() {
        let one = source("import CLZ4\n", "Sources/Formats/A.swift")
        let two = source("import CLZ4\n", "Sources/Shuffle/B.swift")
        #expect(Imports.sharedCRooms(in: [one]).isEmpty)
        #expect(Imports.sharedCRooms(in: [one, two]).count == 2)
    }

    @Test("await and actors outside the asynchronous rooms are reported, in text and comments they are not")
    func asynchrony() {
        let text = "// await\nlet a = \"await \\(\"async\")\"\nactor Cell {}\nfunc f() async { await g() }\n"
        #expect(Imports.violations(in: source(text)).map(\.line).sorted() == [3, 4, 4])
        #expect(Imports.violations(in: source(text, "Sources/Worker/A.swift")).isEmpty)
    }

    @Test("a clock in a pure room is reported")
    func purity() {
        let text = "import Foundation\nlet now = ContinuousClock().now\n"
        #expect(Imports.violations(in: source(text, "Sources/Scheduling/A.swift")).map(\.line) == [1, 2])
    }

    @Test("files, functions and lines one over the limit are reported, at the limit they are not")
    func lengths() {
        func lines(_ count: Int) -> String { String(repeating: "let a = 1\n", count: count) }
        #expect(Lengths.violations(in: source(lines(600))).isEmpty)
        #expect(Lengths.violations(in: source(lines(601))).count == 1)
        #expect(Lengths.violations(in: source(lines(601), "Sources/Plans/a.pb.swift")).isEmpty)
        #expect(Lengths.violations(in: source("func f(g: () -> Int = { 1 }) {\n\(lines(68))}\n")).isEmpty)
        #expect(
            Lengths.violations(in: source("struct S {\nfunc f() {\n\(lines(69))}\n}\n")).map(\.line) == [2])
        #expect(Lengths.violations(in: source(String(repeating: "é", count: 110))).isEmpty)
        #expect(Lengths.violations(in: source(String(repeating: "e", count: 111))).count == 1)
    }

    @Test("a brace in a string does not end a function")
    func bracesInText() {
        let text =
            "func f() {\n let a = \"}\" + #\"\"}\"# /* } */\n\(String(repeating: "a()\n", count: 70))}\n"
        #expect(Lengths.violations(in: source(text)).count == 1)
    }

    @Test("empty names are reported, standard terms are not")
    func names() {
        #expect(
            Names.violations(in: source("struct BufferManager {}\nenum ScoreBoard {}")).map(\.line) == [1])
        #expect(
            Names.violations(in: source("class CommonTableExpression {}\nenum CoreCommon {}")).map(\.line)
                == [2])
        #expect(Names.violations(in: source("", "Sources/Kernels/StringUtils.swift")).count == 1)
        #expect(Names.violations(in: source("", "Sources/Kernels/Column+Helpers.swift")).count == 1)
    }

    @Test("an undocumented type or function that other rooms see is reported")
    func docstrings() {
        let text = """
            package struct Row {
                package var a: Int
                package init() {}
                package func one() -> Int { 1 }
                @inlinable
                package func two() -> Int {
                    let two = 1 + 1
                    return two
                }
                package func three() -> Int {
                    3
                }
                func inside() {
                    one()
                    one()
                }
                /// Returns four.
                @inlinable
                package func four() -> Int {
                    let three = 2 + 1
                    return three
                }
                package static func == (a: Row, b: Row) -> Bool {
                    let same = true
                    return same
                }
            }
            extension Row: Hashable {
                package func hash(into hasher: inout Hasher) {
                    hasher.combine(1)
                    hasher.combine(2)
                }
            }
            package extension Row {
                func five() {
                    one()
                    one()
                }
            }
            """
        #expect(Docstrings.violations(in: source(text)).map(\.line) == [1, 6, 35])
        #expect(Docstrings.violations(in: source(text, "Tests/KernelsTests/A.swift")).isEmpty)
    }

    @Test("a function that a protocol of the house documents needs no second docstring")
    func witnesses() {
        let requirement = source("/// A source.\npackage protocol Source {\n  func read() -> Int\n}\n")
        let requirements = Docstrings.requirements(in: [requirement])
        #expect(requirements == ["read"])
        let body = " {\n  package func read() -> Int {\n    let one = 1\n    return one\n  }\n}\n"
        let conforming = source("/// A file.\npackage final class File: Source" + body)
        #expect(Docstrings.violations(in: conforming, requirements: requirements).isEmpty)
        #expect(Docstrings.violations(in: conforming).count == 1)
        let other = source("/// A file.\npackage final class File" + body)
        #expect(Docstrings.violations(in: other, requirements: requirements).count == 1)
    }

    @Test("unchecked sharing without a reason is reported")
    func sharing() {
        #expect(Safety.violations(in: source("final class A: @unchecked Sendable {}\n")).count == 1)
        let reason = "/// Counts. `@unchecked Sendable`: `mutex` guards every field.\n@frozen\n"
        #expect(
            Safety.violations(in: source(reason + "final class A: B,\n  @unchecked Sendable {}\n")).isEmpty)
        #expect(Safety.violations(in: source("nonisolated(unsafe) var a = 1\n")).count == 1)
        #expect(
            Safety.violations(
                in: source("// Written once, before any thread starts.\nnonisolated(unsafe) var a = 1")
            )
            .isEmpty)
        let behind = "let b = 1\n// Only the owner reads it.\nprivate nonisolated(unsafe) let a = 1"
        #expect(Safety.violations(in: source(behind)).isEmpty)
    }

    @Test("traps without a reason are reported; a comparison is no trap")
    func traps() {
        #expect(Safety.violations(in: source("let a = try! f()\n")).count == 1)
        #expect(
            Safety.violations(in: source("let a = b!.c\nlet d = e as! F\nlet g = h[1]!\n")).map(\.line) == [
                1, 2, 3,
            ])
        #expect(Safety.violations(in: source("if a != b, !c { d(p.baseAddress!) }\n")).isEmpty)
        #expect(Safety.violations(in: source("// never empty: checked above\nlet a = b.first!\n")).isEmpty)
        #expect(Safety.violations(in: source("fatalError()\n")).count == 1)
        #expect(Safety.violations(in: source("preconditionFailure(\"types are checked in init\")\n")).isEmpty)
    }

    @Test("notes to oneself and paths of one machine are reported")
    func leftovers() {
        #expect(Leftovers.violations(in: source("// TO" + "DO later\nlet todos = 1")).map(\.line) == [1])
        #expect(
            Leftovers.violations(in: source("let a = \"/wo" + "rk/main\"\nlet b = \"/net" + "wo" + "rk/a\""))
                .count == 1)
        #expect(Leftovers.violations(in: source("see ../sha" + "red/x", "README.md")).count == 1)
    }

    @Test("escapes by Character are reported")
    func escapes() {
        let lines = [
            #"a.replacing("`", with: "``")"#, #"a.replacing("'", with: "''")"#, #"a.doubling("'")"#,
            #"a.replacing("\\", with: "\\\\")"#, #"a.replacing("\"", with: "\"\"")"#,
            #"a.split(separator: "`").joined(separator: "``")"#, #"a.replacing("\\t", with: "\t")"#,
        ]
        let text = lines.joined(separator: "\n")
        #expect(Escapes.violations(in: source(text)).map(\.line) == [1, 2, 4, 5, 6])
        #expect(Escapes.violations(in: source(text, "Tests/A.swift")).isEmpty)
    }

    @Test("a folder that is no target, and a target without a folder, are reported")
    func manifest() {
        let manifest = "  room(\"A\"),\n  program(\"b\", [\"A\"]),\n  tests(\"ATests\", []),\n"
        #expect(
            Manifest.differences(manifest: manifest, sourceFolders: ["A", "b"], testFolders: ["ATests"])
                .isEmpty)
        let found = Manifest.differences(
            manifest: manifest, sourceFolders: ["A", "C"], testFolders: ["Oracle"])
        #expect(
            found == [
                "target b has no folder Sources/b", "Sources/C is no target of Package.swift",
                "target ATests has no folder Tests/ATests",
            ])
    }

    @Test("an article that is missing, or names what is not there, is reported")
    func articles() {
        let code = source("struct Adder { func add() {} }\n")
        #expect(Articles([code]).missing().count == 1)
        func found(_ text: String) -> [Int] {
            let article = source(text, "Sources/Kernels/Kernels.docc/Kernels.md")
            let articles = Articles([code, article])
            #expect(articles.missing().isEmpty)
            return articles.violations(in: article).map(\.line)
        }
        let good = """
            # ``Kernels``
            `Adder` and `Adder.add` are in `Adding.swift` of `Sources/Kernels`; `SELECT`, `a+b`, `add`.
                `Nothing` in a picture
            """
        #expect(found(good + "\n").isEmpty)
        #expect(found("# Kernels\n`Adder`\n") == [1])
        #expect(found("# ``Kernels``\n`Subtracter`\n`Adder.subtract`\n`Sub.swift`\n") == [2, 3, 4])
        #expect(found("# ``Kernels``\n`Tests/NoTests` `Adder`\n`Sources/Nowhere`\n") == [2, 3])
        #expect(found("# ``Kernels``\n```\n`Subtracter`\n```\n`Compute`, `TidyTests`\n").isEmpty)
    }
}
