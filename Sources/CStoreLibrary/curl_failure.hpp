// What calls by libcurl share: how their failures are told, and how long they wait for a connection.
#pragma once

#include "store_library.h"

#include <curl/curl.h>

/// Longest wait for a connection, milliseconds.
constexpr long connect_milliseconds = 10'000;

inline store_failure failure_of(CURLcode code) {
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
        return STORE_UNREACHABLE;
    case CURLE_OPERATION_TIMEDOUT:
        return STORE_TIMEOUT;
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
        return STORE_TLS;
    default:
        return STORE_FAILED;
    }
}
