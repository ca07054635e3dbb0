#define _GNU_SOURCE
#include "ccrash.h"

#include <execinfo.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { kinds = 8, stack_bytes = 64 << 10, frame_count = 24 };

static const int crashes[] = {SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT};
static char names[kinds][64];
static int number_counts[kinds];
static char program[64], version[64];
static int end_status = 70;
static atomic_int kept_file = -1, bell = -1, linger_milliseconds = 0;
static uintptr_t program_base;
static pthread_key_t stack_key;
static pthread_once_t stack_key_once = PTHREAD_ONCE_INIT;
static _Thread_local ccrash_work current;
static _Thread_local int has_stack;

void ccrash_name(uint32_t kind, int count, const char *name) {
    if (kind >= kinds) return;
    strncpy(names[kind], name, sizeof names[kind] - 1);
    number_counts[kind] = count;
}

// What follows runs in the handler: only what may be done there.

typedef struct {
    char bytes[1024];
    size_t count;
} line;

static void put(line *line, const char *text) {
    while (*text && line->count < sizeof line->bytes - 1) line->bytes[line->count++] = *text++;
}

static void put_number(line *line, uintptr_t number, unsigned base) {
    char digits[24];
    size_t place = sizeof digits;
    digits[--place] = 0;
    do {
        digits[--place] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number);
    put(line, digits + place);
}

static const char *signal_name(int number) {
    switch (number) {
    case SIGILL: return "SIGILL";
    case SIGTRAP: return "SIGTRAP";
    case SIGSEGV: return "SIGSEGV";
    case SIGBUS: return "SIGBUS";
    case SIGFPE: return "SIGFPE";
    default: return "SIGABRT";
    }
}

static void put_work(line *line) {
    if (current.kind == 0 || current.kind >= kinds) return;
    put(line, " while ");
    put(line, names[current.kind]);
    for (int place = 0; place < number_counts[current.kind]; place++) {
        put(line, place == 0 ? " " : ".");
        put_number(line, current.numbers[place], 10);
    }
}

/// Appends where the thread is, as places in the program's file.
static void put_places(line *line) {
    void *frames[frame_count];
    int count = backtrace(frames, frame_count);
    put(line, " at");
    for (int place = 0; place < count; place++) {
        uintptr_t address = (uintptr_t)frames[place];
        // The others are in libraries, which lie anywhere.
        if (address < program_base || address - program_base > (1u << 30)) continue;
        put(line, " +0x");
        put_number(line, address - program_base, 16);
    }
}

// The line of the one crash that is told, in two parts: the second takes walking the stack, which may fail.
static line told, places;
static atomic_int is_ending, is_told;
static _Thread_local volatile sig_atomic_t is_walking;
static _Thread_local sigjmp_buf lost_way;

/// Writes the line, once, by one call: what other threads write stands before or after it.
static void tell(void) {
    if (atomic_exchange(&is_told, 1)) return;
    struct iovec parts[] = {{told.bytes, told.count}, {places.bytes, places.count}, {"\n", 1}};
    (void)!writev(2, parts, 3);
}

/// Ends a crash that takes too long: another thread holds a lock that the walk needs, say.
static void end_late(int number) {
    (void)number;
    tell();
    _exit(end_status);
}

/// Finds where the thread is. What is broken may be its stack: a fault meanwhile ends the walk alone.
static void walk(void) {
    static line found;
    sigset_t again;
    sigemptyset(&again);
    for (size_t place = 0; place < sizeof crashes / sizeof *crashes; place++)
        sigaddset(&again, crashes[place]);
    is_walking = 1;
    if (sigsetjmp(lost_way, 1) == 0) {
        pthread_sigmask(SIG_UNBLOCK, &again, NULL);
        put_places(&found);
        pthread_sigmask(SIG_BLOCK, &again, NULL);
        places = found;
    }
    is_walking = 0;
}

static void crashed(int number, siginfo_t *info, void *context) {
    (void)info;
    (void)context;
    if (is_walking) siglongjmp(lost_way, 1);
    // The first thread speaks for the process: others that crash meanwhile wait for its end.
    if (atomic_exchange(&is_ending, 1))
        for (;;) pause();
    int file = atomic_load(&kept_file);
    if (file >= 0) (void)!pwrite(file, &current, sizeof current, 0);
    put(&told, program);
    put(&told, ": internal error: ");
    put(&told, signal_name(number));
    put_work(&told);
    put(&told, ", in version ");
    put(&told, version);
    put(&told, "; please report it, with what was run: this line says where it was,");
    // Should anything below not come to an end, the process does.
    signal(SIGALRM, end_late);
    alarm(5);
    int pipe = atomic_load(&bell);
    if (pipe >= 0) (void)!write(pipe, &current, sizeof current);
    walk();
    tell();
    if (pipe >= 0) {
        int left = atomic_load(&linger_milliseconds);
        struct timespec wait = {.tv_sec = left / 1000, .tv_nsec = (left % 1000) * 1000000L};
        while (nanosleep(&wait, &wait) != 0) {}
    }
    _exit(end_status);
}

void ccrash_install(const char *program_name, const char *version_text, int status) {
    strncpy(program, program_name, sizeof program - 1);
    strncpy(version, version_text, sizeof version - 1);
    end_status = status;
    // The program's headers are at the beginning of its first page.
    program_base = (uintptr_t)getauxval(AT_PHDR) & ~(uintptr_t)4095;
    // Its first call loads a library, which a handler may not.
    void *frames[2];
    (void)backtrace(frames, 2);
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = crashed;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    // Of these, one that comes within the handler ends the process at once.
    for (size_t place = 0; place < sizeof crashes / sizeof *crashes; place++)
        sigaddset(&action.sa_mask, crashes[place]);
    for (size_t place = 0; place < sizeof crashes / sizeof *crashes; place++)
        sigaction(crashes[place], &action, NULL);
    signal(SIGQUIT, SIG_DFL);
}

void ccrash_keep(int file) { atomic_store(&kept_file, file); }

void ccrash_ring(int pipe, int milliseconds) {
    atomic_store(&linger_milliseconds, milliseconds);
    atomic_store(&bell, pipe);
}

static void free_stack(void *stack) {
    stack_t none = {.ss_flags = SS_DISABLE};
    sigaltstack(&none, NULL);
    munmap(stack, stack_bytes);
}

static void make_stack_key(void) { pthread_key_create(&stack_key, free_stack); }

/// Gives the thread a stack on which the handler runs when its own has overflown.
static void make_stack(void) {
    has_stack = 1;
    stack_t known;
    if (sigaltstack(NULL, &known) != 0 || !(known.ss_flags & SS_DISABLE)) return;
    pthread_once(&stack_key_once, make_stack_key);
    void *bytes = mmap(NULL, stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (bytes == MAP_FAILED) return;
    stack_t stack = {.ss_sp = bytes, .ss_size = stack_bytes};
    if (pthread_setspecific(stack_key, bytes) != 0) {
        munmap(bytes, stack_bytes);
    } else {
        sigaltstack(&stack, NULL);
    }
}

ccrash_work ccrash_enter(ccrash_work work) {
    if (!has_stack) make_stack();
    ccrash_work before = current;
    current = work;
    return before;
}

void ccrash_leave(ccrash_work before) { current = before; }

ccrash_work ccrash_current(void) { return current; }
