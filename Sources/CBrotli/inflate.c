#include "cbrotli.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>

// BrotliDecoderDecompress of <brotli/decode.h>; 1 is BROTLI_DECODER_RESULT_SUCCESS.
typedef int (*decompress)(size_t encoded, const uint8_t *input, size_t *decoded, uint8_t *output);
enum { SUCCESS = 1 };

static decompress decoder;
static pthread_once_t opened = PTHREAD_ONCE_INIT;

// The library is never closed: its code may run on any thread until the process ends.
static void open_library(void) {
    void *library = dlopen("libbrotlidec.so.1", RTLD_NOW | RTLD_LOCAL);
    if (library) decoder = (decompress)dlsym(library, "BrotliDecoderDecompress");
}

enum cbrotli_result cbrotli_inflate(const void *input, size_t input_bytes, void *output,
                                    size_t output_bytes) {
    pthread_once(&opened, open_library);
    if (!decoder) return CBROTLI_MISSING;
    size_t done = output_bytes;
    int result = decoder(input_bytes, input, &done, output);
    return result == SUCCESS && done == output_bytes ? CBROTLI_OK : CBROTLI_DAMAGED;
}
