import Columns

/// Hashes laid-out keys: multiply and fold (as in wyhash), a word at a time; long strings by content.
enum KeyHash {
    @inline(__always)
    static func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let (high, low) = (a ^ 0x9E37_79B9_7F4A_7C15).multipliedFullWidth(by: b ^ 0xD6E8_FEB8_6659_FD93)
        return high ^ low
    }

    /// Hashes single-word keys.
    static func hashSingle(
        _ words: UnsafePointer<UInt64>, count: Int, into hashes: UnsafeMutablePointer<UInt64>
    ) {
        var row = 0
        while row < count {
            hashes[row] = mix(words[row], 0xA076_1D64_78BD_642F)
            row &+= 1
        }
    }

    /// Hashes keys of any layout.
    static func hash(
        _ layout: KeyLayout, _ words: UnsafePointer<UInt64>, count: Int,
        into hashes: UnsafeMutablePointer<UInt64>
    ) {
        if layout.wordCount == 1 { return hashSingle(words, count: count, into: hashes) }
        let isTail = layout.viewTailWords
        let wordCount = layout.wordCount
        var row = 0
        while row < count {
            let key = words + row &* wordCount
            var state: UInt64 = 0xA076_1D64_78BD_642F
            var word = 0
            while word < wordCount {
                if isTail[word], key[word &- 1] & 0xFFFF_FFFF > 12 {
                    state = mix(key[word &- 1], state)
                    state = hashBytes(StringView(head: key[word &- 1], tail: key[word]), state)
                } else {
                    state = mix(key[word], state)
                }
                word &+= 1
            }
            hashes[row] = state
            row &+= 1
        }
    }

    /// Hashes the bytes of a view that is not inline.
    private static func hashBytes(_ view: StringView, _ seed: UInt64) -> UInt64 {
        let base = view.address
        let count = view.count
        var state = seed
        var at = 0
        while at &+ 8 <= count {
            state = mix(base.loadUnaligned(fromByteOffset: at, as: UInt64.self), state)
            at &+= 8
        }
        if at < count { state = mix(base.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self), state) }
        return state
    }
}

extension KeyLayout {
    /// For each word of a row: whether it is the second word of a view.
    var viewTailWords: [Bool] {
        var tails = [Bool](repeating: false, count: wordCount)
        for column in viewColumns { tails[slots[column].byteOffset / 8 + 1] = true }
        return tails
    }

    /// Says whether two laid-out keys are equal.
    @inline(__always)
    func equal(_ a: UnsafePointer<UInt64>, _ b: UnsafePointer<UInt64>) -> Bool {
        var word = 0
        while word < wordCount {
            if a[word] != b[word] { return viewColumns.isEmpty ? false : equalWithLongViews(a, b) }
            word &+= 1
        }
        return true
    }

    @inline(never)
    private func equalWithLongViews(_ a: UnsafePointer<UInt64>, _ b: UnsafePointer<UInt64>) -> Bool {
        var word = 0
        var nextView = 0
        while word < wordCount {
            if a[word] != b[word] {
                // Only the address word of a long view may differ in equal keys.
                guard
                    let column = viewColumns[nextView...].first(where: {
                        slots[$0].byteOffset / 8 + 1 == word
                    })
                else { return false }
                let left = StringView(head: a[word &- 1], tail: a[word])
                let right = StringView(head: b[word &- 1], tail: b[word])
                if !(left == right) { return false }
                nextView = viewColumns.firstIndex(of: column) ?? 0
            }
            word &+= 1
        }
        return true
    }
}
