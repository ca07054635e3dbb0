#define _GNU_SOURCE
#include "ccrash.h"

#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
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

static void crashed(int number, siginfo_t *info, void *context) {
    (void)info;
    (void)context;
    static atomic_int is_ending;
    if (atomic_exchange(&is_ending, 1))
        for (;;) pause();
    int file = atomic_load(&kept_file);
    if (file >= 0) (void)!pwrite(file, &current, sizeof current, 0);
    // Should anything below not come to an end, the process does.
    signal(SIGALRM, SIG_DFL);
    alarm(5);
    line line = {.count = 0};
    put(&line, program);
    put(&line, ": internal error: ");
    put(&line, signal_name(number));
    put_work(&line);
    put(&line, ", in version ");
    put(&line, version);
    put(&line, "; please report it, with what was run: this line says where it was,");
    (void)!write(2, line.bytes, line.count);
    int pipe = atomic_load(&bell);
    if (pipe >= 0) (void)!write(pipe, &current, sizeof current);
    line.count = 0;
    put_places(&line);
    put(&line, "\n");
    (void)!write(2, line.bytes, line.count);
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

void ccrash_enter(ccrash_work work) {
    if (!has_stack) make_stack();
    current = work;
}

void ccrash_leave(void) { current.kind = 0; }
