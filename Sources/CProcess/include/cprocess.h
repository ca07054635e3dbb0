#pragma once
#include <sys/types.h>

/// Makes a pipe whose ends no program inherits that another thread starts; 0, or an error number.
int cprocess_pipe(int *read_end, int *write_end);

/// Starts a shell that leads a process group of its own and kills the whole group once nobody holds the other
/// end of `lifeline`, the reading end of a pipe: also when this process was killed, and could end nothing any
/// more. It ends by SIGKILL only, and must be waited for. Returns 0, or an error number.
int cprocess_guard(int lifeline, pid_t *group);

/// Starts `words[0]`, found in this process's PATH, in the process group of a guard: standard input is empty,
/// nothing else is inherited, no signal is blocked or ignored. `directory` may be null. Returns 0, or an
/// error number.
int cprocess_spawn(char *const words[], char *const variables[], const char *directory, int output,
                   int errors, pid_t group, pid_t *process);
