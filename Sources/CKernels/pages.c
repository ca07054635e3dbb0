#define _GNU_SOURCE
#include "pages.h"

#ifdef __linux__
#include <sys/mman.h>

bool pages_move(void *from, size_t bytes, void *to) {
    return mremap(from, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to;
}
#else
bool pages_move(void *from, size_t bytes, void *to) { return false; }
#endif

#ifdef __GLIBC__
#include <malloc.h>

void pages_keep_freed(int mapped, int kept, int growth) {
    mallopt(M_MMAP_THRESHOLD, mapped);
    mallopt(M_TRIM_THRESHOLD, kept);
    mallopt(M_TOP_PAD, growth);
}

void pages_give_back(void) { malloc_trim(0); }
#else
void pages_keep_freed(int mapped, int kept, int growth) {}

void pages_give_back(void) {}
#endif
