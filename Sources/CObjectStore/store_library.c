#define _GNU_SOURCE
#include "store_library.h"
#include <dlfcn.h>
#include <stdio.h>

void store_library_home(char *path, size_t count) {
    Dl_info info;
    path[0] = 0;
    if (dladdr((void *)store_library_home, &info) && info.dli_fname)
        snprintf(path, count, "%s", info.dli_fname);
}

const store_library *store_library_open(const char *path, store_error *error) {
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        snprintf(error->message, sizeof error->message, "%s", dlerror());
        return NULL;
    }
    const store_library *(*entry)(void) =
        (const store_library *(*)(void))dlsym(handle, STORE_LIBRARY_ENTRY);
    const store_library *table = entry ? entry() : NULL;
    if (!table || table->version != STORE_LIBRARY_VERSION) {
        snprintf(error->message, sizeof error->message, "%s is of another version than this program", path);
        return NULL;
    }
    return table;
}
