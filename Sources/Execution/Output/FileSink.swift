import Columns
import Formats
import Kernels
import Memory
import Plans
import Vocabulary

/// Writes a task's rows as files aside of what is visible; the statement's commit publishes them.
///
/// Without partition columns the task writes one file after the other, each up to the target size. With them
/// each combination of values has its own folder and its own open file; when too many are open, the first of
/// them is ended, and its folder gets another one when more of its rows come. When memory is short, the
/// folder that holds most writes out what it has, which ends a row group early, or its file.
final class FileSink: TaskSink {
    /// One folder's rows: those gathered, and the file they go to.
    private final class Folder {
        let path: String
        var writer: (any FileWriter)?
        var gathered: [Batch] = []
        var gatheredRows = 0
        var gatheredBytes = 0
        /// What the writer takes, as of its last batch.
        var writerBytes = 0
        var fileNumber = 0

        init(path: String) { self.path = path }

        var memoryBytes: Int { gatheredBytes + writerBytes }
    }

    private let write: FileWrite
    private let context: TaskContext
    /// The zone that instants in names of folders are in.
    private let zone: Zone
    private let dataColumns: [Int]
    private let dataSchema: Schema
    private var folders: [Folder] = []
    /// The folder of each combination of values: several share one where its name is the same, as those of
    /// null and of an empty text.
    private var folderOfGroup: [Folder] = []
    private var folderOfPath: [String: Folder] = [:]
    private let groups: GroupTable?
    private var groupOfRow = Buffer(byteCount: Limits.batchRows * 4)
    private var openWriters = 0
    private var result = TaskResult()
    private let reservation: Reservation
    /// Bytes of memory that all folders take.
    private var heldBytes = 0

    /// Bytes that all folders may take however short memory is, and those that make a row group or a file
    /// worth ending.
    static let leastBytes = 4 << 20
    static let leastReleasedBytes = 1 << 20
    /// Files that a task holds open at once.
    static let openFileLimit = 64
    /// Rows that are gathered for a folder before they go to its file.
    static let gatheredRows = 8192

    init(_ write: FileWrite, context: TaskContext) throws {
        self.write = write
        self.context = context
        reservation = context.reservation(for: "Writing files")
        zone = try Zone.named(write.options["timezone"] ?? context.settings.timeZone)
        let folderColumns = write.partitionColumns
        dataColumns = write.schema.fields.indices.filter { !folderColumns.contains($0) }
        dataSchema = Schema(dataColumns.map { write.schema[$0] })
        if folderColumns.isEmpty {
            groups = nil
            folders = [Folder(path: "")]
        } else {
            groups = GroupTable(types: folderColumns.map { write.schema[$0].type })
        }
    }

    func write(_ batch: Batch) throws {
        context.counters.rowsOut.add(batch.count, ordering: .relaxed)
        guard let groups else {
            try counted(folders[0]) { try append(batch, to: folders[0]) }
            return try makeRoom()
        }
        let count = batch.count
        if groupOfRow.byteCount < count * 4 { groupOfRow = Buffer(byteCount: count * 4) }
        let numbers = groupOfRow.pointer(as: UInt32.self)
        let known = groups.groupCount
        groups.assignGroups(write.partitionColumns.map { batch.columns[$0] }, count: count, into: numbers)
        if groups.groupCount > known { try addFolders(from: known, groups) }
        let data = batch.projected(dataColumns)
        let rowsByGroup = RowsByGroup(numbers, count: count, groupCount: groups.groupCount)
        try rowsByGroup.forEach { group, rows, size in
            let folder = folderOfGroup[group]
            try counted(folder) {
                try gather(size == count ? data : data.gathered(rows, count: size), into: folder)
            }
        }
        try makeRoom()
    }

    /// Does something to a folder and counts how much more or less memory it takes.
    private func counted(_ folder: Folder, _ change: () throws -> Void) rethrows {
        let before = folder.memoryBytes
        try change()
        heldBytes += folder.memoryBytes - before
    }

    /// Reserves what the folders take; where that is refused, those that hold most write out what they have.
    private func makeRoom() throws {
        while !reservation.tryResize(to: heldBytes), heldBytes > FileSink.leastBytes {
            guard let largest = folders.max(by: { $0.memoryBytes < $1.memoryBytes }) else { return }
            try context.checkCancelled()
            let before = heldBytes
            try counted(largest) {
                try flush(largest)
                if largest.memoryBytes >= FileSink.leastReleasedBytes {
                    try largest.writer?.releaseMemory()
                    largest.writerBytes = largest.writer?.memoryBytes ?? 0
                } else {
                    try close(largest)
                }
            }
            if heldBytes >= before { return }
        }
    }

    private func addFolders(from: Int, _ groups: GroupTable) throws {
        let values = groups.keyColumns(from: from, count: groups.groupCount - from)
        let names = write.partitionColumns.map { write.schema[$0].name }
        for row in 0..<(groups.groupCount - from) {
            let parts = try zip(names, values).map { try FolderName.make($0, $1, row: row, zone: zone) }
            let path = parts.joined(separator: "/") + "/"
            if let known = folderOfPath[path] {
                folderOfGroup.append(known)
                continue
            }
            let folder = Folder(path: path)
            folders.append(folder)
            folderOfGroup.append(folder)
            folderOfPath[path] = folder
        }
    }

    private func gather(_ batch: Batch, into folder: Folder) throws {
        folder.gathered.append(batch)
        folder.gatheredRows += batch.count
        folder.gatheredBytes += batch.ownBytes + batch.textBytes
        if folder.gatheredRows >= FileSink.gatheredRows { try flush(folder) }
    }

    private func flush(_ folder: Folder) throws {
        guard folder.gatheredRows > 0 else { return }
        let batch = folder.gathered.count == 1 ? folder.gathered[0] : Concat.batches(folder.gathered)
        folder.gathered = []
        folder.gatheredRows = 0
        folder.gatheredBytes = 0
        try append(batch, to: folder)
    }

    private func append(_ batch: Batch, to folder: Folder) throws {
        let writer = try folder.writer ?? open(folder)
        try writer.write(batch)
        folder.writerBytes = writer.memoryBytes
        if writer.byteCount >= Limits.targetFileBytes { try close(folder) }
    }

    private func open(_ folder: Folder) throws -> any FileWriter {
        if openWriters >= FileSink.openFileLimit, let other = folders.first(where: { $0.writer != nil }) {
            try counted(other) { try close(other) }
        }
        // A later statement of the job may add to the same directory: its files need other names.
        let statement = "\(context.jobID)-\(context.attempt.task.stage.statement)"
        let name = FileName.make(
            task: context.fragment.taskIndex, statement: statement, number: folder.fileNumber, write: write)
        let path = folder.path + name
        let sink = try context.resources.files.create(
            path, write: write, job: context.jobID, attempt: context.attempt)
        let writer = try FileWriters.open(
            sink, relativePath: path, write: write, schema: dataSchema, settings: context.settings)
        folder.writer = writer
        folder.fileNumber += 1
        openWriters += 1
        return writer
    }

    private func close(_ folder: Folder) throws {
        guard let writer = folder.writer else { return }
        folder.writer = nil
        folder.writerBytes = 0
        openWriters -= 1
        let file = try writer.finish()
        result.files.append(file)
        result.rows += file.rows
        result.bytes += file.bytes
        context.counters.bytesOut.add(file.bytes, ordering: .relaxed)
    }

    func finish() throws -> TaskResult {
        // A statement without rows still leaves a file with its schema, as Spark does.
        if groups == nil, context.fragment.taskIndex == 0, folders[0].writer == nil,
            folders[0].fileNumber == 0
        {
            _ = try open(folders[0])
        }
        for folder in folders {
            try flush(folder)
            try close(folder)
        }
        return result
    }

    func abort() {
        for folder in folders { folder.writer?.abort() }
        (folders, folderOfGroup, folderOfPath) = ([], [], [:])
        _ = reservation.tryResize(to: 0)
    }
}
