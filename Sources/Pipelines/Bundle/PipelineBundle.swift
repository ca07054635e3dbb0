import Transport
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Packs a pipeline's directory into one run of bytes, and unpacks it. The same files give the same bytes,
/// which are named by their digest:
///
///     "MRB1"  count  { path, bytes } …      in the order of paths; numbers and lengths as varints
///
/// Files and folders whose names begin with a dot stay away, as does what `.gitignore` or `.millraceignore`
/// of the directory name, and what dbt makes.
package struct PipelineBundle: Sendable {
    /// Most bytes of a bundle.
    package static let limitBytes = 64 << 20
    private static let magic = Array("MRB1".utf8)
    private static let madeByTools: Set<String> = ["target", "dbt_packages", "logs", "__pycache__"]

    package let bytes: [UInt8]
    /// SHA-256, hexadecimal.
    package let digest: String

    /// Takes bytes that were packed before.
    package init(bytes: [UInt8]) {
        self.bytes = bytes
        digest = Hexadecimal.text(ContentDigest.sha256(bytes))
    }

    /// Packs a directory. Throws `BUNDLE` (user) for symbolic links, special files and too many bytes.
    package init(directory: String) throws {
        var reader = DirectoryReader(directory: directory)
        let files = try reader.read()
        var writer = WireWriter()
        writer.unsigned(UInt64(files.count))
        for (path, bytes) in files {
            writer.write(path)
            writer.data(bytes)
        }
        self.init(bytes: PipelineBundle.magic + writer.bytes)
    }

    /// Says whether text is a digest as bundles have.
    package static func isDigest(_ text: String) -> Bool {
        text.utf8.count == 64
            && text.utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
    }

    /// Returns the files. Throws `BUNDLE` (user) when the bytes are no bundle, or a path leads elsewhere.
    package func files() throws -> [(path: String, bytes: ArraySlice<UInt8>)] {
        guard bytes.starts(with: PipelineBundle.magic), bytes.count <= PipelineBundle.limitBytes else {
            throw PipelineBundle.error("This is no bundle of a pipeline")
        }
        var reader = WireReader(Array(bytes.dropFirst(PipelineBundle.magic.count)))
        var files: [(path: String, bytes: ArraySlice<UInt8>)] = []
        do {
            for _ in 0..<(try reader.count()) { files.append((try reader.read(), try reader.data())) }
        } catch {
            throw PipelineBundle.error("The bundle is damaged")
        }
        guard reader.isAtEnd, files.count <= ProjectFiles.fileCount else {
            throw PipelineBundle.error("The bundle is damaged, or has too many files")
        }
        for (index, file) in files.enumerated() {
            let parts = file.path.split(separator: "/", omittingEmptySubsequences: false)
            // A name that begins with a dot is never packed; `..` is one of them.
            let isGood = parts.allSatisfy { !$0.isEmpty && !$0.hasPrefix(".") && !$0.utf8.contains(0) }
            guard isGood, index == 0 || files[index - 1].path < file.path else {
                throw PipelineBundle.error(
                    "The bundle has a path that is not allowed: \(file.path.prefix(200))")
            }
        }
        return files
    }

    /// Writes the files into a directory, which is made. Throws `BUNDLE` and what the file system says.
    package func unpack(into directory: String) throws {
        for (path, bytes) in try files() {
            let target = directory + "/" + path
            TableFolder.makeFolder(String(target[..<(target.lastIndex(of: "/") ?? target.endIndex)]))
            let descriptor = open(target, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0o644)
            var isWritten = descriptor >= 0
            if isWritten {
                isWritten = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) == $0.count }
                isWritten = fsync(descriptor) == 0 && isWritten
                close(descriptor)
            }
            guard isWritten else {
                throw EngineError.system(
                    "BUNDLE", "Cannot write the file \(target): \(String(cString: strerror(errno)))")
            }
        }
    }

    static func error(_ message: String, _ remedy: String? = nil) -> EngineError {
        .user("BUNDLE", message, remedy: remedy)
    }

    /// Reads the files of a directory that belong to a bundle.
    private struct DirectoryReader {
        let directory: String
        private var ignored: [String] = []
        private var total = 0
        private var found: [(path: String, bytes: [UInt8])] = []

        init(directory: String) { self.directory = directory }

        mutating func read() throws -> [(path: String, bytes: [UInt8])] {
            let files = ProjectFiles(directory: directory)
            for name in [".gitignore", ".millraceignore"] where files.exists(name) {
                let text = try files.text(name, limitBytes: 1 << 20)
                ignored += text.split(separator: "\n").map { String($0.filter { $0 != "\r" }) }
                    .filter { !$0.hasPrefix("#") && !$0.isEmpty }
            }
            try visit("")
            return found.sorted { $0.path < $1.path }
        }

        private func isIgnored(_ path: String, isFolder: Bool) -> Bool {
            let name = path.split(separator: "/").last.map(String.init) ?? path
            return ignored.contains { line in
                var pattern = line
                if pattern.hasSuffix("/") {
                    if !isFolder { return false }
                    pattern.removeLast()
                }
                if pattern.hasPrefix("/") { return Wildcard.matches(String(pattern.dropFirst()), path) }
                return Wildcard.matches(pattern, path) || Wildcard.matches(pattern, name)
            }
        }

        private mutating func visit(_ folder: String) throws {
            let place = folder.isEmpty ? directory : directory + "/" + folder
            for name in try ProjectFiles.names(in: place).sorted() where !name.hasPrefix(".") {
                let path = folder.isEmpty ? name : folder + "/" + name
                var information = stat()
                guard lstat(directory + "/" + path, &information) == 0 else { continue }
                let kind = information.st_mode & S_IFMT
                let isFolder = kind == S_IFDIR
                if isIgnored(path, isFolder: isFolder) { continue }
                if isFolder {
                    if !PipelineBundle.madeByTools.contains(name) { try visit(path) }
                    continue
                }
                guard kind == S_IFREG else {
                    throw PipelineBundle.error(
                        "Only files and folders can be sent to a coordinator, no links: \(path)",
                        "Put the file itself there, or name it in .millraceignore.")
                }
                total += Int(information.st_size) + path.utf8.count + 10
                guard total <= PipelineBundle.limitBytes - 64, found.count < ProjectFiles.fileCount else {
                    throw PipelineBundle.error(
                        "The directory is larger than \(ByteSize.format(PipelineBundle.limitBytes)): "
                            + directory,
                        "Name folders that the pipeline does not need in .millraceignore, such as data.")
                }
                found.append((path, try ProjectFiles(directory: directory).bytes(path)))
            }
        }
    }
}
