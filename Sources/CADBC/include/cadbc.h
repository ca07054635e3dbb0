// Database drivers behind the ADBC interface, opened at run time. A thin layer: it knows no database and
// no SQL.
// Rows cross as Arrow arrays; the structures of Arrow's C data interface are the ones of its specification
// (https://arrow.apache.org/docs/format/CDataInterface.html).
#ifndef MILLRACE_CADBC_H
#define MILLRACE_CADBC_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
  const char *format;
  const char *name;
  const char *metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema **children;
  struct ArrowSchema *dictionary;
  void (*release)(struct ArrowSchema *);
  void *private_data;
};

struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void **buffers;
  struct ArrowArray **children;
  struct ArrowArray *dictionary;
  void (*release)(struct ArrowArray *);
  void *private_data;
};

#endif

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
  int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
  int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
  const char *(*get_last_error)(struct ArrowArrayStream *);
  void (*release)(struct ArrowArrayStream *);
  void *private_data;
};

#endif

// What went wrong, in the driver's words.
struct cadbc_error {
  int status;        // the driver's status, -1 when the library is none that can be opened, or without memory
  char sqlstate[6];  // five characters and a zero, empty where the database gave none
  char message[1018];
};

struct cadbc_database;
struct cadbc_connection;
struct cadbc_statement;

// Opens the driver library at `path` and makes its handle of a database. `options` are `pairs` names, each
// followed by its value. NULL with `error` filled when that fails. Freed after all its connections.
struct cadbc_database *cadbc_database_new(const char *path, const char *const *options, int pairs,
                                          struct cadbc_error *error);
void cadbc_database_free(struct cadbc_database *database);

// `error->status` where other threads connected to the same handle for longer than was waited.
enum { CADBC_BUSY = -2 };

// Connects. Threads connect to one handle one after the other, for which each waits at most some
// milliseconds, or as long as it takes when they are negative. NULL with `error` filled when that fails.
struct cadbc_connection *cadbc_connect(struct cadbc_database *database, int milliseconds,
                                       struct cadbc_error *error);
void cadbc_disconnect(struct cadbc_connection *connection);

// Begin, commit and roll back a transaction; statements outside of one are each their own. Return 0 or the
// driver's status with `error` filled.
int cadbc_begin(struct cadbc_connection *connection, struct cadbc_error *error);
int cadbc_commit(struct cadbc_connection *connection, struct cadbc_error *error);
int cadbc_rollback(struct cadbc_connection *connection, struct cadbc_error *error);

// Makes an empty statement. NULL with `error` filled when that fails.
struct cadbc_statement *cadbc_statement_new(struct cadbc_connection *connection, struct cadbc_error *error);
void cadbc_statement_free(struct cadbc_statement *statement);
// Each returns 0, or the driver's status with `error` filled.
int cadbc_statement_option(struct cadbc_statement *statement, const char *name, const char *value,
                           struct cadbc_error *error);
int cadbc_statement_sql(struct cadbc_statement *statement, const char *sql, struct cadbc_error *error);
// Hands rows to the statement, for a bulk load; takes over `stream`.
int cadbc_statement_bind(struct cadbc_statement *statement, struct ArrowArrayStream *stream,
                         struct cadbc_error *error);
// Runs the statement. Rows go to `out` where it is not NULL; `affected` is -1 where the driver does not tell.
int cadbc_statement_run(struct cadbc_statement *statement, struct ArrowArrayStream *out, int64_t *affected,
                        struct cadbc_error *error);
// Asks a running statement to stop; called by another thread than the one that runs it.
void cadbc_statement_cancel(struct cadbc_statement *statement);

// Takes the next array of a stream; `out->release` is NULL at its end.
int cadbc_stream_next(struct ArrowArrayStream *stream, struct ArrowArray *out, struct cadbc_error *error);
int cadbc_stream_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out, struct cadbc_error *error);
void cadbc_stream_release(struct ArrowArrayStream *stream);
void cadbc_array_release(struct ArrowArray *array);
void cadbc_schema_release(struct ArrowSchema *schema);

#ifdef __cplusplus
}
#endif

#endif
