// What storage needs of the system and Swift cannot call.
#ifndef MILLRACE_OBJECT_STORE_H
#define MILLRACE_OBJECT_STORE_H

#include "store_library.h"

// Swaps what two paths name, at once. Returns 0, or -1 with errno, as where the file system cannot.
int storage_exchange(const char *a, const char *b);

// Opens a file below a directory for reading, and none that a symbolic link leads to from there to somewhere
// else, whenever the link was made. Returns a descriptor, or -1 with errno, EXDEV for what leads out.
int storage_open_beneath(const char *root, const char *path);

#endif
