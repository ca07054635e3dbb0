#include "mail.hpp"

#include "curl_failure.hpp"
#include "guard.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>

namespace {

/// Longest time of handing a message over, milliseconds.
constexpr long mail_milliseconds = 60'000;

struct Message {
    const uint8_t *bytes;
    size_t count;
    size_t sent = 0;
};

size_t send_message(char *into, size_t size, size_t count, void *context) {
    auto *message = static_cast<Message *>(context);
    size_t bytes = std::min(size * count, message->count - message->sent);
    if (bytes > 0) std::memcpy(into, message->bytes + message->sent, bytes);
    message->sent += bytes;
    return bytes;
}

}  // namespace

int mail_send(const store_mail *mail, store_error *error) {
    return guarded(error, 1, [&]() -> int {
        std::unique_ptr<CURL, void (*)(CURL *)> owner(curl_easy_init(), curl_easy_cleanup);
        CURL *handle = owner.get();
        if (!handle) return fail(error, STORE_FAILED, "libcurl could not be set up");
        curl_slist *list = nullptr;
        for (size_t i = 0; i < mail->recipient_count; i++)
            list = curl_slist_append(list, mail->recipients[i]);
        std::unique_ptr<curl_slist, void (*)(curl_slist *)> freed(list, curl_slist_free_all);
        Message message{mail->message, mail->message_bytes};
        char detail[CURL_ERROR_SIZE] = {};
        curl_easy_setopt(handle, CURLOPT_URL, mail->url);
        curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
        curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 1L);
        curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 2L);
        if (mail->ca_file) curl_easy_setopt(handle, CURLOPT_CAINFO, mail->ca_file);
        curl_easy_setopt(handle, CURLOPT_USE_SSL,
                         static_cast<long>(mail->requires_tls ? CURLUSESSL_ALL : CURLUSESSL_TRY));
        if (mail->user) {
            curl_easy_setopt(handle, CURLOPT_USERNAME, mail->user);
            curl_easy_setopt(handle, CURLOPT_PASSWORD, mail->password ? mail->password : "");
        }
        curl_easy_setopt(handle, CURLOPT_MAIL_FROM, mail->from);
        curl_easy_setopt(handle, CURLOPT_MAIL_RCPT, list);
        curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(handle, CURLOPT_READFUNCTION, send_message);
        curl_easy_setopt(handle, CURLOPT_READDATA, &message);
        curl_easy_setopt(handle, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(mail->message_bytes));
        curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, connect_milliseconds);
        curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, mail_milliseconds);
        curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, detail);
        CURLcode code = curl_easy_perform(handle);
        if (code == CURLE_OK) return 0;
        std::string reason = detail[0] ? detail : curl_easy_strerror(code);
        long status = 0;
        curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
        if (status >= 400) reason += " (it answered " + std::to_string(status) + ")";
        return fail(error, failure_of(code), reason);
    });
}
