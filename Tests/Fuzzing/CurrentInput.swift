import Foundation
import Synchronization

/// Keeps the input that is being taken where it outlives the process: a file that is mapped to memory.
///
///     bytes 0 ..< 8   length
///     from 8 on       the input
///
/// `@unchecked Sendable`: the thread that takes the inputs alone writes the memory; the watch reads atomics.
final class CurrentInput: @unchecked Sendable {
    private static let headBytes = 8
    private let memory: UnsafeMutableRawPointer
    private let capacity: Int
    /// Processor time at which the present input began, nanoseconds; 0 between inputs.
    private let startedCPU = Atomic<UInt64>(0)
    /// The same on the wall's clock.
    private let startedWall = Atomic<UInt64>(0)

    /// Makes or empties the file. Nil when it cannot be made.
    init?(path: String, maximalBytes: Int) {
        capacity = maximalBytes + CurrentInput.headBytes
        let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC, 0o644)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard ftruncate(descriptor, off_t(capacity)) == 0,
            let mapped = mmap(nil, capacity, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0),
            mapped != MAP_FAILED
        else { return nil }
        memory = mapped
    }

    deinit { munmap(memory, capacity) }

    /// Writes an input down before it is taken.
    func begin(_ bytes: [UInt8]) {
        let count = min(bytes.count, capacity - CurrentInput.headBytes)
        memory.storeBytes(of: UInt64(count), as: UInt64.self)
        bytes.withUnsafeBytes {
            if let base = $0.baseAddress { memcpy(memory + CurrentInput.headBytes, base, count) }
        }
        startedCPU.store(CurrentInput.nanoseconds(CLOCK_PROCESS_CPUTIME_ID), ordering: .relaxed)
        startedWall.store(CurrentInput.nanoseconds(CLOCK_MONOTONIC), ordering: .relaxed)
    }

    /// Forgets the input: it was taken.
    func end() {
        startedCPU.store(0, ordering: .relaxed)
        memory.storeBytes(of: UInt64(0), as: UInt64.self)
    }

    /// Returns what a file of a process that has ended holds; nil when it was not at an input.
    static func read(_ path: String) -> [UInt8]? {
        guard let data = try? Data(contentsOf: URL(fileURLWithPath: path)), data.count >= headBytes else {
            return nil
        }
        let bytes = Array(data)
        let count = bytes[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard count > 0, count <= UInt64(bytes.count - headBytes) else { return nil }
        return Array(bytes[headBytes..<headBytes + Int(count)])
    }

    /// Ends the process when one input takes more than `seconds` of the processor, or many times that on the
    /// wall's clock: then it waits for something.
    func watch(seconds: Double) {
        let thread = Thread { [self] in
            while true {
                usleep(100_000)
                let cpu = startedCPU.load(ordering: .relaxed)
                let wall = startedWall.load(ordering: .relaxed)
                if cpu == 0 { continue }
                let spent = Double(CurrentInput.nanoseconds(CLOCK_PROCESS_CPUTIME_ID) &- cpu) * 1e-9
                let passed = Double(CurrentInput.nanoseconds(CLOCK_MONOTONIC) &- wall) * 1e-9
                // Another input may have begun meanwhile, whose start is later.
                guard startedCPU.load(ordering: .relaxed) == cpu else { continue }
                if spent > seconds || passed > 20 * seconds { fault("an input takes too long") }
            }
        }
        thread.start()
    }

    private static func nanoseconds(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
