// What both halves of the library share: no exception and no SIGPIPE leaves a call.
#pragma once

#include "store_library.h"

#include <pthread.h>
#include <signal.h>

#include <cstdio>
#include <exception>
#include <string>
#include <time.h>

inline int fail(store_error *error, store_failure failure, const std::string &message) {
    error->failure = failure;
    std::snprintf(error->message, sizeof error->message, "%s", message.c_str());
    return 1;
}

/// Keeps SIGPIPE from this thread: OpenSSL writes to sockets without MSG_NOSIGNAL.
class PipeGuard {
  public:
    PipeGuard() {
        sigset_t pending;
        sigemptyset(&pipe_);
        sigaddset(&pipe_, SIGPIPE);
        sigpending(&pending);
        was_pending_ = sigismember(&pending, SIGPIPE);
        pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
    }
    ~PipeGuard() {
        if (!was_pending_) {
            timespec now = {0, 0};
            while (sigtimedwait(&pipe_, nullptr, &now) == SIGPIPE) {}
        }
        pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }
    PipeGuard(const PipeGuard &) = delete;
    PipeGuard &operator=(const PipeGuard &) = delete;

  private:
    sigset_t pipe_;
    sigset_t before_;
    bool was_pending_;
};

/// Runs `body`, which returns 0 or fills `error`; an exception becomes an error.
template <typename Body>
auto guarded(store_error *error, decltype(std::declval<Body>()()) failed, Body body) noexcept
    -> decltype(body()) {
    try {
        PipeGuard guard;
        return body();
    } catch (const std::exception &exception) {
        fail(error, STORE_FAILED, exception.what());
    } catch (...) {
        fail(error, STORE_FAILED, "an unknown C++ exception");
    }
    return failed;
}
