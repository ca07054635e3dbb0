#pragma once
#include <sys/types.h>

/// Makes a pipe whose ends no program inherits that another thread starts; 0, or an error number.
int cprocess_pipe(int *read_end, int *write_end);

/// Starts `words[0]`, found in this process's PATH, in a process group of its own: standard input is empty,
/// nothing else is inherited, no signal is blocked or ignored. `directory` may be null. Returns 0, or an
/// error number.
int cprocess_spawn(char *const words[], char *const variables[], const char *directory, int output,
                   int errors, pid_t *process);
