#pragma once

#include "store_library.h"

/// Performs one HTTP/1.1 request; connections are kept and used again.
int http_perform(const store_http_request *request, store_http_answer *answer, store_error *error);
void http_free(store_http_answer *answer);
