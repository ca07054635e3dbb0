// Gives Swift the Linux event calls that its Glibc module leaves out.
#include <pthread.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>

// Names the calling thread, for debuggers and profiles.
static inline void epoll_name_thread(const char *name) {
    extern int pthread_setname_np(pthread_t, const char *);
    pthread_setname_np(pthread_self(), name);
}

// Waits on a semaphore until an instant of the monotonic clock; as sem_timedwait otherwise.
static inline int epoll_wait_semaphore(sem_t *semaphore, const struct timespec *limit) {
    extern int sem_clockwait(sem_t *, clockid_t, const struct timespec *);
    return sem_clockwait(semaphore, CLOCK_MONOTONIC, limit);
}

// Accepts a connection that never blocks and is not inherited by other programs.
static inline int epoll_accept(int listener, struct sockaddr *address, socklen_t *count) {
    extern int accept4(int, struct sockaddr *, socklen_t *, int);
    return accept4(listener, address, count, SOCK_NONBLOCK | SOCK_CLOEXEC);
}
