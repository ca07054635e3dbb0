#if !__has_include(<arrow/filesystem/gcsfs.h>)
#error "Arrow C++ is missing: run scripts/dependencies, which unpacks it into .deps/arrow"
#endif

#include "arrow_files.hpp"

#include "arrow_failure.hpp"
#include "arrow_file.hpp"
#include "guard.hpp"

#include <arrow/filesystem/azurefs.h>
#include <arrow/filesystem/gcsfs.h>
#include <arrow/result.h>

#include <chrono>
#include <memory>

struct store_files {
    std::shared_ptr<arrow::fs::FileSystem> files;
};

namespace {

store_entry entry_of(const arrow::fs::FileInfo &info) {
    store_entry entry = {info.path().c_str(), STORE_NOTHING, 0, 0};
    if (info.type() == arrow::fs::FileType::Directory) entry.kind = STORE_DIRECTORY;
    if (info.type() == arrow::fs::FileType::File) {
        entry.kind = STORE_OBJECT;
        entry.bytes = info.size();
    }
    if (info.mtime() != arrow::fs::kNoTime)
        entry.changed =
            std::chrono::duration_cast<std::chrono::nanoseconds>(info.mtime().time_since_epoch()).count();
    return entry;
}

arrow::Status give_credentials(const store_azure_options *from, arrow::fs::AzureOptions *options) {
    if (from->anonymous) return options->ConfigureAnonymousCredential();
    // Arrow puts it after the address as it is.
    if (from->sas) return options->ConfigureSASCredential(std::string("?") + from->sas);
    if (from->key) return options->ConfigureAccountKeyCredential(from->key);
    return options->ConfigureDefaultCredential();
}

}  // namespace

int gcs_connect(const store_gcs_options *from, store_files **store, store_error *error) {
    return guarded(error, 1, [&]() -> int {
        auto options = from->anonymous ? arrow::fs::GcsOptions::Anonymous()
                                       : arrow::fs::GcsOptions::Defaults();
        options.endpoint_override = from->endpoint;
        options.scheme = from->scheme;
        options.retry_limit_seconds = from->retry_seconds;
        auto made = arrow::fs::GcsFileSystem::Make(options);
        if (!made.ok()) return fail_with(error, made.status());
        *store = new store_files{*made};
        return 0;
    });
}

int azure_connect(const store_azure_options *from, store_files **store, store_error *error) {
    return guarded(error, 1, [&]() -> int {
        arrow::fs::AzureOptions options;
        options.account_name = from->account;
        options.blob_storage_authority = from->blob_authority;
        options.dfs_storage_authority = from->dfs_authority;
        options.blob_storage_scheme = options.dfs_storage_scheme = from->scheme;
        auto given = give_credentials(from, &options);
        if (!given.ok()) return fail_with(error, given);
        auto made = arrow::fs::AzureFileSystem::Make(options);
        if (!made.ok()) return fail_with(error, made.status());
        *store = new store_files{*made};
        return 0;
    });
}

int files_status(store_files *store, const char *path, store_entry *entry, store_error *error) {
    return guarded(error, 1, [&]() -> int {
        auto info = store->files->GetFileInfo(std::string(path));
        if (!info.ok()) return fail_with(error, info.status());
        *entry = entry_of(*info);
        entry->path = nullptr;
        return 0;
    });
}

int files_list(store_files *store, const char *directory, int recursive, int strict, void *context,
               void (*take)(void *context, const store_entry *entry), store_error *error) {
    return guarded(error, 1, [&]() -> int {
        arrow::fs::FileSelector selector;
        selector.base_dir = directory;
        selector.recursive = recursive != 0;
        selector.allow_not_found = strict == 0;
        auto found = store->files->GetFileInfo(selector);
        if (!found.ok()) return fail_with(error, found.status());
        for (const auto &info : *found) {
            store_entry entry = entry_of(info);
            take(context, &entry);
        }
        return 0;
    });
}

int files_open(store_files *store, const char *path, store_file **file, int64_t *bytes, store_error *error) {
    return guarded(error, 1, [&]() -> int {
        auto opened = store->files->OpenInputFile(std::string(path));
        if (!opened.ok()) return fail_with(error, opened.status());
        auto size = (*opened)->GetSize();
        if (!size.ok()) return fail_with(error, size.status());
        *bytes = *size;
        *file = new store_file{*opened};
        return 0;
    });
}

int64_t file_read(store_file *file, int64_t offset, void *into, int64_t count, store_error *error) {
    return guarded(error, int64_t(-1), [&]() -> int64_t {
        auto got = file->file->ReadAt(offset, count, into);
        if (got.ok()) return *got;
        fail_with(error, got.status());
        return -1;
    });
}

void file_close(store_file *file) {
    store_error ignored;
    guarded(&ignored, 1, [&]() -> int {
        (void)file->file->Close();
        delete file;
        return 0;
    });
}
