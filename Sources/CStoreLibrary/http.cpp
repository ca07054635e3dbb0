#if !__has_include(<curl/curl.h>)
#error "libcurl is missing: run scripts/dependencies, which installs libcurl4-openssl-dev"
#endif

#include "http.hpp"

#include "curl_failure.hpp"
#include "guard.hpp"

#include <curl/curl.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <vector>

namespace {

/// Keeps handles with their open connections between requests.
class HandlePool {
  public:
    CURL *take() {
        {
            std::lock_guard lock(mutex_);
            if (!idle_.empty()) {
                CURL *handle = idle_.back();
                idle_.pop_back();
                return handle;
            }
        }
        return curl_easy_init();
    }

    void give_back(CURL *handle) {
        curl_easy_reset(handle);  // keeps connections, sessions and names
        {
            std::lock_guard lock(mutex_);
            if (idle_.size() < 32) {
                idle_.push_back(handle);
                return;
            }
        }
        curl_easy_cleanup(handle);
    }

  private:
    std::mutex mutex_;
    std::vector<CURL *> idle_;
};

HandlePool &pool() {
    // Never destroyed: threads may still be in a request when the process ends.
    static HandlePool *shared = [] {
        curl_global_init(CURL_GLOBAL_DEFAULT);
        return new HandlePool();
    }();
    return *shared;
}

struct Exchange {
    const uint8_t *body;
    size_t body_bytes;
    size_t sent = 0;
    size_t answer_limit;
    bool cuts_answer;
    std::string headers;
    std::string answer;
    bool is_too_long = false;
};

size_t send_body(char *into, size_t size, size_t count, void *context) {
    auto *exchange = static_cast<Exchange *>(context);
    size_t bytes = std::min(size * count, exchange->body_bytes - exchange->sent);
    if (bytes > 0) std::memcpy(into, exchange->body + exchange->sent, bytes);
    exchange->sent += bytes;
    return bytes;
}

int rewind_body(void *context, curl_off_t offset, int origin) {
    auto *exchange = static_cast<Exchange *>(context);
    if (origin != SEEK_SET || offset < 0 || static_cast<size_t>(offset) > exchange->body_bytes)
        return CURL_SEEKFUNC_CANTSEEK;
    exchange->sent = static_cast<size_t>(offset);
    return CURL_SEEKFUNC_OK;
}

size_t take_header(char *bytes, size_t size, size_t count, void *context) {
    auto *exchange = static_cast<Exchange *>(context);
    size_t length = size * count;
    // "100 Continue" and the like come before the final answer.
    if (length > 5 && std::memcmp(bytes, "HTTP/", 5) == 0) exchange->headers.clear();
    if (exchange->headers.size() + length > (256 << 10)) return 0;
    exchange->headers.append(bytes, length);
    return length;
}

size_t take_body(char *bytes, size_t size, size_t count, void *context) {
    auto *exchange = static_cast<Exchange *>(context);
    size_t length = size * count;
    if (exchange->answer.size() + length > exchange->answer_limit) {
        exchange->is_too_long = true;
        if (exchange->cuts_answer)
            exchange->answer.append(bytes, exchange->answer_limit - exchange->answer.size());
        return 0;
    }
    exchange->answer.append(bytes, length);
    return length;
}

void set_up(CURL *handle, const store_http_request *request, Exchange *exchange, curl_slist *headers) {
    curl_easy_setopt(handle, CURLOPT_URL, request->url);
    curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 2L);
    if (request->ca_file) curl_easy_setopt(handle, CURLOPT_CAINFO, request->ca_file);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, connect_milliseconds);
    // A peer that moves less than 1 KiB/s for half a minute is taken for stuck.
    curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1024L);
    curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, 30L);
    curl_easy_setopt(handle, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, exchange);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, exchange);
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request->method);
    if (std::strcmp(request->method, "HEAD") == 0) {
        curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
    } else if (request->body_bytes > 0 || std::strcmp(request->method, "PUT") == 0 ||
               std::strcmp(request->method, "POST") == 0) {
        curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(handle, CURLOPT_UPLOAD_BUFFERSIZE, 512L << 10);
        curl_easy_setopt(handle, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request->body_bytes));
        curl_easy_setopt(handle, CURLOPT_READFUNCTION, send_body);
        curl_easy_setopt(handle, CURLOPT_READDATA, exchange);
        curl_easy_setopt(handle, CURLOPT_SEEKFUNCTION, rewind_body);
        curl_easy_setopt(handle, CURLOPT_SEEKDATA, exchange);
    }
}

/// Hands the text over to the caller, who frees it.
template <typename Byte> Byte *handed_over(const std::string &text) {
    auto *copy = static_cast<Byte *>(std::malloc(text.size() + 1));
    if (!copy) throw std::bad_alloc();
    std::memcpy(copy, text.c_str(), text.size() + 1);
    return copy;
}

}  // namespace

int http_perform(const store_http_request *request, store_http_answer *answer, store_error *error) {
    return guarded(error, 1, [&]() -> int {
        *answer = {};
        CURL *handle = pool().take();
        if (!handle) return fail(error, STORE_FAILED, "libcurl could not be set up");
        std::unique_ptr<CURL, void (*)(CURL *)> returned(handle, [](CURL *used) { pool().give_back(used); });
        curl_slist *list = curl_slist_append(nullptr, "Expect:");
        for (size_t i = 0; i < request->header_count; i++)
            list = curl_slist_append(list, request->headers[i]);
        std::unique_ptr<curl_slist, void (*)(curl_slist *)> freed(list, curl_slist_free_all);
        Exchange exchange{request->body, request->body_bytes, 0, request->answer_limit,
                          request->cuts_answer != 0, {}, {}};
        char detail[CURL_ERROR_SIZE] = {};
        set_up(handle, request, &exchange, list);
        curl_slist *names = request->resolve ? curl_slist_append(nullptr, request->resolve) : nullptr;
        std::unique_ptr<curl_slist, void (*)(curl_slist *)> freed_names(names, curl_slist_free_all);
        if (names) curl_easy_setopt(handle, CURLOPT_RESOLVE, names);
        curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, detail);
        CURLcode code = curl_easy_perform(handle);
        // The rest of a cut answer is not read; libcurl closes the connection.
        if (exchange.is_too_long && !exchange.cuts_answer)
            return fail(error, STORE_FAILED, "the answer is too long");
        if (code != CURLE_OK && !exchange.is_too_long)
            return fail(error, failure_of(code), detail[0] ? detail : curl_easy_strerror(code));
        long status = 0;
        curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
        answer->status = static_cast<int>(status);
        answer->headers = handed_over<char>(exchange.headers);
        answer->header_bytes = exchange.headers.size();
        answer->body = handed_over<uint8_t>(exchange.answer);
        answer->body_bytes = exchange.answer.size();
        return 0;
    });
}

void http_free(store_http_answer *answer) {
    std::free(answer->headers);
    std::free(answer->body);
    *answer = {};
}
