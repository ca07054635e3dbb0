#pragma once

/// Asks the processor to bring the cache line at `address` near, for reading. Never faults.
static inline void kernels_prefetch(const void *address) { __builtin_prefetch(address, 0, 3); }
