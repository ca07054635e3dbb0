// The functions of libMillraceStore.so: HTTP and SMTP through libcurl, digests through OpenSSL, S3 reads and
// credentials, Google's and Azure's stores through Arrow C++. That library is opened when the first remote
// path is used, so that programs which use none do not load any of it. No C++ exception crosses this
// boundary.
#ifndef MILLRACE_STORE_LIBRARY_H
#define MILLRACE_STORE_LIBRARY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Grows with every change of the table below; a library of another version is refused.
#define STORE_LIBRARY_VERSION 4
#define STORE_LIBRARY_ENTRY "millrace_store_library"

// What kept a call from its result.
enum store_failure {
    STORE_OK = 0,
    STORE_UNREACHABLE = 1,  // name not resolved, connection refused or cut
    STORE_TIMEOUT = 2,
    STORE_TLS = 3,          // the certificate or the handshake is bad
    STORE_FAILED = 4,       // anything else; the message says what
    STORE_NOT_FOUND = 5,
    STORE_DENIED = 6,       // the credentials are refused, or give no right to it
    STORE_NO_CREDENTIALS = 7,
};

// Text is cut at the end of its array.
typedef struct store_error {
    enum store_failure failure;
    char message[1024];
} store_error;

typedef struct store_http_request {
    const char *method;
    const char *url;
    const char *const *headers;  // "Name: value"
    size_t header_count;
    const uint8_t *body;
    size_t body_bytes;
    size_t answer_limit;         // a longer body fails
    int cuts_answer;             // a longer body does not fail but ends there
    const char *ca_file;         // PEM file of trusted authorities; NULL: the system's
    const char *resolve;         // host:port:address that the name is held to; NULL: it is asked for
} store_http_request;

// `headers` are the lines of the final answer, `body` what followed; both freed by `http_free`.
typedef struct store_http_answer {
    int status;
    char *headers;
    size_t header_bytes;
    uint8_t *body;
    size_t body_bytes;
} store_http_answer;

// A message to hand to a mail server (RFC 5321).
typedef struct store_mail {
    const char *url;                // smtp://host:port or smtps://host:port
    const char *user;               // NULL: no authentication
    const char *password;
    int requires_tls;               // STARTTLS must succeed before anything else is said
    const char *from;               // addresses without brackets
    const char *const *recipients;
    size_t recipient_count;
    const uint8_t *message;         // RFC 5322, lines end with CR LF
    size_t message_bytes;
    const char *ca_file;            // NULL: the system's
    const char *resolve;            // as of a request
} store_mail;

// Text is cut at the end of its array; `key` is empty where there are no credentials.
typedef struct store_credentials {
    char key[256];
    char secret[256];
    char token[4096];
} store_credentials;

typedef struct store_s3_options {
    const char *region;
    const char *scheme;             // "https" or "http"
    const char *endpoint;           // host:port; empty: Amazon's
    const char *ca_file;            // NULL: the system's
    int virtual_addressing;         // the bucket's name is part of the host's
    int anonymous;                  // requests are not signed
    const store_credentials *fixed;  // NULL: the usual chain (environment, profile, role, machine)
} store_s3_options;

typedef struct store_gcs_options {
    const char *endpoint;           // host:port; empty: Google's
    const char *scheme;             // "https" or "http"
    int anonymous;                  // requests are not signed; else Google's application default credentials
    double retry_seconds;           // for how long a failing request is tried again
} store_gcs_options;

typedef struct store_azure_options {
    const char *account;
    const char *blob_authority;     // ".blob.core.windows.net", before which the account is put, or host:port
    const char *dfs_authority;      // as that, of the Data Lake service
    const char *scheme;             // "https" or "http"
    const char *key;                // the account's key; NULL: none
    const char *sas;                // a shared access signature; NULL: none
    int anonymous;                  // requests are not signed; else, without both, Azure's default chain
} store_azure_options;

enum store_entry_kind { STORE_NOTHING = 0, STORE_OBJECT = 1, STORE_DIRECTORY = 2 };

// What is at a path of a store of files; `path` lives as long as the call that gives the entry.
typedef struct store_entry {
    const char *path;               // bucket/key
    enum store_entry_kind kind;
    int64_t bytes;                  // of an object
    int64_t changed;                // nanoseconds since 1970; 0: not known
} store_entry;

typedef struct store_s3 store_s3;
typedef struct store_files store_files;
typedef struct store_file store_file;

// Every function is safe to call from several threads; those that return an int return 0 or fill `error`.
typedef struct store_library {
    uint32_t version;
    int (*http_perform)(const store_http_request *request, store_http_answer *answer, store_error *error);
    void (*http_free)(store_http_answer *answer);
    int (*mail_send)(const store_mail *mail, store_error *error);
    void (*sha256)(const void *bytes, size_t count, uint8_t digest[32]);
    void (*hmac_sha256)(const void *key, size_t key_bytes, const void *bytes, size_t count,
                        uint8_t digest[32]);
    void (*md5)(const void *bytes, size_t count, uint8_t digest[16]);
    // Lives as long as the process.
    int (*s3_connect)(const store_s3_options *options, store_s3 **store, store_error *error);
    int (*s3_credentials)(store_s3 *store, store_credentials *credentials, store_error *error);
    // `path` is bucket/key. Without a known size the store is asked for it.
    int (*s3_open)(store_s3 *store, const char *path, int64_t known_bytes, store_file **file,
                   int64_t *bytes, store_error *error);
    // Returns the number of bytes read, fewer than asked only at the end, or -1.
    int64_t (*file_read)(store_file *file, int64_t offset, void *into, int64_t count, store_error *error);
    void (*file_close)(store_file *file);
    // Stores of files live as long as the process; nothing is asked of a server before the first call.
    int (*gcs_connect)(const store_gcs_options *options, store_files **store, store_error *error);
    int (*azure_connect)(const store_azure_options *options, store_files **store, store_error *error);
    // Nothing at the path is no error.
    int (*files_status)(store_files *store, const char *path, store_entry *entry, store_error *error);
    // Gives each entry below a directory, in any order; nothing there is STORE_NOT_FOUND only where `strict`.
    int (*files_list)(store_files *store, const char *directory, int recursive, int strict, void *context,
                      void (*take)(void *context, const store_entry *entry), store_error *error);
    int (*files_open)(store_files *store, const char *path, store_file **file, int64_t *bytes,
                      store_error *error);
} store_library;

// Writes the path of the program or library that this function is part of.
void store_library_home(char *path, size_t count);

// Opens the library at `path` and returns its table, or NULL with a message.
const store_library *store_library_open(const char *path, store_error *error);

#ifdef __cplusplus
}
#endif

#endif
