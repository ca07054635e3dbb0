#define _GNU_SOURCE
#include "object_store.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

int storage_open_beneath(const char *root, const char *path) {
    int directory = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) { return -1; }
    struct open_how how = {
        .flags = O_RDONLY | O_CLOEXEC, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    int file = (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
    // A kernel before 5.6, or a filter of system calls that does not know it.
    if (file < 0 && (errno == ENOSYS || errno == EPERM)) {
        file = openat(directory, path, O_RDONLY | O_CLOEXEC);
    }
    int reason = errno;
    close(directory);
    errno = reason;
    return file;
}
