#pragma once

#include <stdbool.h>
#include <stddef.h>

/// Moves a mapping's pages to `to`, over whatever is mapped there; nothing is copied. `from`, `to` and
/// `bytes` are multiples of the page size. Returns false, with nothing changed, where the system cannot.
bool pages_move(void *from, size_t bytes, void *to);

/// Makes `malloc` keep what is freed: pieces of `mapped` bytes and more are mappings of their own, free
/// bytes at a heap's top go back to the system above `kept`, and heaps grow by `growth` bytes at least.
/// Nothing on a system without glibc.
void pages_keep_freed(int mapped, int kept, int growth);

/// Gives the pages that `malloc` keeps free back to the system.
void pages_give_back(void);
