import CKernels
import Glibc
import Testing

@testable import Functions

@Suite("LIKE and substrings")
struct LikeTests {
    /// Makes texts of few letters, so that there are many near matches.
    private struct Letters {
        var state: UInt64 = 42
        mutating func text(_ count: Int) -> [UInt8] {
            (0..<count).map { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1
                return [97, 98, 99][Int(state >> 40) % 3]
            }
        }
    }

    private func matches(_ text: ArraySlice<UInt8>, _ pattern: ArraySlice<UInt8>) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        if first == 37 {
            return (text.startIndex...text.endIndex).contains { matches(text[$0...], pattern.dropFirst()) }
        }
        return text.first == first && matches(text.dropFirst(), pattern.dropFirst())
    }

    @Test("patterns of % match what their definition says, at every length and place")
    func like() throws {
        var letters = Letters()
        for count in [0, 1, 2, 5, 12, 13, 31, 32, 33, 64, 100] {
            for pattern in [
                "", "%", "a%", "%b", "%ab%", "ab%c", "%a%b%c%", "%abc%ab", "a%%a", "abc", "%bca%",
            ] {
                let compiled = try LikePattern(Array(pattern.utf8), escape: 92, ignoreCase: false)
                for _ in 0..<20 {
                    let text = letters.text(count)
                    let found = text.withUnsafeBytes { compiled.matches($0) }
                    #expect(found == matches(text[...], Array(pattern.utf8)[...]), "\(pattern) in \(text)")
                }
            }
        }
    }

    @Test("a substring is found at its first place, also at the very end of memory")
    func find() {
        var letters = Letters()
        for count in [1, 8, 31, 32, 33, 63, 200] {
            for length in [1, 2, 3, 7, 16] where length <= count {
                for _ in 0..<30 {
                    let text = letters.text(count)
                    let needle = letters.text(length)
                    let wanted = (0...(count - length)).first { Array(text[$0..<($0 + length)]) == needle }
                    let found = text.withUnsafeBytes { UTF8Text.find(needle, in: $0) }
                    #expect(found == wanted)
                }
            }
        }
        // The last byte of a page with nothing after it.
        let page = 4096
        let memory = mmap(nil, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
        mprotect(memory + page, page, PROT_NONE)
        defer { munmap(memory, 2 * page) }
        let text = memory.assumingMemoryBound(to: UInt8.self)
        text[page - 1] = 122
        for count in 1..<80 {
            #expect(text_find(text + page - count, Int64(count), [122], 1) == Int64(count - 1))
        }
    }
}
