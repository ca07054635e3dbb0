import Glibc

/// Tells one version of a file from the next.
package struct FileStamp: Sendable, Equatable {
    private let inode: UInt
    private let byteCount: Int
    private let seconds: Int
    private let nanoseconds: Int

    /// Looks at the file; one that is not there has a stamp of its own.
    package init(_ path: String) {
        var status = stat()
        if stat(path, &status) != 0 { status = Glibc.stat() }
        inode = UInt(status.st_ino)
        byteCount = Int(status.st_size)
        seconds = status.st_mtim.tv_sec
        nanoseconds = status.st_mtim.tv_nsec
    }
}
