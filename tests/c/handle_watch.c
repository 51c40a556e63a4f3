/* Makes a leaked handle a leak of memory.
 *
 * The library keeps its objects in a table that is always reachable, so no leak
 * checker misses one whose handle was forgotten. The linker (--wrap) sends the
 * tests' calls through here: each handle gets a byte of memory that is known
 * under a disguised address only, and loses it when it is freed. What is left
 * at the end is reported by LeakSanitizer and valgrind, with the test that made
 * the handle in the trace.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#include <valgrind/valgrind.h>
#include <zroute.h>

#define MOST (1 << 14)

static struct {
    const void *handle;
    uintptr_t disguised;
} watched[MOST];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int forked;

/* A child does not free what is its parent's, and what only the stacks of its
 * parent's other threads lead to looks lost there: both checkers leave children
 * out. LeakSanitizer asks, valgrind is told. */
static void in_child(void)
{
    forked = 1;
    VALGRIND_CLO_CHANGE("--leak-check=no");
}

int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
    return forked;
}

__attribute__((constructor)) static void begin(void)
{
    pthread_atfork(NULL, NULL, in_child);
}

static size_t place_of(const void *handle)
{
    size_t place;
    for (place = 0; place < MOST; place++) {
        if (watched[place].handle == handle) {
            return place;
        }
    }
    return MOST;
}

static void made(const void *handle)
{
    size_t place;
    if (forked) {
        return;
    }
    pthread_mutex_lock(&mutex);
    if (place_of(handle) == MOST && (place = place_of(NULL)) < MOST) {
        watched[place].handle = handle;
        watched[place].disguised = ~(uintptr_t)malloc(1);
    }
    pthread_mutex_unlock(&mutex);
}

static void ended(const void *handle)
{
    size_t place;
    if (forked || handle == NULL) {
        return;
    }
    pthread_mutex_lock(&mutex);
    if ((place = place_of(handle)) < MOST) {
        free((void *)~watched[place].disguised);
        watched[place].handle = NULL;
    }
    pthread_mutex_unlock(&mutex);
}

/* A function whose success makes the handle `*output`, or ends `handle`. */
#define WRAP(name, parameters, arguments, then)      \
    zroute_status __real_##name parameters;          \
    zroute_status __wrap_##name parameters;          \
    zroute_status __wrap_##name parameters           \
    {                                                \
        zroute_status status = __real_##name arguments; \
        if (status == ZROUTE_OK) {                   \
            then;                                    \
        }                                            \
        return status;                               \
    }

WRAP(zroute_options_new, (zroute_options **options), (options), made(*options))
WRAP(zroute_options_free, (zroute_options *options), (options), ended(options))
WRAP(zroute_server_new, (const zroute_options *options, zroute_server **server),
     (options, server), made(*server))
WRAP(zroute_server_free, (zroute_server *server), (server), ended(server))
WRAP(zroute_client_new, (const zroute_options *options, zroute_client **client),
     (options, client), made(*client))
WRAP(zroute_client_free, (zroute_client *client), (client), ended(client))
WRAP(zroute_client_call,
     (zroute_client *client, const char *function, const void *parameters, size_t size,
      int timeout_ms, zroute_answer **answer),
     (client, function, parameters, size, timeout_ms, answer), made(*answer))
WRAP(zroute_client_collect, (zroute_client *client, int timeout_ms, zroute_answer **answer),
     (client, timeout_ms, answer), made(*answer))
WRAP(zroute_client_wait, (zroute_client *client, uint64_t id, zroute_answer **answer),
     (client, id, answer), made(*answer))
WRAP(zroute_client_stream_next,
     (zroute_client *client, uint64_t id, int timeout_ms, zroute_answer **answer),
     (client, id, timeout_ms, answer), made(*answer))
WRAP(zroute_answer_free, (zroute_answer *answer), (answer), ended(answer))
WRAP(zroute_call_keep, (zroute_call *call), (call), made(call))
WRAP(zroute_call_answer, (zroute_call *call, const void *value, size_t size), (call, value, size),
     ended(call))
WRAP(zroute_call_answer_with, (zroute_call *call, zroute_writer *writer), (call, writer),
     ended(call))
WRAP(zroute_call_fail,
     (zroute_call *call, int64_t code, const char *name, const char *message),
     (call, code, name, message), ended(call))
WRAP(zroute_call_end_stream, (zroute_call *call), (call), ended(call))
WRAP(zroute_call_free, (zroute_call *call), (call), ended(call))
WRAP(zroute_reader_new, (const void *data, size_t size, zroute_reader **reader),
     (data, size, reader), made(*reader))
WRAP(zroute_reader_free, (zroute_reader *reader), (reader), ended(reader))
WRAP(zroute_writer_new, (zroute_writer **writer), (writer), made(*writer))
WRAP(zroute_writer_free, (zroute_writer *writer), (writer), ended(writer))
