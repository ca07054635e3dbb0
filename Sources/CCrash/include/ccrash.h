#pragma once
#include <stdint.h>

/// What a thread works at: a kind, of which 0 is nothing, and numbers that say more.
typedef struct {
    uint32_t kind;
    uint32_t numbers[6];
} ccrash_work;

/// Names a kind of work, with so many numbers, for the line that a crash writes. Keeps a copy.
void ccrash_name(uint32_t kind, int count, const char *name);

/// Has crashes of this process (SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT) write one line to standard
/// error and end it with `status`, in place of the Swift runtime's own handlers. Of threads that crash at the
/// same time the first one is told of.
void ccrash_install(const char *program, const char *version, int status);

/// Has a crash write what its thread worked at to the beginning of a file.
void ccrash_keep(int file);

/// Has a crash write what its thread worked at into a pipe, and wait so long before the process ends.
void ccrash_ring(int pipe, int milliseconds);

/// Says what this thread works at from now on, and gives it a stack for the handler. Returns what
/// it was before.
ccrash_work ccrash_enter(ccrash_work work);

/// Says that it works at what it did before.
void ccrash_leave(ccrash_work before);

/// Returns what this thread works at.
ccrash_work ccrash_current(void);
