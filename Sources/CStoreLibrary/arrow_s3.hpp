#pragma once

#include "store_library.h"

int s3_connect(const store_s3_options *options, store_s3 **store, store_error *error);
int s3_credentials(store_s3 *store, store_credentials *credentials, store_error *error);
int s3_open(store_s3 *store, const char *path, int64_t known_bytes, store_file **file, int64_t *bytes,
            store_error *error);
