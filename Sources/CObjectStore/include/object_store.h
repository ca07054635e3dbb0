// What storage needs of the system and Swift cannot call.
#ifndef MILLRACE_OBJECT_STORE_H
#define MILLRACE_OBJECT_STORE_H

#include "store_library.h"

// Swaps what two paths name, at once. Returns 0, or -1 with errno, as where the file system cannot.
int storage_exchange(const char *a, const char *b);

#endif
