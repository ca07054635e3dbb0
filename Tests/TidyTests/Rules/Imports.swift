/// Holds the `import` lines and the asynchronous keywords of each room against the house's table.
enum Imports {
    /// Returns the modules that a file imports, with their lines.
    static func modules(of file: SourceFile) -> [(module: String, line: Int)] {
        let kinds: Set<String> = ["struct", "class", "enum", "protocol", "func", "typealias", "let", "var"]
        var result: [(String, Int)] = []
        for index in file.tokens.indices where file.tokens[index].text == "import" {
            var next = index + 1
            if next < file.tokens.count, kinds.contains(file.tokens[next].text) { next += 1 }
            guard next < file.tokens.count, file.tokens[next].isWord,
                index == 0 || file.tokens[index - 1].text != "."
            else { continue }
            result.append((file.tokens[next].text, file.tokens[index].line))
        }
        return result
    }

    /// Reports imports of rooms below, of packages that the room has no business with, and of unknown
    /// modules.
    static func violations(in file: SourceFile) -> [Violation] {
        guard file.isSwift, file.isInSources, let target = file.target else { return [] }
        guard let (place, room) = House.room(named: target) else {
            if House.isCRoom(target) { return [] }
            return [
                Violation(file, line: 1, "\(target) is not a room of the house (Tests/TidyTests/Rooms.swift)")
            ]
        }
        var result: [Violation] = []
        for (module, line) in modules(of: file) {
            if House.isCRoom(module) || room.packages.contains(module) { continue }
            if House.system.contains(module) {
                if room.isPure {
                    result.append(Violation(file, line: line, "\(target) is pure: no \(module)"))
                }
            } else if let other = House.room(named: module) {
                if other.place >= place {
                    result.append(
                        Violation(file, line: line, "\(target) may not import \(module), a room below it"))
                }
            } else {
                result.append(Violation(file, line: line, "\(target) may not import \(module)"))
            }
        }
        return result + asynchrony(in: file, room) + impurity(in: file, room)
    }

    /// Reports `async`, `await` and actors in rooms whose work runs on compute threads.
    private static func asynchrony(in file: SourceFile, _ room: Room) -> [Violation] {
        if room.mayBeAsynchronous { return [] }
        var result: [Violation] = []
        for index in file.tokens.indices where ["async", "await"].contains(file.tokens[index].text) {
            if index > 0, [".", "`"].contains(file.tokens[index - 1].text) { continue }
            let token = file.tokens[index]
            result.append(Violation(file, line: token.line, "\(room.name) may not use \(token.text)"))
        }
        for declaration in DeclarationScanner.scan(file) where declaration.kind == .type {
            guard file.tokens.contains(where: { $0.text == "actor" && $0.line == declaration.line }) else {
                continue
            }
            result.append(Violation(file, line: declaration.line, "\(room.name) may not declare an actor"))
        }
        return result
    }

    /// Reports clocks and randomness in pure rooms.
    private static func impurity(in file: SourceFile, _ room: Room) -> [Violation] {
        guard room.isPure else { return [] }
        let banned: Set<String> = [
            "ContinuousClock", "SuspendingClock", "SystemRandomNumberGenerator", "random", "shuffled", "Date",
            "UUID",
            "DispatchQueue", "Thread", "print", "Logger",
        ]
        return file.tokens.filter { $0.isWord && banned.contains($0.text) }
            .map { Violation(file, line: $0.line, "\(room.name) is pure: no \($0.text)") }
    }

    /// Returns a sentence for each entry of the table that nothing uses: a room without files, a package that
    /// no file of its room imports, a leave to be asynchronous that none takes.
    static func unused(of rooms: [Room] = House.rooms, in files: [SourceFile]) -> [String] {
        let sources = Dictionary(grouping: files.filter { $0.isSwift && $0.isInSources }) { $0.target ?? "" }
        return rooms.flatMap { room -> [String] in
            guard let files = sources[room.name] else { return ["\(room.name) has no files"] }
            let imported = Set(files.flatMap { modules(of: $0).map(\.module) })
            var found = room.packages.subtracting(imported).sorted().map {
                "\(room.name) may import \($0), and does not"
            }
            let words: Set<String> = ["async", "await", "actor"]
            let isAsynchronous = files.contains { $0.tokens.contains { words.contains($0.text) } }
            if room.mayBeAsynchronous, !isAsynchronous {
                found.append("\(room.name) may be asynchronous, and is not")
            }
            return found
        }
    }

    /// Reports C rooms that more than one room imports.
    static func sharedCRooms(in files: [SourceFile]) -> [Violation] {
        var importers: [String: [String: (file: SourceFile, line: Int)]] = [:]
        for file in files where file.isInSources && file.isSwift {
            for (module, line) in modules(of: file)
            where House.isCRoom(module) && !House.sharedCRooms.contains(module) {
                importers[module, default: [:]][file.target ?? ""] = (file, line)
            }
        }
        return importers.filter { $0.value.count > 1 }.flatMap { module, rooms in
            rooms.values.map {
                Violation($0.file, line: $0.line, "\(module) has several importers: \(rooms.keys.sorted())")
            }
        }
    }
}
