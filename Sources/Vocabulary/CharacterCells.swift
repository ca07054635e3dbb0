/// Measures text in the character cells of a terminal.
package enum CharacterCells {
    /// Returns the cells that a text takes; characters of East Asian scripts and emoji take two.
    package static func of(_ text: String) -> Int {
        if text.utf8.allSatisfy({ $0 < 128 }) { return text.utf8.count }
        return text.reduce(0) { $0 + width($1) }
    }

    /// Returns the text, or what fits of it into `cells` with … at its end.
    package static func cut(_ text: String, to cells: Int) -> String {
        if of(text) <= cells { return text }
        var shown = ""
        var used = 0
        for character in text {
            let next = width(character)
            if used + next > cells - 1 { break }
            shown.append(character)
            used += next
        }
        return shown + "…"
    }

    /// Returns the cells of one character.
    package static func width(_ character: Character) -> Int {
        guard let first = character.unicodeScalars.first else { return 0 }
        switch first.value {
        case 0x300...0x36F, 0x200B...0x200F: return 0
        case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF,
            0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }
}
