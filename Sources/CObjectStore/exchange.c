#define _GNU_SOURCE
#include "object_store.h"
#include <fcntl.h>
#include <stdio.h>

int storage_exchange(int a_directory, const char *a, int b_directory, const char *b) {
    return renameat2(a_directory, a, b_directory, b, RENAME_EXCHANGE);
}
