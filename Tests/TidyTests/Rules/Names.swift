/// Bans names that say nothing about what is inside.
enum Names {
    static let banned: Set<String> = ["Manager", "Utils", "Util", "Helpers", "Helper", "Common", "Core"]
    /// Standard terms of the field that hold a banned word.
    static let standardTerms = ["CommonTable", "CommonSubexpression", "CommonSubplan"]

    /// Reports file and type names with a banned word in them.
    static func violations(in file: SourceFile) -> [Violation] {
        var result: [Violation] = []
        let fileName = file.fileName.split(separator: ".").first.map(String.init) ?? ""
        if let word = bannedWord(in: fileName) {
            result.append(Violation(file, line: 1, "the file's name says \(word): say what is inside"))
        }
        for type in DeclarationScanner.scan(file) where type.kind == .type {
            guard let word = bannedWord(in: type.name) else { continue }
            result.append(Violation(file, line: type.line, "\(type.name) says \(word): say what it does"))
        }
        return result
    }

    /// Returns the first banned word of a camel-case name.
    static func bannedWord(in name: String) -> String? {
        var rest = name
        for term in standardTerms {
            if let range = rest.firstRange(of: term) { rest.removeSubrange(range) }
        }
        var words: [String] = []
        for character in rest {
            if character.isUppercase || words.isEmpty {
                words.append(String(character))
            } else if character.isLetter {
                words[words.count - 1].append(character)
            } else {
                words.append("")
            }
        }
        return words.first(where: banned.contains)
    }
}
