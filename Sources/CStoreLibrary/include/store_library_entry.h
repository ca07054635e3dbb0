// The one symbol of libMillraceStore.so; see store_library.h for what it gives.
#ifndef MILLRACE_STORE_LIBRARY_ENTRY_H
#define MILLRACE_STORE_LIBRARY_ENTRY_H

struct store_library;

#ifdef __cplusplus
extern "C" {
#endif

const struct store_library *millrace_store_library(void);

#ifdef __cplusplus
}
#endif

#endif
