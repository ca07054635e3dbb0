import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Counts what the expressions of one task make of a batch, before it is made: one call may ask for a
/// gigabyte a row. The first `CountedMemory.uncountedBytes` of an evaluation are free, as most need less;
/// what is beyond is taken from the worker's budget, and given back with the buffer.
///
/// Functions know no task, and make their results deep within kernels that do not throw: so whoever runs a
/// task's step names its counter for the thread (`serving`), and a kernel that gets no memory goes on without
/// (`buffer` gives nil), whereupon the evaluation throws `OUT_OF_MEMORY`, whatever the kernel gave.
/// Elsewhere nothing is counted. Not thread-safe: the thread that runs the task.
package final class MadeMemory {
    private let budget: MemoryBudget
    /// Evaluations under way, one within the other.
    private var depth = 0
    /// Bytes that the outermost evaluation made so far.
    private var bytes = 0
    /// Why memory was refused since it was last looked.
    private var refusal: EngineError?

    package init(_ budget: MemoryBudget) { self.budget = budget }

    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        pthread_key_create(&key, nil)
        return key
    }()

    private static var current: MadeMemory? {
        pthread_getspecific(key).map { Unmanaged<MadeMemory>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Does a step of the task on this thread.
    package func serving<Value>(_ body: () throws -> Value) rethrows -> Value {
        pthread_setspecific(Self.key, Unmanaged.passUnretained(self).toOpaque())
        defer { pthread_setspecific(Self.key, nil) }
        return try body()
    }

    /// Does an evaluation. Throws `OUT_OF_MEMORY` where what it makes has no room.
    package static func evaluating<Value>(_ body: () throws -> Value) throws -> Value {
        guard let made = current else { return try body() }
        if made.depth == 0 { (made.bytes, made.refusal) = (0, nil) }
        made.depth += 1
        defer { made.depth -= 1 }
        let value = try body()
        try made.check()
        return value
    }

    /// Throws `OUT_OF_MEMORY` where memory was refused since this was last called.
    package static func check() throws(EngineError) { try current?.check() }

    private func check() throws(EngineError) {
        guard let refusal else { return }
        self.refusal = nil
        throw refusal
    }

    /// Returns memory for values that a function makes, not initialised; nil where there is no room.
    package static func buffer(byteCount: Int) -> Buffer? {
        // However small: what one row makes of ever so many is held together.
        guard let made = current, made.depth > 0 else { return Buffer(byteCount: byteCount) }
        guard let reservation = made.take(byteCount) else { return nil }
        let memory = Buffer(byteCount: byteCount)
        return reservation.bytes == 0 ? memory : CountedBuffer.holding(memory, reservation)
    }

    /// Says whether there is room for so many bytes, which a function needs beside what it returns.
    package static func hasRoom(for byteCount: Int) -> Bool {
        guard byteCount >= CountedMemory.uncountedBytes, let made = current, made.depth > 0 else {
            return true
        }
        let before = made.bytes
        defer { made.bytes = before }
        return made.take(byteCount) != nil
    }

    /// Counts so many bytes: a reservation of none where they are free, nil where there is no room.
    private func take(_ byteCount: Int) -> Reservation? {
        if refusal != nil { return nil }
        let reservation = Reservation(budget, owner: "What an expression makes")
        bytes += byteCount
        if bytes <= CountedMemory.uncountedBytes { return reservation }
        do {
            try reservation.resize(to: byteCount)
            return reservation
        } catch {
            refusal = error
            return nil
        }
    }
}

/// Keeps memory and what was taken for it.
final class CountedBuffer {
    private let memory: Buffer
    private let reservation: Reservation

    private init(_ memory: Buffer, _ reservation: Reservation) {
        self.memory = memory
        self.reservation = reservation
    }

    /// Returns the memory as a buffer with which the reservation ends.
    static func holding(_ memory: Buffer, _ reservation: Reservation) -> Buffer {
        Buffer(
            borrowing: memory.base, byteCount: memory.byteCount, owner: CountedBuffer(memory, reservation))
    }
}
