import Testing

@Suite("The source tree")
struct HouseTests {
    private func expectNone(
        _ violations: [Violation], _ location: Testing.SourceLocation = #_sourceLocation
    ) {
        if violations.isEmpty { return }
        let list = violations.map(\.description).sorted().joined(separator: "\n")
        Issue.record("\(violations.count) violations:\n\(list)", sourceLocation: location)
    }

    @Test("has files to look at")
    func filesAreFound() {
        #expect(SourceTree.shared.files.contains { $0.path == "Sources/Vocabulary/EngineError.swift" })
        #expect(SourceTree.shared.files.contains { $0.path == "Tests/TidyTests/HouseTests.swift" })
        #expect(!SourceTree.shared.manifest.isEmpty)
    }

    @Test("imports only rooms above, and each C library from one room")
    func importsFollowTheTable() {
        expectNone(SourceTree.shared.files.flatMap(Imports.violations))
        expectNone(Imports.sharedCRooms(in: SourceTree.shared.files))
    }

    @Test("uses every entry of the table")
    func tableIsUsed() {
        let unused = Imports.unused(in: SourceTree.shared.files)
        #expect(unused.isEmpty, "\(unused.joined(separator: "\n"))")
    }

    @Test("keeps files, functions and lines short")
    func lengthsAreWithinLimits() {
        expectNone(SourceTree.shared.files.flatMap(Lengths.violations))
    }

    @Test("names files and types by what is inside")
    func namesSaySomething() {
        expectNone(SourceTree.shared.files.flatMap(Names.violations))
    }

    @Test("documents what other rooms see")
    func docstringsAreThere() {
        let files = SourceTree.shared.files
        let requirements = Docstrings.requirements(in: files)
        expectNone(files.flatMap { Docstrings.violations(in: $0, requirements: requirements) })
    }

    @Test("gives a reason beside each unchecked promise and each trap")
    func unsafePlacesAreExplained() {
        expectNone(SourceTree.shared.files.flatMap(Safety.violations))
    }

    @Test("holds no notes to oneself and no paths of one machine")
    func nothingIsLeftOver() {
        expectNone(SourceTree.shared.files.flatMap(Leftovers.violations))
    }

    @Test("escapes quotes by bytes, not by Character")
    func escapesAreOfBytes() {
        expectNone(SourceTree.shared.files.flatMap(Escapes.violations))
    }

    @Test("has a folder for each target and a target for each folder")
    func foldersAreTargets() {
        let tree = SourceTree.shared
        let differences = Manifest.differences(
            manifest: tree.manifest, sourceFolders: tree.sourceFolders, testFolders: tree.testFolders)
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
    }

    @Test("has an article on each room, and names in it what is there")
    func articlesAreTrue() {
        let articles = Articles(SourceTree.shared.files)
        let missing = articles.missing()
        #expect(missing.isEmpty, "\(missing.joined(separator: "\n"))")
        expectNone(SourceTree.shared.files.flatMap(articles.violations))
    }
}
