#if !__has_include(<arrow/filesystem/s3fs.h>)
#error "Arrow C++ is missing: run scripts/dependencies, which unpacks it into .deps/arrow"
#endif

#include "arrow_s3.hpp"

#include "arrow_failure.hpp"
#include "arrow_file.hpp"
#include "guard.hpp"

#include <arrow/filesystem/s3fs.h>
#include <arrow/io/interfaces.h>
#include <arrow/result.h>

#include <cstdlib>
#include <memory>

struct store_s3 {
    std::shared_ptr<arrow::fs::S3FileSystem> files;
};

namespace {

arrow::Status initialize() {
    arrow::fs::S3GlobalOptions options = arrow::fs::S3GlobalOptions::Defaults();
    options.log_level = arrow::fs::S3LogLevel::Off;
    return arrow::fs::InitializeS3(options);
}

/// Ends the SDK's threads when the process exits; left running they may crash it. Registered when the first
/// file system has been made, so that it runs before what Arrow made with that one is destroyed.
int finalize_at_exit() { return std::atexit([] { (void)arrow::fs::EnsureS3Finalized(); }); }

template <size_t N> bool copy(const std::string &from, char (&to)[N]) {
    std::snprintf(to, N, "%s", from.c_str());
    return from.size() < N;
}

}  // namespace

int s3_connect(const store_s3_options *options, store_s3 **store, store_error *error) {
    return guarded(error, 1, [&]() -> int {
        static const arrow::Status ready = initialize();
        if (!ready.ok()) return fail_with(error, ready);
        auto settings = options->anonymous ? arrow::fs::S3Options::Anonymous()
                        : options->fixed
                            ? arrow::fs::S3Options::FromAccessKey(options->fixed->key, options->fixed->secret,
                                                                  options->fixed->token)
                            : arrow::fs::S3Options::Defaults();
        settings.region = options->region;
        settings.scheme = options->scheme;
        settings.endpoint_override = options->endpoint;
        settings.force_virtual_addressing = options->virtual_addressing != 0;
        if (options->ca_file) settings.tls_ca_file_path = options->ca_file;
        settings.connect_timeout = 10;
        settings.request_timeout = 30;
        auto made = arrow::fs::S3FileSystem::Make(settings);
        if (!made.ok()) return fail_with(error, made.status());
        static const int registered = finalize_at_exit();
        (void)registered;
        *store = new store_s3{*made};
        return 0;
    });
}

int s3_credentials(store_s3 *store, store_credentials *credentials, store_error *error) {
    return guarded(error, 1, [&]() -> int {
        auto options = store->files->options();
        *credentials = {};
        // Three calls, between which the provider may have renewed them: the key must be the same after it.
        for (int i = 0; i < 10; i++) {
            std::string key = options.GetAccessKey();
            bool fits = copy(key, credentials->key) && copy(options.GetSecretKey(), credentials->secret) &&
                        copy(options.GetSessionToken(), credentials->token);
            if (!fits) return fail(error, STORE_FAILED, "the credentials are longer than expected");
            if (options.GetAccessKey() == key) return 0;
        }
        return fail(error, STORE_FAILED, "the credentials change all the time");
    });
}

int s3_open(store_s3 *store, const char *path, int64_t known_bytes, store_file **file, int64_t *bytes,
            store_error *error) {
    return guarded(error, 1, [&]() -> int {
        arrow::Result<std::shared_ptr<arrow::io::RandomAccessFile>> opened;
        if (known_bytes >= 0) {
            arrow::fs::FileInfo info(path, arrow::fs::FileType::File);
            info.set_size(known_bytes);
            opened = store->files->OpenInputFile(info);
        } else {
            opened = store->files->OpenInputFile(std::string(path));
        }
        if (!opened.ok()) return fail_with(error, opened.status());
        auto size = (*opened)->GetSize();
        if (!size.ok()) return fail_with(error, size.status());
        *bytes = *size;
        *file = new store_file{*opened};
        return 0;
    });
}
