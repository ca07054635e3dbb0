import CEpoll
import Glibc
import Synchronization
import Vocabulary

/// Hears that a descriptor can be read or written; called on the loop's thread.
protocol EventHandler: AnyObject {
    func ready(readable: Bool, writable: Bool)
}

/// Runs one thread that waits for sockets (epoll), for work from other threads (eventfd) and for timers on
/// the monotonic clock. Everything that belongs to a connection happens on its loop's thread.
///
/// `@unchecked Sendable`: `inbox` is guarded by its mutex; the other mutable fields belong to the loop's
/// thread.
package final class EventLoop: @unchecked Sendable {
    package typealias Work = @Sendable () -> Void

    private struct Inbox {
        var work: [Work] = []
        var isStopping = false
    }

    /// Cancels a timer that `schedule` made.
    package struct TimerID: Sendable, Hashable { fileprivate let rawValue: UInt64 }

    private static let eventsPerWait = 128
    static let receiveBytes = 1 << 20

    private let epoll: Int32
    private let wakeUp: Int32
    private let inbox = Mutex(Inbox())
    private let nextTimer = Atomic<UInt64>(1)
    private let ended = Latch()
    private var thread = pthread_t()
    private var handlers: [Int32: any EventHandler] = [:]
    private var timers = TimerHeap()
    /// Where sockets are read into; valid until the loop reads the next one.
    let receiveBuffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: EventLoop.receiveBytes, alignment: 4096)

    /// Starts the thread. Throws a `system` error `OUT_OF_RESOURCES` when the system gives no descriptor or
    /// thread.
    package init(name: String) throws(EngineError) {
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        wakeUp = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        guard epoll >= 0, wakeUp >= 0 else { throw .outOfResources("an event loop", errno) }
        signal(SIGPIPE, SIG_IGN)
        var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(fd: wakeUp))
        epoll_ctl(epoll, EPOLL_CTL_ADD, wakeUp, &event)
        let threadName = String(name.prefix(15))
        execute { epoll_name_thread(threadName) }
        let me = Unmanaged.passRetained(self)
        let made = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<EventLoop>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, me.toOpaque())
        if made != 0 {
            me.release()
            throw .outOfResources("a thread", made)
        }
        pthread_detach(thread)
    }

    deinit {
        close(epoll)
        close(wakeUp)
        receiveBuffer.deallocate()
    }

    package var isCurrent: Bool { pthread_equal(pthread_self(), thread) != 0 }

    /// Runs `work` on the loop's thread, soon and in order. Without effect after `stop`.
    package func execute(_ work: @escaping Work) {
        let wasEmpty = inbox.withLock { inbox in
            let wasEmpty = inbox.work.isEmpty
            inbox.work.append(work)
            return wasEmpty
        }
        if wasEmpty, !isCurrent { wake() }
    }

    /// Runs `work` on the loop's thread `seconds` from now.
    @discardableResult
    package func schedule(seconds: Double, _ work: @escaping Work) -> TimerID {
        let id = nextTimer.add(1, ordering: .relaxed).oldValue
        let due = MonotonicTime.now.after(seconds: seconds)
        execute { [self] in timers.insert(id, due: due, work) }
        return TimerID(rawValue: id)
    }

    package func cancel(_ timer: TimerID) {
        execute { [self] in timers.cancel(timer.rawValue) }
    }

    /// Ends the thread after the work that is queued; returns at once.
    package func stop() {
        inbox.withLock { $0.isStopping = true }
        wake()
    }

    /// Ends the thread and waits for its end, at most `seconds`.
    package func stopAndWait(seconds: Double = 5) {
        stop()
        if !isCurrent { _ = ended.wait(seconds: seconds) }
    }

    private func wake() {
        var one: UInt64 = 1
        _ = Glibc.write(wakeUp, &one, 8)
    }

    // MARK: descriptors, on the loop's thread

    func register(_ descriptor: Int32, _ handler: any EventHandler, readable: Bool, writable: Bool) {
        handlers[descriptor] = handler
        var event = Self.event(descriptor, readable: readable, writable: writable)
        epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event)
    }

    func modify(_ descriptor: Int32, readable: Bool, writable: Bool) {
        var event = Self.event(descriptor, readable: readable, writable: writable)
        epoll_ctl(epoll, EPOLL_CTL_MOD, descriptor, &event)
    }

    func unregister(_ descriptor: Int32) {
        handlers[descriptor] = nil
        var event = epoll_event()
        epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, &event)
    }

    private static func event(_ descriptor: Int32, readable: Bool, writable: Bool) -> epoll_event {
        let events = (readable ? EPOLLIN.rawValue : 0) | (writable ? EPOLLOUT.rawValue : 0)
        return epoll_event(events: events, data: epoll_data_t(fd: descriptor))
    }

    // MARK: the thread

    private func run() {
        let events = UnsafeMutablePointer<epoll_event>.allocate(capacity: Self.eventsPerWait)
        defer { events.deallocate() }
        while runInbox() {
            let count = epoll_wait(epoll, events, Int32(Self.eventsPerWait), timeoutMilliseconds())
            var i = 0
            while i < Int(max(0, count)) {
                dispatch(events[i])
                i += 1
            }
            let now = MonotonicTime.now
            while let action = timers.popDue(at: now) { action() }
        }
        handlers.removeAll()
        timers = TimerHeap()
        ended.open()
    }

    /// Runs the queued work and says whether the loop goes on.
    private func runInbox() -> Bool {
        let (work, isStopping) = inbox.withLock { inbox in
            let work = inbox.work
            inbox.work = []
            return (work, inbox.isStopping)
        }
        for item in work { item() }
        return !isStopping
    }

    private func timeoutMilliseconds() -> Int32 {
        if inbox.withLock({ !$0.work.isEmpty || $0.isStopping }) { return 0 }
        guard let due = timers.earliest else { return -1 }
        return Int32(clamping: Int((due.seconds(since: .now) * 1000).rounded(.up)))
    }

    private func dispatch(_ event: epoll_event) {
        let descriptor = event.data.fd
        if descriptor == wakeUp {
            var count: UInt64 = 0
            _ = Glibc.read(wakeUp, &count, 8)
            return
        }
        let isBroken = event.events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0
        handlers[descriptor]?.ready(
            readable: isBroken || event.events & EPOLLIN.rawValue != 0,
            writable: isBroken || event.events & EPOLLOUT.rawValue != 0)
    }
}

extension EngineError {
    static func outOfResources(_ what: String, _ code: Int32) -> EngineError {
        .system(
            "OUT_OF_RESOURCES", "The system gives no \(what): \(String(cString: strerror(code)))",
            remedy: "Raise the limits of open files and processes (ulimit -n, ulimit -u).")
    }
}
