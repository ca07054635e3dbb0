import Storage
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Keeps the texts of a pipeline's files that were read.
final class ReadTexts {
    var all: [String] = []
}

/// Reads the files of a pipeline's directory.
struct ProjectFiles {
    let directory: String
    /// The directory as messages name it.
    let shown: String
    /// What was read, to see which names it speaks of.
    let texts = ReadTexts()

    init(directory: String, shownAs: String? = nil) {
        self.directory = directory
        shown = shownAs ?? directory
    }

    /// Most files of a project.
    static let fileCount = 20_000

    /// The path of a file as messages name it.
    func path(_ name: String) -> String { shown == "." ? name : shown + "/" + name }
    /// The path of a file as the program opens it.
    func place(_ name: String) -> String { directory + "/" + name }

    func exists(_ name: String) -> Bool { access(place(name), F_OK) == 0 }

    /// Returns the text of a file. Throws `PIPELINE_FILE` when it cannot be read or is too long.
    func text(_ name: String, limitBytes: Int) throws -> String {
        let text = String(decoding: try bytes(name, limitBytes: limitBytes), as: UTF8.self)
        texts.all.append(text)
        return text
    }

    /// Returns the names in a folder. Throws `PIPELINE_FILE` when it cannot be read.
    static func names(in folder: String) throws -> [String] {
        guard let stream = opendir(folder) else {
            throw EngineError.user(
                "PIPELINE_FILE", "Cannot read the directory \(folder): \(String(cString: strerror(errno)))")
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                })
        }
        return names
    }

    /// Returns the bytes of a file. Throws `PIPELINE_FILE` when it cannot be read or is too long.
    func bytes(_ name: String, limitBytes: Int = PipelineBundle.limitBytes) throws -> [UInt8] {
        do throws(TextFile.Failure) { return try TextFile.bytes(place(name), limitBytes: limitBytes) } catch {
            if case .tooLong = error {
                throw EngineError.user(
                    "PIPELINE_FILE", "The file is longer than \(ByteSize.format(limitBytes)): \(path(name))")
            }
            let isMissing = name == "etl.yml" && !exists(name)
            throw EngineError.user(
                "PIPELINE_FILE", "Cannot read the file \(path(name)): \(error.reason)",
                remedy: isMissing ? "`etl-submit init` writes a working example." : nil)
        }
    }

    /// Returns the names of all files below a folder with one of the endings, sorted; none when the folder
    /// is missing. Names that begin with a dot are left out. Throws `PIPELINE_FILE` when a folder cannot be
    /// read, or there are too many files.
    func list(_ folder: String, endings: [String]) throws -> [String] {
        var found: [String] = []
        var folders = [folder]
        while let next = folders.popLast() {
            guard exists(next) else { continue }
            for name in try ProjectFiles.names(in: place(next)) where !name.hasPrefix(".") {
                let path = next + "/" + name
                if endings.contains(where: name.hasSuffix) { found.append(path) }
                if isFolder(path) { folders.append(path) }
                if found.count > ProjectFiles.fileCount {
                    throw EngineError.user(
                        "PIPELINE_FILE", "There are more than \(ProjectFiles.fileCount) files in: \(folder)")
                }
            }
        }
        return found.sorted()
    }

    /// Links to folders are not followed.
    private func isFolder(_ name: String) -> Bool {
        var information = stat()
        return lstat(place(name), &information) == 0 && information.st_mode & S_IFMT == S_IFDIR
    }
}
