#include "store_library_entry.h"
#include "store_library.h"

#include "arrow_file.hpp"
#include "arrow_files.hpp"
#include "arrow_s3.hpp"
#include "http.hpp"
#include "mail.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace {

void sha256(const void *bytes, size_t count, uint8_t digest[32]) {
    EVP_Digest(bytes, count, digest, nullptr, EVP_sha256(), nullptr);
}

void hmac_sha256(const void *key, size_t key_bytes, const void *bytes, size_t count, uint8_t digest[32]) {
    unsigned int length = 32;
    HMAC(EVP_sha256(), key, static_cast<int>(key_bytes), static_cast<const unsigned char *>(bytes), count,
         digest, &length);
}

void md5(const void *bytes, size_t count, uint8_t digest[16]) {
    EVP_Digest(bytes, count, digest, nullptr, EVP_md5(), nullptr);
}

const store_library table = {
    STORE_LIBRARY_VERSION, http_perform, http_free, mail_send,   sha256,        hmac_sha256,
    md5,                   s3_connect,   s3_credentials, s3_open, file_read,     file_close,
    gcs_connect,           azure_connect, files_status, files_list, files_open,
};

}  // namespace

const store_library *millrace_store_library(void) { return &table; }
