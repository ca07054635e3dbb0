#pragma once

#include "store_library.h"

/// Hands one message to a mail server.
int mail_send(const store_mail *mail, store_error *error);
