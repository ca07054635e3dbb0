#define _GNU_SOURCE
#include "cadbc.h"

#include <arrow-adbc/adbc.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct cadbc_database {
  struct AdbcDriver *driver;
  struct AdbcDatabase database;
  pthread_mutex_t using;  // drivers allow one call at a time
};

struct cadbc_connection {
  struct AdbcDriver *driver;
  struct cadbc_database *database;
  struct AdbcConnection connection;
};

struct cadbc_statement {
  struct AdbcDriver *driver;
  struct AdbcStatement statement;
};

static void clear(struct cadbc_error *error) { memset(error, 0, sizeof *error); }

static void say(struct cadbc_error *error, const char *text) {
  clear(error);
  error->status = -1;
  snprintf(error->message, sizeof error->message, "%s", text);
}

// Moves a driver's error over and releases it.
static int failed(AdbcStatusCode status, struct AdbcError *from, struct cadbc_error *error) {
  clear(error);
  error->status = status;
  memcpy(error->sqlstate, from->sqlstate, 5);
  snprintf(error->message, sizeof error->message, "%s", from->message ? from->message : "no reason given");
  if (from->release) from->release(from);
  return status;
}

// ---- drivers: each library is opened once and stays open, since drivers keep threads

struct loaded {
  struct loaded *next;
  char *path;
  struct AdbcDriver driver;
};

static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;
static struct loaded *all;

static struct AdbcDriver *load(const char *path, struct cadbc_error *error) {
  struct AdbcDriver *found = NULL;
  pthread_mutex_lock(&loading);
  for (struct loaded *each = all; each && !found; each = each->next)
    if (strcmp(each->path, path) == 0) found = &each->driver;
  if (!found) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    AdbcDriverInitFunc init = library ? (AdbcDriverInitFunc)dlsym(library, "AdbcDriverInit") : NULL;
    struct loaded *entry = init ? calloc(1, sizeof *entry) : NULL;
    if (!library) {
      say(error, dlerror());
    } else if (!entry) {
      say(error, "the library is no ADBC driver");
    } else {
      struct AdbcError problem = ADBC_ERROR_INIT;
      AdbcStatusCode status = init(ADBC_VERSION_1_1_0, &entry->driver, &problem);
      if (status != ADBC_STATUS_OK) {
        failed(status, &problem, error);
        free(entry);
      } else {
        entry->path = strdup(path);
        entry->next = all;
        all = entry;
        found = &entry->driver;
      }
    }
  }
  pthread_mutex_unlock(&loading);
  return found;
}

struct cadbc_database *cadbc_database_new(const char *path, const char *const *options, int pairs,
                                          struct cadbc_error *error) {
  struct AdbcDriver *driver = load(path, error);
  if (!driver) return NULL;
  struct cadbc_database *self = calloc(1, sizeof *self);
  if (!self) {
    say(error, "out of memory");
    return NULL;
  }
  struct AdbcError problem = ADBC_ERROR_INIT;
  self->driver = driver;
  pthread_mutex_init(&self->using, NULL);
  AdbcStatusCode status = driver->DatabaseNew(&self->database, &problem);
  for (int i = 0; i < pairs && status == ADBC_STATUS_OK; i++)
    status = driver->DatabaseSetOption(&self->database, options[2 * i], options[2 * i + 1], &problem);
  if (status == ADBC_STATUS_OK) status = driver->DatabaseInit(&self->database, &problem);
  if (status == ADBC_STATUS_OK) return self;
  failed(status, &problem, error);
  cadbc_database_free(self);
  return NULL;
}

void cadbc_database_free(struct cadbc_database *self) {
  if (!self) return;
  struct AdbcError problem = ADBC_ERROR_INIT;
  if (self->database.private_data) self->driver->DatabaseRelease(&self->database, &problem);
  if (problem.release) problem.release(&problem);
  pthread_mutex_destroy(&self->using);
  free(self);
}

// Takes the database for a call; whether that was done within the time, -1 for as long as it takes.
static int take(struct cadbc_database *database, int milliseconds) {
  if (milliseconds < 0) return pthread_mutex_lock(&database->using) == 0;
  struct timespec end;
  clock_gettime(CLOCK_REALTIME, &end);
  long nanoseconds = end.tv_nsec + milliseconds % 1000 * 1000000L;
  end.tv_sec += milliseconds / 1000 + nanoseconds / 1000000000L;
  end.tv_nsec = nanoseconds % 1000000000L;
  return pthread_mutex_timedlock(&database->using, &end) == 0;
}

struct cadbc_connection *cadbc_connect(struct cadbc_database *database, int milliseconds,
                                       struct cadbc_error *error) {
  struct cadbc_connection *self = calloc(1, sizeof *self);
  if (!self) {
    say(error, "out of memory");
    return NULL;
  }
  if (!take(database, milliseconds)) {
    say(error, "another thread connects");
    error->status = CADBC_BUSY;
    free(self);
    return NULL;
  }
  struct AdbcError problem = ADBC_ERROR_INIT;
  self->driver = database->driver;
  self->database = database;
  AdbcStatusCode status = self->driver->ConnectionNew(&self->connection, &problem);
  if (status == ADBC_STATUS_OK)
    status = self->driver->ConnectionInit(&self->connection, &database->database, &problem);
  pthread_mutex_unlock(&database->using);
  if (status == ADBC_STATUS_OK) return self;
  failed(status, &problem, error);
  cadbc_disconnect(self);
  return NULL;
}

void cadbc_disconnect(struct cadbc_connection *self) {
  if (!self) return;
  struct AdbcError problem = ADBC_ERROR_INIT;
  if (self->connection.private_data) {
    take(self->database, -1);
    self->driver->ConnectionRelease(&self->connection, &problem);
    pthread_mutex_unlock(&self->database->using);
  }
  if (problem.release) problem.release(&problem);
  free(self);
}

// ---- transactions: the driver begins one when it may not commit by itself

static int autocommit(struct cadbc_connection *self, const char *value, struct cadbc_error *error) {
  struct AdbcError problem = ADBC_ERROR_INIT;
  AdbcStatusCode status = self->driver->ConnectionSetOption(
      &self->connection, ADBC_CONNECTION_OPTION_AUTOCOMMIT, value, &problem);
  return status == ADBC_STATUS_OK ? 0 : failed(status, &problem, error);
}

int cadbc_begin(struct cadbc_connection *self, struct cadbc_error *error) {
  return autocommit(self, ADBC_OPTION_VALUE_DISABLED, error);
}

static int finish(struct cadbc_connection *self, int commits, struct cadbc_error *error) {
  struct AdbcError problem = ADBC_ERROR_INIT;
  AdbcStatusCode status = commits ? self->driver->ConnectionCommit(&self->connection, &problem)
                                  : self->driver->ConnectionRollback(&self->connection, &problem);
  if (status != ADBC_STATUS_OK) return failed(status, &problem, error);
  return autocommit(self, ADBC_OPTION_VALUE_ENABLED, error);
}

int cadbc_commit(struct cadbc_connection *self, struct cadbc_error *error) {
  return finish(self, 1, error);
}
int cadbc_rollback(struct cadbc_connection *self, struct cadbc_error *error) {
  return finish(self, 0, error);
}

// ---- statements

struct cadbc_statement *cadbc_statement_new(struct cadbc_connection *connection, struct cadbc_error *error) {
  struct cadbc_statement *self = calloc(1, sizeof *self);
  if (!self) {
    say(error, "out of memory");
    return NULL;
  }
  struct AdbcError problem = ADBC_ERROR_INIT;
  self->driver = connection->driver;
  AdbcStatusCode status = self->driver->StatementNew(&connection->connection, &self->statement, &problem);
  if (status == ADBC_STATUS_OK) return self;
  failed(status, &problem, error);
  free(self);
  return NULL;
}

void cadbc_statement_free(struct cadbc_statement *self) {
  if (!self) return;
  struct AdbcError problem = ADBC_ERROR_INIT;
  self->driver->StatementRelease(&self->statement, &problem);
  if (problem.release) problem.release(&problem);
  free(self);
}

int cadbc_statement_option(struct cadbc_statement *self, const char *name, const char *value,
                           struct cadbc_error *error) {
  struct AdbcError problem = ADBC_ERROR_INIT;
  AdbcStatusCode status = self->driver->StatementSetOption(&self->statement, name, value, &problem);
  return status == ADBC_STATUS_OK ? 0 : failed(status, &problem, error);
}

int cadbc_statement_sql(struct cadbc_statement *self, const char *sql, struct cadbc_error *error) {
  struct AdbcError problem = ADBC_ERROR_INIT;
  AdbcStatusCode status = self->driver->StatementSetSqlQuery(&self->statement, sql, &problem);
  return status == ADBC_STATUS_OK ? 0 : failed(status, &problem, error);
}

int cadbc_statement_bind(struct cadbc_statement *self, struct ArrowArrayStream *stream,
                         struct cadbc_error *error) {
  struct AdbcError problem = ADBC_ERROR_INIT;
  AdbcStatusCode status = self->driver->StatementBindStream(&self->statement, stream, &problem);
  return status == ADBC_STATUS_OK ? 0 : failed(status, &problem, error);
}

int cadbc_statement_run(struct cadbc_statement *self, struct ArrowArrayStream *out, int64_t *affected,
                        struct cadbc_error *error) {
  struct AdbcError problem = ADBC_ERROR_INIT;
  *affected = -1;
  AdbcStatusCode status = self->driver->StatementExecuteQuery(&self->statement, out, affected, &problem);
  return status == ADBC_STATUS_OK ? 0 : failed(status, &problem, error);
}

void cadbc_statement_cancel(struct cadbc_statement *self) {
  if (!self->driver->StatementCancel) return;
  struct AdbcError problem = ADBC_ERROR_INIT;
  self->driver->StatementCancel(&self->statement, &problem);
  if (problem.release) problem.release(&problem);
}

// ---- streams

static int stream_failed(struct ArrowArrayStream *stream, int status, struct cadbc_error *error) {
  // The stream's own error has the database's code, where the driver gives it.
  clear(error);
  const char *text = stream->get_last_error ? stream->get_last_error(stream) : NULL;
  error->status = status;
  snprintf(error->message, sizeof error->message, "%s", text ? text : strerror(status));
  return status;
}

int cadbc_stream_next(struct ArrowArrayStream *stream, struct ArrowArray *out, struct cadbc_error *error) {
  memset(out, 0, sizeof *out);
  int status = stream->get_next(stream, out);
  return status == 0 ? 0 : stream_failed(stream, status, error);
}

int cadbc_stream_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out, struct cadbc_error *error) {
  memset(out, 0, sizeof *out);
  int status = stream->get_schema(stream, out);
  return status == 0 ? 0 : stream_failed(stream, status, error);
}

void cadbc_stream_release(struct ArrowArrayStream *stream) {
  if (stream->release) stream->release(stream);
}

void cadbc_array_release(struct ArrowArray *array) {
  if (array->release) array->release(array);
}

void cadbc_schema_release(struct ArrowSchema *schema) {
  if (schema->release) schema->release(schema);
}
