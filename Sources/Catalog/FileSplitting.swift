import Formats
import Plans
import Storage
import Vocabulary

/// Cuts text and Avro files into ranges of bytes; a reader begins at the first record, or behind the first
/// mark between blocks, that starts in its range.
enum FileSplitting {
    static func ranges(of index: Int, relation: FileRelation, targetBytes: Int) -> [FileSplit] {
        let file = relation.files[index]
        let isWhole =
            relation.format != .avro
            && (TextCompression.isCompressed(AddressText.shown(file.path))
                || relation.options["multiline"]?.lowercased() == "true"
                || relation.options["wholetext"]?.lowercased() == "true"
                || TextDecoding.isWhole(relation.options))
        if isWhole || file.byteCount <= targetBytes {
            return [FileSplit(file: index, start: 0, end: file.byteCount, byteCount: file.byteCount)]
        }
        // Equal parts, none much below the target.
        let parts = (file.byteCount + targetBytes - 1) / targetBytes
        return (0..<parts).map { part in
            let start = file.byteCount / parts * part
            let end = part + 1 == parts ? file.byteCount : file.byteCount / parts * (part + 1)
            return FileSplit(file: index, start: start, end: end, byteCount: end - start)
        }
    }
}
