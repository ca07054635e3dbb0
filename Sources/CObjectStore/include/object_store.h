// What storage needs of the system and Swift cannot call.
#ifndef MILLRACE_OBJECT_STORE_H
#define MILLRACE_OBJECT_STORE_H

#include "store_library.h"

// Swaps what two names mean, each in an open directory (or AT_FDCWD), at once. Returns 0, or -1 with errno,
// as where the file system cannot.
int storage_exchange(int a_directory, const char *a, int b_directory, const char *b);

// Opens what is below a directory, with the flags and the mode of `open`, and nothing that a symbolic link
// leads to from there to somewhere else, whenever the link was made. Returns a descriptor, or -1 with errno,
// EXDEV for what leads out. Where the kernel cannot tell, no link is followed at all.
int storage_open_beneath(const char *root, const char *path, int flags, unsigned mode);

// The flags that open a directory as a place only, for which no right to read it is needed.
int storage_place_flags(void);

// Opens so with calls that every kernel knows: follows no link, and refuses each with EXDEV.
int storage_open_without_links(const char *root, const char *path, int flags, unsigned mode);

#endif
