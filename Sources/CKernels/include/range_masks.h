#pragma once
#include <stdint.h>

/// Returns one bit for each of eight values: whether it is at least `bound`; the first value's is the lowest.
static inline uint32_t kernels_mask_at_least(const int64_t *values, int64_t bound) {
    uint32_t mask = 0;
    for (int i = 0; i < 8; i++) mask |= (uint32_t)(values[i] >= bound) << i;
    return mask;
}
