#define _GNU_SOURCE
#include "object_store.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// The kernel asks for another try when something was renamed while it looked at "..".
static const int tries = 100;

static int open_without_links(int directory, const char *path, int flags, unsigned mode) {
    int place = directory;
    for (;;) {
        size_t length = strcspn(path, "/");
        int is_last = path[length] == 0;
        char name[256];
        int next = -1;
        if (length == 0 || length >= sizeof name) {
            errno = length == 0 ? EXDEV : ENAMETOOLONG;
        } else {
            memcpy(name, path, length);
            name[length] = 0;
            if (strcmp(name, "..") == 0) {
                errno = EXDEV;
            } else {
                struct stat status;
                int is_there = fstatat(place, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
                int is_link = is_there && S_ISLNK(status.st_mode);
                next = openat(
                    place, name, (is_last ? flags : O_PATH | O_DIRECTORY | O_CLOEXEC) | O_NOFOLLOW, mode);
                // A link is refused with ELOOP, or ENOTDIR where a directory was asked for.
                if (next < 0 && (errno == ELOOP || (is_link && errno == ENOTDIR))) { errno = EXDEV; }
            }
        }
        int reason = errno;
        if (place != directory) { close(place); }
        errno = reason;
        if (next < 0 || is_last) { return next; }
        place = next;
        path += length + 1;
    }
}

int storage_place_flags(void) { return O_PATH | O_DIRECTORY | O_CLOEXEC; }

int storage_open_without_links(const char *root, const char *path, int flags, unsigned mode) {
    int directory = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) { return -1; }
    int file = open_without_links(directory, path, flags, mode);
    int reason = errno;
    close(directory);
    errno = reason;
    return file;
}

int storage_open_beneath(const char *root, const char *path, int flags, unsigned mode) {
    int directory = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) { return -1; }
    struct open_how how = {
        .flags = (unsigned)flags, .mode = flags & O_CREAT ? mode : 0,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    int file = -1;
    for (int round = 0; round < tries; round++) {
        file = (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
        if (file >= 0 || errno != EAGAIN) { break; }
    }
    // A kernel before 5.6, or a filter of system calls that does not know it.
    if (file < 0 && (errno == ENOSYS || errno == EPERM)) {
        file = open_without_links(directory, path, flags, mode);
    }
    int reason = errno;
    close(directory);
    errno = reason;
    return file;
}
