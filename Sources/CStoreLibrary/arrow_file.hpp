#pragma once

#include "store_library.h"

#include <arrow/io/interfaces.h>

#include <memory>

/// An object that is open for reading, of whichever store.
struct store_file {
    std::shared_ptr<arrow::io::RandomAccessFile> file;
};

int64_t file_read(store_file *file, int64_t offset, void *into, int64_t count, store_error *error);
void file_close(store_file *file);
