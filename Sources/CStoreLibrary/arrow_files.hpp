#pragma once

#include "store_library.h"

int gcs_connect(const store_gcs_options *options, store_files **store, store_error *error);
int azure_connect(const store_azure_options *options, store_files **store, store_error *error);
int files_status(store_files *store, const char *path, store_entry *entry, store_error *error);
int files_list(store_files *store, const char *directory, int recursive, int strict, void *context,
               void (*take)(void *context, const store_entry *entry), store_error *error);
int files_open(store_files *store, const char *path, store_file **file, int64_t *bytes, store_error *error);
