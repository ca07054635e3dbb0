#if canImport(Glibc)
    import Glibc
#endif

/// Decides when a process holds so much memory that it gives back what is free in it: when it holds more
/// than it should, and a good deal more than after it last gave back. What is in use does not go back, and
/// to look for free pages over and over would cost time for nothing.
struct ResidentBound {
    /// What the process may hold before it gives back.
    let bytes: Int
    /// By so much the process must have grown since it last gave back.
    private let growthBytes: Int
    /// What it held after it last gave back, or less where it held less since.
    private var lowest = 0

    init(bytes: Int) {
        self.bytes = bytes
        growthBytes = max(16 << 20, bytes / 64)
    }

    /// Says whether a process that holds so much should give back.
    mutating func isPassed(by resident: Int) -> Bool {
        lowest = min(lowest, resident)
        return resident > bytes && resident >= lowest + growthBytes
    }

    /// Takes note that the process gave back, and what it holds since.
    mutating func gaveBack(leaving resident: Int) { lowest = resident }

    /// Bytes of memory that this process holds, without those of files; 0 where the system does not tell.
    static func residentBytes() -> Int {
        let descriptor = open("/proc/self/statm", O_RDONLY)
        if descriptor < 0 { return 0 }
        defer { close(descriptor) }
        // Pages: "size resident shared …".
        var text = [UInt8](repeating: 0, count: 128)
        let count = read(descriptor, &text, text.count)
        let pages = text.prefix(max(count, 0)).split(separator: UInt8(ascii: " ")).prefix(3).map { digits in
            digits.reduce(0) { $0 * 10 + Int($1) - 48 }
        }
        return pages.count == 3 ? (pages[1] - pages[2]) * sysconf(Int32(_SC_PAGESIZE)) : 0
    }
}
