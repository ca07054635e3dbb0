#define _GNU_SOURCE
#include "cprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

int cprocess_pipe(int *read_end, int *write_end) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return errno;
    *read_end = ends[0];
    *write_end = ends[1];
    return 0;
}

static int place(posix_spawn_file_actions_t *actions, int from, int to, int mode) {
    if (from < 0) return posix_spawn_file_actions_addopen(actions, to, "/dev/null", mode, 0);
    return posix_spawn_file_actions_adddup2(actions, from, to);
}

static int fill(
    posix_spawn_file_actions_t *actions, const char *directory, int input, int output, int errors) {
    int status = place(actions, input, 0, O_RDONLY);
    if (status == 0) status = place(actions, output, 1, O_WRONLY);
    if (status == 0) status = place(actions, errors, 2, O_WRONLY);
    if (status == 0) status = posix_spawn_file_actions_addclosefrom_np(actions, 3);
    if (status == 0 && directory) status = posix_spawn_file_actions_addchdir_np(actions, directory);
    return status;
}

static int spawn(char *const words[], char *const variables[], const char *directory, int input, int output,
                 int errors, pid_t group, pid_t *process) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int status = posix_spawn_file_actions_init(&actions);
    if (status != 0) return status;
    status = posix_spawnattr_init(&attributes);
    if (status == 0) {
        sigset_t none, all;
        sigemptyset(&none);
        sigfillset(&all);
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setsigdefault(&attributes, &all);
        posix_spawnattr_setpgroup(&attributes, group);
        posix_spawnattr_setflags(
            &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        status = fill(&actions, directory, input, output, errors);
        if (status == 0) status = posix_spawnp(process, words[0], &actions, &attributes, words, variables);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return status;
}

int cprocess_guard(int lifeline, pid_t *group) {
    // Reading ends when the last process that holds the other end has: however that one dies.
    char *const words[] = {"/bin/sh", "-c", "trap '' HUP INT TERM; read line; kill -9 0", NULL};
    char *const variables[] = {NULL};
    return spawn(words, variables, NULL, lifeline, -1, -1, 0, group);
}

int cprocess_spawn(char *const words[], char *const variables[], const char *directory, int output,
                   int errors, pid_t group, pid_t *process) {
    return spawn(words, variables, directory, -1, output, errors, group, process);
}
