import Columns
import Formats
import Kernels
import Plans
import Vocabulary

/// Names the files that tasks write, as Spark does.
enum FileName {
    /// Returns `part-00000-<job>-<statement>-c000.snappy.parquet`. Storage finds a statement's uploads by it.
    static func make(task: Int, statement: String, number: Int, write: FileWrite) -> String {
        "part-\(padded(task, 5))-\(statement)-c\(padded(number, 3))\(suffix(write))"
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    private static func suffix(_ write: FileWrite) -> String {
        let codec = write.options["compression"]?.lowercased()
        switch write.format {
        case .parquet:
            switch codec ?? "snappy" {
            case "none", "uncompressed": return ".parquet"
            case "gzip": return ".gz.parquet"
            case "lz4", "lz4_raw": return ".lz4raw.parquet"
            case let name: return ".\(name).parquet"
            }
        case .orc: return ((try? ORCCompression(option: codec)) ?? .none).fileSuffix + ".orc"
        case .avro: return ".avro"
        case .csv, .json, .text:
            let compression = (try? TextCompression(option: codec)) ?? .none
            return "." + (write.format == .text ? "txt" : write.format.rawValue) + compression.fileSuffix
        }
    }
}

/// Names partition folders as Hive and Spark do.
enum FolderName {
    /// Stands for null, and for the empty string.
    static let null = "__HIVE_DEFAULT_PARTITION__"
    private static let escaped = Set("\"#%'*/:=?\\{[]^".utf8)

    /// Returns `name=value`, both escaped; instants are shown in `zone`.
    static func make(_ name: String, _ values: Vector, row: Int, zone: Zone) throws -> String {
        let one = values.sliced(from: row, count: 1)
        let cast = try Casting.cast(one.flattened(), to: .string, mode: .error, zone: zone)
        var text = ""
        if case .string(let shown) = cast.scalar(at: 0) { text = shown }
        return escape(name) + "=" + (text.isEmpty ? null : escape(text))
    }

    /// Replaces bytes that may not stand in a folder's name by `%` and two hex digits.
    static func escape(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if byte < 0x20 || byte == 0x7F || escaped.contains(byte) {
                bytes.append(UInt8(ascii: "%"))
                Hexadecimal.append(byte, Hexadecimal.upper, to: &bytes)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
