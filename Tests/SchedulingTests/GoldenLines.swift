import Foundation
import Testing

/// Reads a file of hexadecimal lines beside the tests.
enum GoldenLines {
    static func read(_ name: String) throws -> [[UInt8]] {
        let url = try #require(Bundle.module.url(forResource: "Cases/\(name)", withExtension: "hex"))
        return try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map { line in
            let digits = Array(line.utf8)
            return try stride(from: 0, to: digits.count, by: 2).map { index in
                try #require(UInt8(String(decoding: digits[index..<index + 2], as: UTF8.self), radix: 16))
            }
        }
    }
}
