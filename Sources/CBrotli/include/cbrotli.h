// Brotli's decoder (RFC 7932), of the system's libbrotlidec, which is opened when the first page needs it:
// programs that read no such file do not load it.
#ifndef MILLRACE_CBROTLI_H
#define MILLRACE_CBROTLI_H

#include <stddef.h>

enum cbrotli_result {
    CBROTLI_OK = 0,
    CBROTLI_DAMAGED = 1,  // the bytes are damaged, or do not give `output_bytes` bytes
    CBROTLI_MISSING = 2,  // the system has no libbrotlidec.so.1
};

// Inflates `input` to exactly `output_bytes` bytes at `output`. Safe to call from several threads.
enum cbrotli_result cbrotli_inflate(const void *input, size_t input_bytes, void *output, size_t output_bytes);

#endif
