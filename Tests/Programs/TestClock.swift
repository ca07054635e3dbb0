import Foundation

/// Shows programs another wall clock than the machine's, which a test can set while they run; their monotonic
/// clocks are not touched. A small library, compiled here and loaded before the program's own, adds to what
/// the kernel says.
package final class TestClock {
    /// Waits that end at a time of the wall clock are the kernel's and go by its own: they would take an hour
    /// too long, or not wait, which is what tests want to see.
    private static let source = """
        #define _GNU_SOURCE
        #include <fcntl.h>
        #include <stdlib.h>
        #include <sys/mman.h>
        #include <sys/syscall.h>
        #include <sys/time.h>
        #include <time.h>
        #include <unistd.h>

        static const volatile long *ahead;

        __attribute__((constructor)) static void begin(void) {
            const char *path = getenv("MILLRACE_TEST_CLOCK");
            int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
            if (file < 0) return;
            void *page = mmap(0, sizeof(long), PROT_READ, MAP_SHARED, file, 0);
            close(file);
            if (page != MAP_FAILED) ahead = page;
        }

        int clock_gettime(clockid_t clock, struct timespec *time) {
            int failed = (int)syscall(SYS_clock_gettime, clock, time);
            if (!failed && ahead && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
                time->tv_sec += *ahead;
            return failed;
        }

        int gettimeofday(struct timeval *restrict time, void *restrict zone) {
            struct timespec now;
            (void)zone;
            if (clock_gettime(CLOCK_REALTIME, &now)) return -1;
            time->tv_sec = now.tv_sec;
            time->tv_usec = now.tv_nsec / 1000;
            return 0;
        }

        time_t time(time_t *seconds) {
            struct timespec now;
            if (clock_gettime(CLOCK_REALTIME, &now)) return -1;
            if (seconds) *seconds = now.tv_sec;
            return now.tv_sec;
        }
        """

    private let file: URL
    private let library: URL

    /// Makes a clock that is right until it is set. Its file and the library, which the programs open, lie in
    /// `folder`.
    package init(_ name: String, in folder: URL) throws {
        file = folder.appendingPathComponent("clock-\(name)")
        library = folder.appendingPathComponent("clock-\(name).so")
        try Data(count: 8).write(to: file)
        let source = folder.appendingPathComponent("clock-\(name).c")
        try Data(TestClock.source.utf8).write(to: source)
        let compiled = try ProgramRun.run(
            URL(fileURLWithPath: "/usr/bin/cc"),
            ["-shared", "-fPIC", "-O1", "-fno-builtin", "-o", library.path, source.path], seconds: 60)
        guard compiled.status == 0 else { throw TestCluster.Failure(what: compiled.errors) }
    }

    /// Sets the clock to so many hours ahead of the machine's.
    package func set(hours: Int) throws {
        // In place: programs have the eight bytes in their memory.
        let handle = try FileHandle(forUpdating: file)
        try handle.write(contentsOf: withUnsafeBytes(of: Int64(hours * 3600)) { Data($0) })
        try handle.close()
    }

    /// What a program's environment has to hold to go by this clock.
    package var environment: [String: String] {
        ["LD_PRELOAD": library.path, "MILLRACE_TEST_CLOCK": file.path]
    }
}
