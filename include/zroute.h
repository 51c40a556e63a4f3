/* zroute 0.1.0: RPC for PHP and C over ZeroMQ and MessagePack.
 *
 * Made from src/capi by `make headers`; do not edit.
 *
 * The contract of every function here; docs/c.md has it at length.
 *
 *  1. Names are zroute_<object>_<verb>, arguments are the object, then inputs, then
 *     outputs. Bytes are a pointer and a size; texts are NUL-terminated UTF-8.
 *  2. A function that can fail returns a zroute_status, 0 for success. The text of this
 *     thread's latest failure is in zroute_last_error. Three things stay apart: the call
 *     failed here (a status), the function failed there (a fault), an answer.
 *  3. Outputs are written on success alone. What is returned to own has one function that
 *     frees it, named with it; every free accepts NULL.
 *  4. A handle that is stale, freed twice, foreign or of the wrong type is answered with
 *     ZROUTE_BAD_HANDLE, never with undefined behaviour.
 *  5. A defect inside is answered with ZROUTE_PANIC.
 *  6. A callback is a function, its userdata and a finalizer. It runs on the thread that
 *     runs the server, with no lock held.
 *  7. A handle belongs to one thread at a time; a second one inside gets ZROUTE_BUSY.
 *     Any thread may call zroute_server_stop, any signal handler too, and what takes a
 *     zroute_context: zroute_context_shutdown ends the waits of other threads.
 *  8. After fork, in the child, inherited handles answer ZROUTE_FORKED and are not freed;
 *     new ones work.
 *  9. A signal ends a wait with ZROUTE_INTERRUPTED; nothing is lost and nothing waits on.
 * 10. Loading the library makes nothing: no thread, no socket, no handler.
 */

#ifndef ZROUTE_H
#define ZROUTE_H

#include <stddef.h>
#include <stdint.h>
#define ZROUTE_VERSION "0.1.0"
#define ZROUTE_VERSION_NUMBER 100

/**
 * What became of a call of this library. The numbers never change, and one
 * that is retired is never used again. Values over 0 are failures, or, from
 * 1 to 9, things that did not happen and may be asked for again.
 */
typedef enum zroute_status {
  /**
   * It is done, and the outputs are written.
   */
  ZROUTE_OK = 0,
  /**
   * The time was over before anything came.
   */
  ZROUTE_TIMEOUT = 1,
  /**
   * A signal ended the wait; nothing is lost, call again.
   */
  ZROUTE_INTERRUPTED = 2,
  /**
   * The server was asked to stop.
   */
  ZROUTE_STOPPED = 3,
  /**
   * There is nothing more to read or to collect.
   */
  ZROUTE_END = 4,
  /**
   * The caller of a stream takes no more items now.
   */
  ZROUTE_WOULD_BLOCK = 5,
  /**
   * A NULL, a text that is not UTF-8, or a number out of range.
   */
  ZROUTE_BAD_ARGUMENT = 10,
  /**
   * The handle names nothing: it is NULL, was freed, is of another type or
   * never was a handle.
   */
  ZROUTE_BAD_HANDLE = 11,
  /**
   * Another thread is inside this handle.
   */
  ZROUTE_BUSY = 12,
  /**
   * The handle was made by the process that this one was forked from.
   */
  ZROUTE_FORKED = 13,
  /**
   * A defect in this library; the handle may be spoilt, the process is not.
   */
  ZROUTE_PANIC = 14,
  /**
   * More handles than this library can hold.
   */
  ZROUTE_TOO_MANY_HANDLES = 15,
  /**
   * Not here: the type of socket cannot do this, or libzmq has not this transport,
   * or the process does not run a PHP whose values are known.
   */
  ZROUTE_UNSUPPORTED = 16,
  /**
   * The endpoint's text cannot be used.
   */
  ZROUTE_BAD_ENDPOINT = 20,
  /**
   * The endpoint could not be bound or connected.
   */
  ZROUTE_UNREACHABLE = 21,
  /**
   * No option has this name here, or it does not take this value.
   */
  ZROUTE_BAD_OPTION = 22,
  /**
   * The libzmq on this machine is too old.
   */
  ZROUTE_OUTDATED_LIBZMQ = 23,
  /**
   * The operating system refused something.
   */
  ZROUTE_SYSTEM = 24,
  /**
   * This cannot be done now: a REQ socket that waits for its answer does not
   * send, a call that is answered with a stream takes no other answer, and a
   * server that has bound nothing does not wait for calls for ever.
   */
  ZROUTE_BAD_STATE = 25,
  /**
   * The call was sent, and its connection was lost before an answer came: the
   * function may have run.
   */
  ZROUTE_OUTCOME_UNKNOWN = 26,
  /**
   * The bytes are not one MessagePack value within the limits.
   */
  ZROUTE_INVALID_VALUE = 30,
  /**
   * The value is of another type than was asked for.
   */
  ZROUTE_WRONG_TYPE = 31,
  /**
   * The message is over the limit.
   */
  ZROUTE_TOO_LARGE = 32,
  /**
   * No open call has this token or id; each is answered, and collected, once.
   */
  ZROUTE_UNKNOWN_CALL = 33,
  /**
   * A map with the one key `__error__` is reserved for faults.
   */
  ZROUTE_RESERVED_VALUE = 34,
  /**
   * A PHP value has to be looked at in PHP: it holds an object, a
   * reference, or a 0 that may stand for a resource.
   */
  ZROUTE_NOT_PLAIN = 35,
  /**
   * The call failed at the server: the fault tells how.
   */
  ZROUTE_FAULT = 40,
  /**
   * No server was connected in time; the function did not run.
   */
  ZROUTE_NOT_CONNECTED = 41,
  /**
   * What came from the server is no answer.
   */
  ZROUTE_INVALID_ANSWER = 42,
} zroute_status;

/**
 * Whether a server gets calls.
 */
typedef enum zroute_server_state {
  /**
   * There is no connection; one is being made, now and again.
   */
  ZROUTE_AWAY = 0,
  /**
   * It gets calls.
   */
  ZROUTE_UP = 1,
  /**
   * It has said that it goes away, or has left the list of its service: it
   * gets no more calls on this connection.
   */
  ZROUTE_LEAVING = 2,
  /**
   * It has failed again and again, and is left alone for a while.
   */
  ZROUTE_LEFT_OUT = 3,
  /**
   * It was, and one call is to show whether it answers again.
   */
  ZROUTE_ON_PROBATION = 4,
} zroute_server_state;

/**
 * The types of MessagePack values.
 */
typedef enum zroute_type {
  /**
   * No value.
   */
  ZROUTE_TYPE_NIL = 0,
  /**
   * `boolean` is 0 or 1.
   */
  ZROUTE_TYPE_BOOLEAN = 1,
  /**
   * A number that fits 64 bits with sign: `integer`.
   */
  ZROUTE_TYPE_INTEGER = 2,
  /**
   * A number above INT64_MAX: `unsigned_integer`.
   */
  ZROUTE_TYPE_UNSIGNED = 3,
  /**
   * A floating point number of either width: `number`.
   */
  ZROUTE_TYPE_FLOAT = 4,
  /**
   * A str: `data` and `size`. Not NUL-terminated, and not checked to be
   * UTF-8.
   */
  ZROUTE_TYPE_TEXT = 5,
  /**
   * A bin: `data` and `size`.
   */
  ZROUTE_TYPE_BINARY = 6,
  /**
   * `size` values follow.
   */
  ZROUTE_TYPE_ARRAY = 7,
  /**
   * `size` pairs of key and value follow.
   */
  ZROUTE_TYPE_MAP = 8,
  /**
   * An application's type: `extension`, `data` and `size`.
   */
  ZROUTE_TYPE_EXTENSION = 9,
} zroute_type;

/**
 * Declares something of a call; add them up.
 */
typedef enum zroute_call_flag {
  /**
   * Running it twice does no harm: it is tried again when its connection is
   * lost or its server has too much to do, as the options `retries`,
   * `retry_base_ms`, `retry_max_ms` and `retry_budget_percent` allow.
   */
  ZROUTE_IDEMPOTENT = 1,
  /**
   * Nobody waits for its end, and nothing is kept of it.
   */
  ZROUTE_ONE_WAY = 2,
  /**
   * It gives many values, which zroute_client_stream_next takes one by one; its
   * timeout is the longest wait for each. Tried again only as long as none has
   * come. With the option `dialect` at `zerorpc` alone.
   */
  ZROUTE_STREAM = 4,
} zroute_call_flag;

/**
 * How a frame is sent, or with ZROUTE_DONTWAIT alone received; libzmq's numbers,
 * to be added up. Others are refused with ZROUTE_BAD_ARGUMENT.
 */
typedef enum zroute_flag {
  /**
   * Returns ZROUTE_TIMEOUT instead of waiting.
   */
  ZROUTE_DONTWAIT = 1,
  /**
   * Other frames of the same message follow.
   */
  ZROUTE_MORE = 2,
} zroute_flag;

/**
 * What a poll looks for; libzmq's numbers, to be added up.
 */
typedef enum zroute_poll_event {
  /**
   * A message, or bytes at a descriptor, can be received without waiting.
   */
  ZROUTE_POLL_IN = 1,
  /**
   * A message, or bytes, can be sent without waiting.
   */
  ZROUTE_POLL_OUT = 2,
  /**
   * A descriptor is in error.
   */
  ZROUTE_POLL_ERROR = 4,
  /**
   * A descriptor has urgent bytes.
   */
  ZROUTE_POLL_PRIORITY = 8,
} zroute_poll_event;

/**
 * How one call ended. Free it with zroute_answer_free.
 */
typedef struct zroute_answer zroute_answer;

/**
 * One call of a function. It is good until its callback returns, or, once it
 * is kept, until it is answered, failed or freed.
 */
typedef struct zroute_call zroute_call;

/**
 * A client.
 */
typedef struct zroute_client zroute_client;

/**
 * What plain sockets of one process share: sockets of one context can talk
 * over inproc.
 */
typedef struct zroute_context zroute_context;

/**
 * Options for a server or a client, set by name before it is made.
 */
typedef struct zroute_options zroute_options;

/**
 * A position in one MessagePack value.
 */
typedef struct zroute_reader zroute_reader;

/**
 * A server.
 */
typedef struct zroute_server zroute_server;

/**
 * A plain socket of any of libzmq's types.
 */
typedef struct zroute_socket zroute_socket;

/**
 * Builds one MessagePack value.
 */
typedef struct zroute_writer zroute_writer;

/**
 * What a client counted since it was made.
 */
typedef struct zroute_client_counters {
  /**
   * Calls begun.
   */
  uint64_t calls;
  /**
   * Calls that ended with an answer.
   */
  uint64_t answers;
  /**
   * Calls that failed at the server.
   */
  uint64_t faults;
  /**
   * Calls that were sent and had no answer in time.
   */
  uint64_t timeouts;
  /**
   * Calls that were sent and whose connection was lost before an answer.
   */
  uint64_t unknown;
  /**
   * Calls that found no server in time.
   */
  uint64_t not_connected;
  /**
   * Calls that got something that is no answer, or were too large to send.
   */
  uint64_t invalid;
  /**
   * Tries of calls beyond their first.
   */
  uint64_t retries;
  /**
   * Messages that belong to no call in flight: late, doubled or foreign.
   */
  uint64_t unmatched;
  /**
   * Calls that have not ended now.
   */
  uint64_t in_flight;
  /**
   * Bytes of the bodies sent.
   */
  uint64_t bytes_sent;
  /**
   * Bytes of the bodies received.
   */
  uint64_t bytes_received;
} zroute_client_counters;

/**
 * How one server is doing, as its client sees it. The texts are borrowed: they
 * are good until the next call with this client.
 */
typedef struct zroute_server_health {
  /**
   * Where it is.
   */
  const char *endpoint;
  /**
   * Whether it gets calls.
   */
  enum zroute_server_state state;
  /**
   * Calls that it has now.
   */
  uint64_t in_flight;
  /**
   * Failures since its last answer: calls with no answer in time, and
   * connections that were lost with calls on them.
   */
  uint64_t failures;
  /**
   * Why it gets no calls, as far as is known; empty when it does.
   */
  const char *trouble;
} zroute_server_health;

/**
 * A result for PHP, borrowed as the function says.
 */
typedef struct zroute_php_text {
  /**
   * The result.
   */
  const void *data;
  /**
   * Its size in bytes, names that follow it not counted.
   */
  size_t size;
  /**
   * How many bytes of names follow it, with a NUL between two.
   */
  size_t names_size;
  /**
   * What there is to be said about it, as bits.
   */
  uint32_t remarks;
} zroute_php_text;

/**
 * One value, or the header of an array or map. Which fields count is said by
 * `type`; the others are 0.
 */
typedef struct zroute_item {
  /**
   * What it is.
   */
  enum zroute_type type;
  /**
   * 0 or 1.
   */
  int boolean;
  /**
   * The number of the extension's type.
   */
  int extension;
  /**
   * A number with sign.
   */
  int64_t integer;
  /**
   * A number without sign; set for every integer that is not negative.
   */
  uint64_t unsigned_integer;
  /**
   * A floating point number.
   */
  double number;
  /**
   * The bytes, in the memory that the reader reads.
   */
  const void *data;
  /**
   * How many bytes, values or pairs.
   */
  size_t size;
} zroute_item;

/**
 * Runs one call: reads its parameters and answers it, or keeps it for later.
 * A return without either fails the call with -32603. It runs on the thread
 * that runs the server, with no lock held: it may call any function of this
 * library, and it may leave by longjmp.
 */
typedef void (*zroute_callback)(struct zroute_call *call, void *userdata);

/**
 * Ends a userdata: runs once, when its callback is replaced or its server is
 * freed.
 */
typedef void (*zroute_finalizer)(void *userdata);

/**
 * What a server counted since it was made.
 */
typedef struct zroute_server_counters {
  /**
   * Messages that came, of any kind.
   */
  uint64_t requests;
  /**
   * Those that went to a handler.
   */
  uint64_t calls;
  /**
   * Calls that were answered with a value.
   */
  uint64_t answers;
  /**
   * Messages that were answered with a fault before any handler.
   */
  uint64_t refused;
  /**
   * Answers and faults whose peer had left, or would not read.
   */
  uint64_t undeliverable;
  /**
   * Calls that wait for their answer now.
   */
  uint64_t open;
  /**
   * Bytes of the bodies received.
   */
  uint64_t bytes_received;
  /**
   * Bytes of the bodies sent.
   */
  uint64_t bytes_sent;
  /**
   * Faults sent: -32700, no MessagePack value.
   */
  uint64_t faults_parse;
  /**
   * Faults sent: -32600, no request.
   */
  uint64_t faults_request;
  /**
   * Faults sent: -32601, no such function.
   */
  uint64_t faults_unknown_function;
  /**
   * Faults sent: -32602, parameters that do not fit.
   */
  uint64_t faults_parameters;
  /**
   * Faults sent: -32603, the handler failed.
   */
  uint64_t faults_handler;
  /**
   * Faults sent: -32001, the deadline had passed.
   */
  uint64_t faults_deadline;
  /**
   * Faults sent: -32002, too many calls.
   */
  uint64_t faults_overloaded;
  /**
   * Faults sent: -32003, not allowed.
   */
  uint64_t faults_forbidden;
  /**
   * Faults sent: -32004, over the limit.
   */
  uint64_t faults_too_large;
  /**
   * Faults sent: -32005, shutting down.
   */
  uint64_t faults_shutting_down;
  /**
   * Faults sent: -32006, cancelled.
   */
  uint64_t faults_cancelled;
  /**
   * Faults sent: 1 and above, the application's.
   */
  uint64_t faults_application;
  /**
   * What nobody was to be told of: refused notifications, calls without an id,
   * events of channels that are not open.
   */
  uint64_t dropped;
  /**
   * Callers of zerorpc that were given up because they fell silent or their connection
   * was lost, each once for every call that it had open.
   */
  uint64_t callers_lost;
  /**
   * Callers of zerorpc that were let go because they took nothing of a stream.
   */
  uint64_t callers_stalled;
} zroute_server_counters;

/**
 * An event of a socket that is watched.
 */
typedef struct zroute_socket_event {
  /**
   * Which, by libzmq's number: ZMQ_EVENT_CONNECTED is 1, and so on.
   */
  int event;
  /**
   * A descriptor, an errno or milliseconds, as zmq_socket_monitor(3) says.
   */
  int64_t value;
  /**
   * Where it happened.
   */
  const char *endpoint;
} zroute_socket_event;

/**
 * Bytes of one frame.
 */
typedef struct zroute_frame {
  /**
   * The bytes; NULL is fine for none.
   */
  const void *data;
  /**
   * How many.
   */
  size_t size;
} zroute_frame;

/**
 * Called with the bytes that were handed over and with userdata, by any
 * thread, once they are not needed any more.
 */
typedef void (*zroute_release)(void *data, void *userdata);

/**
 * One item of a poll.
 */
typedef struct zroute_poll_item {
  /**
   * A socket; NULL for a file descriptor.
   */
  struct zroute_socket *socket;
  /**
   * A file descriptor, when `socket` is NULL.
   */
  int descriptor;
  /**
   * What to look for, ZROUTE_POLL_IN and so on.
   */
  short events;
  /**
   * What was found; written by the poll.
   */
  short ready;
} zroute_poll_item;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Tells which call this is the end of: the id from zroute_client_submit.
 *
 * One thread at a time.
 */
enum zroute_status zroute_answer_id(const struct zroute_answer *answer, uint64_t *id);

/**
 * Borrows the value: one checked MessagePack value, good as long as the
 * answer. Any other end is told by the status: ZROUTE_FAULT when the call
 * failed at the server (zroute_answer_fault has the details), and
 * ZROUTE_TIMEOUT, ZROUTE_OUTCOME_UNKNOWN, ZROUTE_NOT_CONNECTED,
 * ZROUTE_INVALID_ANSWER or ZROUTE_TOO_LARGE when it failed here.
 *
 * One thread at a time.
 */
enum zroute_status zroute_answer_value(const struct zroute_answer *answer,
                                       const void **data,
                                       size_t *size);

/**
 * Points a reader at the value, as zroute_reader_reset does, without checking
 * it again. The value is good as long as the answer. Any other end is told as
 * by zroute_answer_value.
 *
 * One thread at a time.
 */
enum zroute_status zroute_answer_read(const struct zroute_answer *answer,
                                      struct zroute_reader *reader);

/**
 * Borrows what the server says went wrong: its code (docs/wire.md lists
 * them), a word for programs and a sentence for people, good as long as the
 * answer. ZROUTE_END when the call did not fail at the server.
 *
 * One thread at a time.
 */
enum zroute_status zroute_answer_fault(const struct zroute_answer *answer,
                                       int64_t *code,
                                       const char **name,
                                       const char **message);

/**
 * Frees an answer and what was borrowed from it. NULL is fine.
 *
 * One thread at a time.
 */
enum zroute_status zroute_answer_free(struct zroute_answer *answer);

/**
 * Maps the page of memory that a supervisor has made for this worker, and
 * gives its words, which stay until the process ends. Before a handler runs,
 * the worker writes the call's token to `words[1]`; if `words[2]` is then not
 * greater, the handler must not run and the call fails with -32006. `words[3]`
 * is this process's id once it can be called; after each batch `words[4]` is
 * its memory in bytes, `words[5]` how many nanoseconds its handlers have run.
 *
 * Any thread may call this. ZROUTE_BAD_ARGUMENT, ZROUTE_SYSTEM.
 */
enum zroute_status zroute_board_map(const char *path, int64_t **words);

/**
 * Borrows the function's name as the caller wrote it. The text is good as
 * long as the call; for a raw body it is empty.
 *
 * The thread that has the call.
 */
enum zroute_status zroute_call_function(const struct zroute_call *call,
                                        const char **name);

/**
 * Borrows the parameters: one checked MessagePack value, or the whole body,
 * unchecked, in a raw handler. The bytes are good as long as the call.
 *
 * The thread that has the call.
 */
enum zroute_status zroute_call_parameters(const struct zroute_call *call,
                                          const void **data,
                                          size_t *size);

/**
 * Borrows what travels beside the parameters: one checked MessagePack map;
 * `size` is 0 if the caller sent none. The bytes are good as long as the call.
 *
 * The thread that has the call.
 */
enum zroute_status zroute_call_meta(const struct zroute_call *call,
                                    const void **data,
                                    size_t *size);

/**
 * Borrows who called: an address such as `192.0.2.7:50000`, `ipc`, or an
 * empty text where that is not known: with the transport `libzmq`, and
 * unless zroute_server_want_context asked for it. The text is good as long as
 * the call.
 *
 * The thread that has the call.
 */
enum zroute_status zroute_call_peer(const struct zroute_call *call, const char **peer);

/**
 * Borrows the dialect that the caller spoke, such as `plain`; an empty text
 * for a raw body, and unless zroute_server_want_context asked for it. The
 * text is good as long as the call.
 *
 * The thread that has the call.
 */
enum zroute_status zroute_call_dialect(const struct zroute_call *call,
                                       const char **dialect);

/**
 * Points a reader at the parameters, as zroute_reader_reset does, without
 * checking them again. They are good as long as the call. ZROUTE_INVALID_VALUE
 * for a raw body, which may be anything.
 *
 * The thread that has the call.
 */
enum zroute_status zroute_call_read(const struct zroute_call *call,
                                    struct zroute_reader *reader);

/**
 * Tells how many milliseconds the caller still waits: 0 when it has given up,
 * -1 when it did not say.
 *
 * The thread that has the call.
 */
enum zroute_status zroute_call_time_left(const struct zroute_call *call,
                                         int64_t *milliseconds);

/**
 * Answers the call with one MessagePack value, which is copied; a raw one
 * with any bytes. In a callback the answer goes out when it returns; a kept
 * call is answered at once, and its handle is gone.
 *
 * After ZROUTE_INVALID_VALUE, ZROUTE_TOO_LARGE and ZROUTE_RESERVED_VALUE the
 * call is still open. ZROUTE_UNKNOWN_CALL when it was answered already.
 *
 * The thread that has the call; a kept one may be answered in any.
 */
enum zroute_status zroute_call_answer(struct zroute_call *call,
                                      const void *value,
                                      size_t size);

/**
 * Answers the call with what a writer holds, and clears the writer for the
 * next. Else as zroute_call_answer; ZROUTE_INVALID_VALUE also when the value
 * is not finished, and the writer keeps it then.
 */
enum zroute_status zroute_call_answer_with(struct zroute_call *call,
                                           struct zroute_writer *writer);

/**
 * Answers the call with one more item of a stream: one MessagePack value, which is
 * copied. A zerorpc caller gets each item by itself, as it says that it takes more; any
 * other gets the list of them when the stream ends. It ends with
 * zroute_call_end_stream or zroute_call_fail.
 *
 * In a callback items wait for its return; all together are no larger than `max_message`.
 * A kept call's go out at once. Some may wait for the caller to take them; then this
 * waits too, no longer than `timeout_ms` (-1: for ever), which is for threads that do
 * not run the server: the one that does takes 0. While it waits, other threads may end
 * the call.
 *
 * ZROUTE_WOULD_BLOCK when there was no room in time; the item is not sent.
 * ZROUTE_UNKNOWN_CALL when the caller has gone, was let go because it took nothing for
 * `stream_stall_ms`, or the stream has ended: end the call, it has a handle still unless
 * another thread has ended it. ZROUTE_INVALID_VALUE, ZROUTE_TOO_LARGE; ZROUTE_BAD_STATE for a raw
 * body.
 *
 * The thread that has the call; a kept one may stream from any, and from several.
 */
enum zroute_status zroute_call_stream(struct zroute_call *call,
                                      const void *item,
                                      size_t size,
                                      int timeout_ms);

/**
 * Ends the call's stream; one without an item is an empty one. When it goes out and what
 * becomes of the handle: as zroute_call_answer.
 *
 * The thread that has the call; a kept one may be ended in any. ZROUTE_UNKNOWN_CALL when
 * it was answered already; ZROUTE_BAD_STATE for a raw body.
 */
enum zroute_status zroute_call_end_stream(struct zroute_call *call);

/**
 * Tells the caller that the call failed. `code` is one of the protocol's
 * (-32602 for parameters that do not fit, …: docs/wire.md) or, from 1 on, the
 * application's own; not -32005, by which a server says that a call was not begun,
 * so that its caller may send it elsewhere. `name` is a word for programs; NULL takes the code's.
 * `message` is for people. Both are copied.
 *
 * When it goes out and what becomes of the handle: as zroute_call_answer.
 */
enum zroute_status zroute_call_fail(struct zroute_call *call,
                                    int64_t code,
                                    const char *name,
                                    const char *message);

/**
 * Keeps the call beyond its callback, to be answered later from any thread.
 * From now on it must end with zroute_call_answer, zroute_call_fail or
 * zroute_call_free; the end of its server ends it too, with -32603.
 *
 * The thread that runs the callback.
 */
enum zroute_status zroute_call_keep(struct zroute_call *call);

/**
 * Gives up a kept call: its caller is told that the handler gave no answer.
 * NULL is fine. A call that is not kept needs no freeing, and is left as it
 * is.
 *
 * Any thread.
 */
enum zroute_status zroute_call_free(struct zroute_call *call);

/**
 * Makes a client. `options` may be NULL for the defaults; it is not needed
 * afterwards. Free the client with zroute_client_free.
 *
 * Any thread may call this. ZROUTE_BAD_OPTION.
 */
enum zroute_status zroute_client_new(const struct zroute_options *options,
                                     struct zroute_client **client);

/**
 * Adds a server. With several, each call goes to one that is connected, as
 * the option `balance` says. The connection is made in the background, and again whenever it
 * is lost, so a server may come later than its client.
 *
 * `consul://127.0.0.1:8500/NAME?tag=…&version=…` adds the servers of a service that
 * Consul knows, and follows its list: those that join it get calls, those that
 * leave it get no more, and their connections are closed when the calls that they
 * have are over. It does not wait for Consul; calls do, within their time. A
 * thread of the process asks Consul, one for all clients of the same service.
 *
 * One thread at a time. ZROUTE_BAD_ENDPOINT, ZROUTE_UNREACHABLE (also a file that
 * a consul:// endpoint names),
 * ZROUTE_BAD_OPTION (keys, transport), ZROUTE_OUTDATED_LIBZMQ, ZROUTE_SYSTEM.
 */
enum zroute_status zroute_client_connect(struct zroute_client *client,
                                         const char *endpoint);

/**
 * Calls `function` and waits for its end, no longer than `timeout_ms` (-1:
 * the option `timeout_ms`). `parameters` is one MessagePack value.
 *
 * ZROUTE_OK when the server answered: `answer` holds the value or the fault
 * and is freed with zroute_answer_free. Else there is no answer, and the
 * status tells why: ZROUTE_TIMEOUT (sent, the function may have run),
 * ZROUTE_OUTCOME_UNKNOWN (sent, and the connection was lost: it may have run),
 * ZROUTE_NOT_CONNECTED (not run), ZROUTE_INVALID_ANSWER, ZROUTE_TOO_LARGE,
 * ZROUTE_INVALID_VALUE (the parameters). ZROUTE_INTERRUPTED after a signal
 * gives the call up; use zroute_client_submit to go on waiting instead.
 *
 * One thread at a time.
 */
enum zroute_status zroute_client_call(struct zroute_client *client,
                                      const char *function,
                                      const void *parameters,
                                      size_t size,
                                      int timeout_ms,
                                      struct zroute_answer **answer);

/**
 * As zroute_client_call, with something declared of the call: `flags` is 0 or
 * ZROUTE_IDEMPOTENT.
 *
 * One thread at a time. ZROUTE_BAD_ARGUMENT for other flags.
 */
enum zroute_status zroute_client_call_with(struct zroute_client *client,
                                           const char *function,
                                           const void *parameters,
                                           size_t size,
                                           int timeout_ms,
                                           int flags,
                                           struct zroute_answer **answer);

/**
 * Begins a call and returns at once; `id` names it. Any number may be in
 * flight; with 16 or more, the next ones may wait up to 20 ms to go out
 * together, unless something is collected. Collect each with zroute_client_collect or zroute_client_wait: it
 * ends by its own deadline, whatever happens.
 *
 * One thread at a time. ZROUTE_INVALID_VALUE for the parameters.
 */
enum zroute_status zroute_client_submit(struct zroute_client *client,
                                        const char *function,
                                        const void *parameters,
                                        size_t size,
                                        int timeout_ms,
                                        uint64_t *id);

/**
 * As zroute_client_submit, with something declared of the call: `flags` is a sum
 * of zroute_call_flag. A call that is ZROUTE_ONE_WAY is not collected; its id is
 * good for zroute_client_cancel alone. One that is ZROUTE_STREAM is read with
 * zroute_client_stream_next.
 *
 * One thread at a time. ZROUTE_BAD_ARGUMENT for other flags.
 */
enum zroute_status zroute_client_submit_with(struct zroute_client *client,
                                             const char *function,
                                             const void *parameters,
                                             size_t size,
                                             int timeout_ms,
                                             int flags,
                                             uint64_t *id);

/**
 * Sets what travels beside the parameters of every call that begins from now
 * on, such as a key or who asks: one MessagePack map, which is copied; `size` 0
 * for none. A handler of this library reads it with zroute_call_meta.
 *
 * One thread at a time. ZROUTE_INVALID_VALUE when it is no map.
 */
enum zroute_status zroute_client_set_meta(struct zroute_client *client,
                                          const void *meta,
                                          size_t size);

/**
 * Calls a function and waits for nothing: what becomes of the call is not told,
 * only counted. It is sent when a server takes it, within the option
 * `timeout_ms`; it runs once, or not at all.
 *
 * One thread at a time. ZROUTE_INVALID_VALUE for the parameters.
 */
enum zroute_status zroute_client_notify(struct zroute_client *client,
                                        const char *function,
                                        const void *parameters,
                                        size_t size);

/**
 * Waits until any call has ended, no longer than `timeout_ms` (-1: until one
 * has). `answer` tells which and how, and is freed with zroute_answer_free.
 *
 * One thread at a time. ZROUTE_TIMEOUT when none ended in time, ZROUTE_END
 * when none is in flight, ZROUTE_INTERRUPTED after a signal.
 */
enum zroute_status zroute_client_collect(struct zroute_client *client,
                                         int timeout_ms,
                                         struct zroute_answer **answer);

/**
 * Waits until the call `id` has ended, by its own deadline at the latest.
 * `answer` tells how, and is freed with zroute_answer_free.
 *
 * One thread at a time. ZROUTE_UNKNOWN_CALL, ZROUTE_INTERRUPTED after a
 * signal: the call goes on, wait again.
 */
enum zroute_status zroute_client_wait(struct zroute_client *client,
                                      uint64_t id,
                                      struct zroute_answer **answer);

/**
 * Waits for the next item of a stream, no longer than `timeout_ms` (-1: as long
 * as its own timeout allows, which counts from the first wait for that item).
 * The stream was begun by zroute_client_submit_with and ZROUTE_STREAM; a function
 * that gives one value and no stream has that as its only item.
 *
 * ZROUTE_OK: `answer` is an item; or it tells, as that of zroute_client_wait
 * does, how the stream broke off, and was the last. Free it with
 * zroute_answer_free. ZROUTE_END after the last item; ZROUTE_TIMEOUT when none
 * came in `timeout_ms`: the stream goes on. Who wants no more items ends it with
 * zroute_client_cancel.
 *
 * One thread at a time. ZROUTE_UNKNOWN_CALL when the stream has ended before,
 * ZROUTE_INTERRUPTED after a signal: the stream goes on, ask again.
 */
enum zroute_status zroute_client_stream_next(struct zroute_client *client,
                                             uint64_t id,
                                             int timeout_ms,
                                             struct zroute_answer **answer);

/**
 * Gives a call up, or a stream; its answer, if it comes, is dropped and counted.
 * The server of a stream sees it as one whose client has gone.
 *
 * One thread at a time. ZROUTE_UNKNOWN_CALL.
 */
enum zroute_status zroute_client_cancel(struct zroute_client *client, uint64_t id);

/**
 * Gives up every call but those that nobody waits for, and forgets what had
 * ended and was not collected.
 *
 * One thread at a time.
 */
enum zroute_status zroute_client_cancel_all(struct zroute_client *client);

/**
 * Tells what the client counted.
 *
 * One thread at a time.
 */
enum zroute_status zroute_client_count(const struct zroute_client *client,
                                       struct zroute_client_counters *counters);

/**
 * Begins a batch of calls and collects what has ended, in one call: the form
 * for hosts with a value format of their own.
 *
 * `calls` is one flat list in the client's `values` format (MessagePack, or
 * PHP's serialize format), five values a call: the host's own number for it,
 * the function, the parameters, its timeout in milliseconds (-1: the
 * option `timeout_ms`), and a sum of zroute_call_flag; nothing when `calls_size` is 0. With `plain` other
 * than 0 a 0 in PHP's format is taken for a number (see ZROUTE_NOT_PLAIN).
 *
 * `results` comes back in the same format, three values a call that ended:
 * its number, a zroute_status, and the value with ZROUTE_OK, the list of
 * code, name and message with ZROUTE_FAULT, the error text with any other. It
 * is borrowed: it is good until the next call with this client.
 *
 * Of a call that is ZROUTE_STREAM each item is a result with ZROUTE_OK, and its
 * end one with ZROUTE_END or any other status. They come only when it is the one
 * that `wait_for` names.
 *
 * `wait_for` is the number of a call to wait for; -1 for any, -2 for none.
 * `timeout_ms` bounds the wait (-1: the calls' own deadlines do). When the
 * time is over first, `results_size` is 0.
 *
 * One thread at a time. ZROUTE_INTERRUPTED after a signal: the calls were
 * begun and go on; ask again without them.
 */
enum zroute_status zroute_client_exchange(struct zroute_client *client,
                                          const void *calls,
                                          size_t calls_size,
                                          int plain,
                                          int64_t wait_for,
                                          int timeout_ms,
                                          const void **results,
                                          size_t *results_size);

/**
 * As zroute_client_cancel, of a call that zroute_client_exchange has begun under
 * this number of the host's.
 *
 * One thread at a time. ZROUTE_UNKNOWN_CALL.
 */
enum zroute_status zroute_client_exchange_cancel(struct zroute_client *client,
                                                 int64_t number);

/**
 * Frees a client: calls that no server has taken yet and what is on its way
 * are sent (no longer than `linger_ms`), and no answer is waited for. NULL is
 * fine. In a forked child it returns ZROUTE_FORKED and leaves the parent's
 * client alone.
 *
 * One thread at a time.
 */
enum zroute_status zroute_client_free(struct zroute_client *client);

/**
 * Makes a context. Its threads start with its first socket. Free it with
 * zroute_context_free.
 *
 * Any thread. Several threads may make sockets in one context.
 */
enum zroute_status zroute_context_new(struct zroute_context **context);

/**
 * Sets an option of a context by libzmq's name, such as ZMQ_IO_THREADS, before
 * its first socket. `wait_ms` is ours: for how many milliseconds in all
 * zroute_context_free waits for what the linger of its sockets still holds; -1,
 * the default, is without a bound.
 *
 * ZROUTE_BAD_OPTION when no option has this name, or it does not take the value.
 */
enum zroute_status zroute_context_set(struct zroute_context *context,
                                      const char *name,
                                      int64_t value);

/**
 * An option of a context by libzmq's name, or `wait_ms`.
 *
 * ZROUTE_BAD_OPTION when there is no such option, or it cannot be read.
 */
enum zroute_status zroute_context_get(const struct zroute_context *context,
                                      const char *name,
                                      int64_t *value);

/**
 * Ends every call that waits in one of its sockets, and every later one, with
 * ZROUTE_STOPPED. Any thread, while others are inside the sockets.
 */
enum zroute_status zroute_context_shutdown(const struct zroute_context *context);

/**
 * Frees a context. With sockets open, it returns at once and the last socket to
 * be freed ends the context; else it ends here: waits for what its closed
 * sockets still have to send, as long as their linger says, and `wait_ms` at
 * most. NULL is fine.
 *
 * ZROUTE_TIMEOUT when `wait_ms` was over: the handle is freed, and what is left
 * goes out while the process lives. ZROUTE_INTERRUPTED when a signal came: the
 * handle is good, call again to wait on.
 */
enum zroute_status zroute_context_free(struct zroute_context *context);

/**
 * Makes a CURVE key pair: 40 characters of Z85 and a NUL each. The secret key
 * goes into a server's option `curve_secret_key` and nowhere else, the public
 * one into its clients' `curve_server_key`.
 *
 * Any thread may call this.
 */
enum zroute_status zroute_curve_keypair(char *public_key, char *secret_key);

/**
 * The public key that belongs to a secret one: 40 characters of Z85 and a NUL.
 *
 * ZROUTE_BAD_ARGUMENT when the secret key is not 40 characters of Z85;
 * ZROUTE_UNSUPPORTED when libzmq was built without CURVE. Any thread.
 */
enum zroute_status zroute_curve_public_key(const char *secret_key, char *public_key);

/**
 * Reads the file of a server's option `curve_allowed_keys_file` again. Clients that
 * are connected stay so: a key is looked at when a connection is made. Without that
 * option it does nothing.
 *
 * ZROUTE_BAD_OPTION when the file cannot be read, or is no list of keys: the list
 * is then as it was. One thread at a time.
 */
enum zroute_status zroute_server_reload_keys(struct zroute_server *server);

/**
 * Writes bytes as Z85, five characters for every four bytes and a NUL, by
 * rfc.zeromq.org/spec/32.
 *
 * ZROUTE_BAD_ARGUMENT when `size` is not divisible by 4 or `room` is less than
 * is written. Any thread.
 */
enum zroute_status zroute_z85_encode(const void *data,
                                     size_t size,
                                     char *text,
                                     size_t room);

/**
 * Reads Z85: four bytes for every five characters.
 *
 * ZROUTE_BAD_ARGUMENT when the text is not Z85 or `room` is less than is
 * written. Any thread.
 */
enum zroute_status zroute_z85_decode(const char *text,
                                     void *data,
                                     size_t room,
                                     size_t *size);

/**
 * Tells how a server is doing: `index` is its place, from 0, in the order of
 * zroute_client_connect; servers of a consul:// endpoint come and go, and those
 * behind one that has gone move up. It takes in what has happened, and never waits.
 *
 * One thread at a time. ZROUTE_END when there is none at that place,
 * ZROUTE_INTERRUPTED.
 */
enum zroute_status zroute_client_server(struct zroute_client *client,
                                        size_t index,
                                        struct zroute_server_health *health);

/**
 * Copies the text of this thread's latest failure into `buffer`: always
 * NUL-terminated, and cut where it does not fit. Returns the length of the
 * whole text in bytes without its NUL, so a return of `capacity` or more
 * means that it was cut. A success leaves the text of the failure before it.
 *
 * `buffer` may be NULL when `capacity` is 0. Any thread may call this.
 */
size_t zroute_last_error(char *buffer, size_t capacity);

/**
 * libzmq's error number behind this thread's latest failure, such as EAGAIN;
 * 0 when it was none of libzmq's. Only the plain sockets' functions set it.
 *
 * Any thread may call this.
 */
int zroute_last_error_number(void);

/**
 * libzmq's words for an error number of libzmq's or the system's.
 *
 * The text is static. Any thread may call this.
 */
const char *zroute_error_number_text(int number);

/**
 * Makes a set of options, all at their defaults. Free it with
 * zroute_options_free; what was made with it does not need it any more.
 *
 * Any thread may call this.
 */
enum zroute_status zroute_options_new(struct zroute_options **options);

/**
 * Sets an option that is a number. docs/c.md lists the names with their units
 * and ranges. ZROUTE_BAD_OPTION for another name or a value out of range.
 *
 * One thread at a time.
 */
enum zroute_status zroute_options_set_integer(struct zroute_options *options,
                                              const char *name,
                                              int64_t value);

/**
 * Sets an option that is a text; it is copied. ZROUTE_BAD_OPTION for another
 * name.
 *
 * One thread at a time.
 */
enum zroute_status zroute_options_set_text(struct zroute_options *options,
                                           const char *name,
                                           const char *value);

/**
 * Frees a set of options. NULL is fine.
 *
 * One thread at a time.
 */
enum zroute_status zroute_options_free(struct zroute_options *options);

/**
 * Turns what PHP's serialize() wrote into MessagePack. The result is
 * borrowed: it is good until this thread's next zroute_php function.
 *
 * ZROUTE_NOT_PLAIN when the value holds an object other than stdClass, a
 * reference, or, unless `plain` is other than 0, a 0 inside an array, because
 * serialize() writes a resource as 0. ZROUTE_INVALID_VALUE when it is nested
 * too deep or is not what serialize() writes; ZROUTE_TOO_LARGE.
 *
 * Any thread.
 */
enum zroute_status zroute_php_pack(const void *serialized,
                                   size_t serialized_size,
                                   int plain,
                                   const void **data,
                                   size_t *size);

/**
 * Turns one MessagePack value into what PHP's unserialize() reads. Nothing
 * but null, bool, int, float, string and array can come of it. The result is
 * borrowed: it is good until this thread's next zroute_php function.
 *
 * ZROUTE_INVALID_VALUE when the bytes are not one value within the default
 * limits, or hold what PHP has no plain value for: an extension, or a map key
 * that is neither integer nor string. ZROUTE_TOO_LARGE.
 *
 * Any thread.
 */
enum zroute_status zroute_php_unpack(const void *packed,
                                     size_t packed_size,
                                     const void **data,
                                     size_t *size);

/**
 * Turns what PHP's serialize() wrote into the packed form of PHP's msgpack
 * extension, objects and references included. The result is borrowed: it is
 * good until this thread's next zroute_php function.
 *
 * `settings` are bits: 1 php_only, 2 use_str8_serialization, 4 force_f32,
 * 8 assoc; 32 says that what Serializable classes wrote shares no numbers with
 * the text around it. `known` is what the text does not tell about classes, in PHP's
 * serialize format, pair after pair: a class's name and i:0;, or i:1; if it has
 * __serialize(), or i:2; if it has __sleep(); or "Enum:Case" and the case's
 * value, N; if it has none. Remark 1: classes or cases are not known; there is
 * no result, their names follow. Remark 2: the value holds an integer 0, which
 * may be a resource, because serialize() writes one so. Remark 4: it holds
 * references, or an object at several places. Remark 8: what a Serializable
 * class wrote may go with this text only. Remark 16: and may refer to what is
 * outside of it.
 *
 * ZROUTE_INVALID_VALUE when it is nested more than 1024 deep or is not what
 * serialize() writes; ZROUTE_TOO_LARGE.
 *
 * Any thread.
 */
enum zroute_status zroute_php_pack_objects(const void *serialized,
                                           size_t serialized_size,
                                           uint32_t settings,
                                           const void *known,
                                           size_t known_size,
                                           struct zroute_php_text *text);

/**
 * Turns the first value of `packed`, in the packed form of PHP's msgpack
 * extension, into what PHP's unserialize() reads. The result is borrowed: it
 * is good until this thread's next zroute_php function.
 *
 * `settings` are bits: 1 php_only, 8 assoc, 16 illegal_key_insert. `allowed` are
 * the classes that the bytes may name, in lower case with NULs around, NULL for
 * any; an object of another class becomes a stdClass object. `enums` are those
 * known to be enums, each after a =, and known to be none, each after a !, with
 * NULs around. What would take PHP more than about `memory` bytes is refused, as
 * malformed.
 *
 * Remarks: 1, the bytes are malformed; the result is which limit they
 * pass, if any. 2, the bytes
 * end too early; there is no result. 4, bytes follow the value. 8, a map key
 * is neither integer nor string. 16, a back reference leads nowhere. 32, the
 * result names classes other than stdClass. 64, it holds objects that read
 * themselves (Serializable). 128, classes were named that are not allowed; their
 * names follow, each NUL in one as `\000`. 256, classes are perhaps enums; their names follow, and the
 * result is good if none of them is. 512, it holds objects of stdClass.
 *
 * Any thread.
 */
enum zroute_status zroute_php_unpack_objects(const void *packed,
                                             size_t packed_size,
                                             uint32_t settings,
                                             const void *allowed,
                                             size_t allowed_size,
                                             const void *enums,
                                             size_t enums_size,
                                             size_t memory,
                                             struct zroute_php_text *text);

/**
 * Passes over bytes of a value that may not be there whole yet, from `offset` on:
 * `*left` is how many values are still missing, 1 at the start, 0 when it is
 * whole. `*read` is how many of these bytes belong to it; the next call goes on
 * where those end.
 *
 * ZROUTE_BAD_ARGUMENT when `offset` is beyond the end; ZROUTE_INVALID_VALUE at the byte 0xc1, or when *left would pass 2^63.
 *
 * Any thread. Takes no memory.
 */
enum zroute_status zroute_msgpack_skim(const void *packed,
                                       size_t packed_size,
                                       size_t offset,
                                       uint64_t *left,
                                       size_t *read);

/**
 * Makes a reader of one MessagePack value, which is checked as a whole first.
 * The bytes are not copied: they must stay, unchanged, until the reader is
 * freed or reset. Free it with zroute_reader_free.
 *
 * Any thread may call this. ZROUTE_INVALID_VALUE.
 */
enum zroute_status zroute_reader_new(const void *data,
                                     size_t size,
                                     struct zroute_reader **reader);

/**
 * Begins anew with another value, as zroute_reader_new does. After a failure
 * the reader is where it was.
 *
 * One thread at a time.
 */
enum zroute_status zroute_reader_reset(struct zroute_reader *reader,
                                       const void *data,
                                       size_t size);

/**
 * Reads the next value, or the header of an array or map, whose values are
 * then next. ZROUTE_END when everything is read.
 *
 * One thread at a time.
 */
enum zroute_status zroute_reader_next(struct zroute_reader *reader,
                                      struct zroute_item *item);

/**
 * Looks at the next value without reading it. ZROUTE_END when everything is
 * read.
 *
 * One thread at a time.
 */
enum zroute_status zroute_reader_peek(const struct zroute_reader *reader,
                                      struct zroute_item *item);

/**
 * Reads an integer. ZROUTE_WRONG_TYPE, with nothing read, when the next value
 * is none that fits; ZROUTE_END when everything is read.
 *
 * One thread at a time.
 */
enum zroute_status zroute_reader_integer(struct zroute_reader *reader, int64_t *value);

/**
 * Reads an array of integers, at most `capacity` of them, into `values`;
 * `count` tells how many there were. ZROUTE_WRONG_TYPE when something else is
 * next, or among them; ZROUTE_TOO_LARGE when there are more. Nothing is read
 * then.
 *
 * One thread at a time.
 */
enum zroute_status zroute_reader_integers(struct zroute_reader *reader,
                                          int64_t *values,
                                          size_t capacity,
                                          size_t *count);

/**
 * Reads a number: a floating point number of either width, or an integer that
 * a double holds exactly. Else as zroute_reader_integer.
 */
enum zroute_status zroute_reader_number(struct zroute_reader *reader, double *value);

/**
 * Reads the header of an array: `count` values are next. Else as
 * zroute_reader_integer.
 */
enum zroute_status zroute_reader_array(struct zroute_reader *reader, uint32_t *count);

/**
 * Reads the header of a map: `count` pairs of key and value are next. Else as
 * zroute_reader_integer.
 */
enum zroute_status zroute_reader_map(struct zroute_reader *reader, uint32_t *count);

/**
 * Reads a str or bin and borrows its bytes, from the memory that the reader
 * reads; they are not NUL-terminated. Else as zroute_reader_integer.
 */
enum zroute_status zroute_reader_bytes(struct zroute_reader *reader,
                                       const void **data,
                                       size_t *size);

/**
 * Reads a map, which must be next, up to the value of `key`, which is then
 * next. ZROUTE_END, with nothing read, when the map has no such key or
 * everything is read; ZROUTE_WRONG_TYPE when no map is next.
 *
 * One thread at a time.
 */
enum zroute_status zroute_reader_find(struct zroute_reader *reader, const char *key);

/**
 * Skips one value with all that is inside it. ZROUTE_END when everything is
 * read.
 *
 * One thread at a time.
 */
enum zroute_status zroute_reader_skip(struct zroute_reader *reader);

/**
 * Skips one value and borrows its bytes: MessagePack that can be passed on.
 * ZROUTE_END when everything is read.
 *
 * One thread at a time.
 */
enum zroute_status zroute_reader_slice(struct zroute_reader *reader,
                                       const void **data,
                                       size_t *size);

/**
 * Frees a reader; the bytes it read are the caller's. NULL is fine.
 *
 * One thread at a time.
 */
enum zroute_status zroute_reader_free(struct zroute_reader *reader);

/**
 * Makes a server. `options` may be NULL for the defaults; it is not needed
 * afterwards. Free the server with zroute_server_free.
 *
 * Any thread may call this. ZROUTE_BAD_OPTION, ZROUTE_OUTDATED_LIBZMQ,
 * ZROUTE_SYSTEM.
 */
enum zroute_status zroute_server_new(const struct zroute_options *options,
                                     struct zroute_server **server);

/**
 * Serves an endpoint, such as `tcp://127.0.0.1:5555`, `tcp://[::1]:0`
 * (any free port) or `ipc:///run/app.sock`; several are fine.
 *
 * One thread at a time. ZROUTE_BAD_ENDPOINT, ZROUTE_UNREACHABLE (in use, no
 * right to it, …). A bind that other machines can reach, without encryption,
 * prints one warning to stderr unless the option `allow_public` is 1.
 */
enum zroute_status zroute_server_bind(struct zroute_server *server, const char *endpoint);

/**
 * Borrows the endpoint that was really bound, the `index`th counted from 0:
 * port 0 has become a port. The text is good as long as the server.
 * ZROUTE_END when there are not so many.
 *
 * One thread at a time.
 */
enum zroute_status zroute_server_endpoint(const struct zroute_server *server,
                                          size_t index,
                                          const char **endpoint);

/**
 * Registers the function `name`, or replaces its callback. `userdata` is
 * handed to each call of `callback`; `finalizer`, which may be NULL, ends it
 * when the callback is replaced or the server is freed. When this fails, the
 * userdata stays the caller's.
 *
 * One thread at a time.
 */
enum zroute_status zroute_server_register(struct zroute_server *server,
                                          const char *name,
                                          zroute_callback callback,
                                          void *userdata,
                                          zroute_finalizer finalizer);

/**
 * Registers the callback for bodies that are no call of any dialect, or
 * replaces it: it gets the body as it came and answers with any bytes.
 * Without one such bodies are answered with a fault.
 *
 * Everything else is as with zroute_server_register.
 */
enum zroute_status zroute_server_register_raw(struct zroute_server *server,
                                              zroute_callback callback,
                                              void *userdata,
                                              zroute_finalizer finalizer);

/**
 * Declares a function for the pull form: its calls come out of
 * zroute_server_exchange under the number `route`, counted from 0 in the
 * order of first naming.
 *
 * One thread at a time.
 */
enum zroute_status zroute_server_declare(struct zroute_server *server,
                                         const char *name,
                                         uint32_t *route);

/**
 * Declares for the pull form that bodies which are no call are wanted too:
 * they come out of zroute_server_exchange under the route -1.
 *
 * One thread at a time.
 */
enum zroute_status zroute_server_declare_raw(struct zroute_server *server);

/**
 * Tells how a function describes itself to those who ask `zroute.list`:
 * `description` is one MessagePack map, which is copied. By custom its keys
 * are `parameters`, an array of maps with `name`, `type`, `optional`,
 * `variadic` and `default`; `returns`, the type of the answer; and `doc`, a
 * text for people. Without a description only the name is told.
 *
 * One thread at a time. ZROUTE_BAD_ARGUMENT when no function has the name,
 * ZROUTE_INVALID_VALUE when the description is no MessagePack value,
 * ZROUTE_WRONG_TYPE when it is no map whose keys are texts other than `name`.
 */
enum zroute_status zroute_server_describe(struct zroute_server *server,
                                          const char *name,
                                          const void *description,
                                          size_t size);

/**
 * Asks for the context of a function's calls; NULL for `name` stands for all
 * functions, those of later too. In the pull form each call then comes as a
 * list of four in place of its parameters: the parameters, the meta map or
 * nil, who called, and the dialect. In a callback zroute_call_peer and
 * zroute_call_dialect have texts then.
 *
 * Functions that nobody asked for stay as they were, and as quick.
 *
 * One thread at a time. ZROUTE_BAD_ARGUMENT when no function has the name.
 */
enum zroute_status zroute_server_want_context(struct zroute_server *server,
                                              const char *name);

/**
 * Serves a supervisor, such as `zroute serve`: the numbers that it gives the
 * calls are their tokens, and what it says of who called is believed. To be
 * called before the first bind; whoever can reach the endpoint can say
 * anything, so it is one that only the supervisor reaches.
 *
 * One thread at a time.
 */
enum zroute_status zroute_server_serve_supervisor(struct zroute_server *server);

/**
 * Serves until zroute_server_stop is called, takes leave as zroute_server_drain
 * does, and then returns ZROUTE_OK. A stop that came before counts too; each
 * run uses one stop up. A second stop ends the leave at once. ZROUTE_BAD_STATE
 * when nothing is bound.
 *
 * The thread that calls this runs the callbacks; all others get ZROUTE_BUSY
 * meanwhile. ZROUTE_INTERRUPTED after a signal: look at your flags, and call
 * again.
 */
enum zroute_status zroute_server_run(struct zroute_server *server);

/**
 * Takes leave: for a host with a loop of its own, when it has ended, has
 * handed in its answers and before it frees the server. Listens no more (with
 * the transport `libzmq`, takes no more calls), tells clients of this library
 * to go elsewhere and answers new calls with -32005. ZROUTE_OK when no call
 * is open and nobody is left who would send one, or when the option
 * `drain_ms` is over, counted from the first call of this; at once with 0.
 *
 * `timeout_ms` bounds this call, -1 for no bound: ZROUTE_TIMEOUT when it was
 * over before; hand in the answers to calls that you still have, and call
 * again. Kept calls may be answered meanwhile. ZROUTE_INTERRUPTED after a
 * signal. zroute_server_stop ends the leave at once.
 *
 * A server that is run again listens again. One thread at a time.
 */
enum zroute_status zroute_server_drain(struct zroute_server *server, int timeout_ms);

/**
 * Serves what is here, or waits for it no longer than `timeout_ms` (-1: for
 * ever). `calls`, which may be NULL, tells how many callbacks ran; ZROUTE_OK
 * with 0 of them means that the time was over. ZROUTE_STOPPED when
 * zroute_server_stop was called, ZROUTE_INTERRUPTED after a signal,
 * ZROUTE_BAD_STATE for a wait for ever with nothing bound; any other just takes
 * its time, and a server may be bound between two steps.
 *
 * The thread that calls this runs the callbacks.
 */
enum zroute_status zroute_server_step(struct zroute_server *server,
                                      int timeout_ms,
                                      size_t *calls);

/**
 * Ends the server's run, or its next one. Any thread may call this, and a
 * signal handler too: it takes no lock, allocates nothing and keeps errno.
 * It sets no text for zroute_last_error.
 */
enum zroute_status zroute_server_stop(const struct zroute_server *server);

/**
 * Tells what the server counted.
 *
 * One thread at a time.
 */
enum zroute_status zroute_server_count(const struct zroute_server *server,
                                       struct zroute_server_counters *counters);

/**
 * The pull form, for hosts with a loop of their own: hands back answers and
 * takes the next batch of calls, in one call.
 *
 * `answers` is a map from token to answer, in the server's `values` format
 * (MessagePack, or PHP's serialize format); nothing when `answers_size` is 0.
 * Up to `most` calls come back in `batch`, as one list in the same format.
 * Calls that came in a row for one function share three values:
 *
 * 1. their route: the number from zroute_server_declare; -1 for bodies that
 *    are no call; -2 for answers of `answers` that were not taken because
 *    they are not plain (see ZROUTE_NOT_PLAIN); -3 for streams that there is
 *    room for again; -4 for streams whose callers have gone (see zroute_server_stream);
 * 2. how many milliseconds their callers still wait, -1 for unknown;
 * 3. a map from token to parameters, or, of a function whose context is wanted
 *    (zroute_server_want_context), to a list of parameters, meta or nil, peer
 *    and dialect (with -1 the whole body as binary, with
 *    -2 the reason, with -3 how many items, with -4 0). Each token is to be answered once: here, or with
 *    zroute_server_answer or zroute_server_fail.
 *
 * `timeout_ms` bounds the wait for the first call: 0 does not wait, -1 waits
 * for ever. When the time is over, `batch_size` is 0. The batch is borrowed:
 * it is good until the next call with this server.
 *
 * An answer that cannot be sent fails its own call and no other: with -32004
 * when it is too large, with -32603 when it is reserved or too deep.
 * ZROUTE_STOPPED after zroute_server_stop, ZROUTE_INTERRUPTED after a signal:
 * the answers were sent in both cases. ZROUTE_BAD_STATE for a wait for ever with
 * nothing bound.
 *
 * One thread at a time.
 */
enum zroute_status zroute_server_exchange(struct zroute_server *server,
                                          const void *answers,
                                          size_t answers_size,
                                          size_t most,
                                          int timeout_ms,
                                          const void **batch,
                                          size_t *batch_size);

/**
 * Answers one call of the pull form, with a value in the server's `values`
 * format that is taken for plain: a 0 in PHP's format is a number.
 *
 * One thread at a time. ZROUTE_UNKNOWN_CALL, ZROUTE_INVALID_VALUE,
 * ZROUTE_NOT_PLAIN, ZROUTE_TOO_LARGE, ZROUTE_RESERVED_VALUE; after all but
 * the first the call is still open.
 */
enum zroute_status zroute_server_answer(struct zroute_server *server,
                                        uint64_t token,
                                        const void *value,
                                        size_t size);

/**
 * Answers one call of the pull form with one more item of a stream, in the server's
 * `values` format and taken for plain. `room`, which may be NULL, tells how many more
 * its caller takes now: a zerorpc caller says so from time to time; any other takes all
 * that fit into one answer, as it gets the list of them when the stream ends. The first
 * item always has room.
 *
 * ZROUTE_WOULD_BLOCK when there is no room; the item is not sent. When there is again,
 * zroute_server_exchange tells so under the route -3, and that the caller has gone, and
 * the call with it, under the route -4. An item goes out with the next
 * zroute_server_exchange at the latest.
 *
 * A stream ends with zroute_server_end_stream or zroute_server_fail.
 *
 * One thread at a time. ZROUTE_UNKNOWN_CALL, also when the caller has gone;
 * ZROUTE_INVALID_VALUE, ZROUTE_NOT_PLAIN, ZROUTE_TOO_LARGE for an item, or for the list of
 * all so far; ZROUTE_BAD_STATE for a raw body. After all but the first the call is still
 * open.
 */
enum zroute_status zroute_server_stream(struct zroute_server *server,
                                        uint64_t token,
                                        const void *item,
                                        size_t size,
                                        uint32_t *room);

/**
 * Ends a stream of the pull form; one without an item is an empty one.
 *
 * One thread at a time. ZROUTE_UNKNOWN_CALL; ZROUTE_BAD_STATE for a raw body;
 * ZROUTE_TOO_LARGE and ZROUTE_INVALID_VALUE when the list is over a limit, and the call
 * is still open then.
 */
enum zroute_status zroute_server_end_stream(struct zroute_server *server, uint64_t token);

/**
 * Fails one call of the pull form; the arguments are those of
 * zroute_call_fail.
 *
 * One thread at a time. ZROUTE_UNKNOWN_CALL.
 */
enum zroute_status zroute_server_fail(struct zroute_server *server,
                                      uint64_t token,
                                      int64_t code,
                                      const char *name,
                                      const char *message);

/**
 * Ends all open calls of the pull form with -32005, which says that they were
 * not begun: their callers may send them elsewhere. For a host that ends
 * between taking calls and running them; those that it has begun, it fails
 * first.
 *
 * One thread at a time.
 */
enum zroute_status zroute_server_refuse_open(struct zroute_server *server);

/**
 * Frees a server: requests that nobody has taken are told -32005, open calls,
 * which may have run, -32603; what is on its way is sent (no longer than `linger_ms`), and the
 * finalizers run. NULL is fine. In a forked child it returns ZROUTE_FORKED
 * and leaves the parent's server alone.
 *
 * One thread at a time; a callback may free its own server.
 */
enum zroute_status zroute_server_free(struct zroute_server *server);

/**
 * The client of this name that this thread has, or a new one, made with
 * `options`; then `made` is 1, else 0, and the options are not used. A
 * client that was there keeps its connections; its calls are given up as by
 * zroute_client_cancel_all. So a host whose requests come and go in one process
 * connects once.
 *
 * It is nobody's to free: it lives as long as its process, unless
 * zroute_client_free ends it; the next call makes another then. A forked child
 * gets one of its own.
 *
 * Any thread may call this; each has its own clients. ZROUTE_BAD_OPTION,
 * ZROUTE_BUSY.
 */
enum zroute_status zroute_client_shared(const char *name,
                                        const struct zroute_options *options,
                                        int *made,
                                        struct zroute_client **client);

/**
 * Reports a socket's events, a sum of libzmq's numbers, 65535 for all, at an
 * inproc:// endpoint, to which a ZMQ_PAIR of the same context connects. A NULL
 * endpoint ends that.
 */
enum zroute_status zroute_socket_monitor(struct zroute_socket *socket,
                                         const char *endpoint,
                                         int events);

/**
 * Receives an event, at the ZMQ_PAIR. Its endpoint is lent until the next call
 * with this socket. Statuses are those of zroute_socket_receive, and
 * ZROUTE_SYSTEM when what came is no event.
 */
enum zroute_status zroute_socket_receive_event(struct zroute_socket *socket,
                                               int flags,
                                               struct zroute_socket_event *event);

/**
 * Makes a socket of a type by libzmq's name: ZMQ_PAIR, ZMQ_PUB, ZMQ_SUB,
 * ZMQ_REQ, ZMQ_REP, ZMQ_DEALER, ZMQ_ROUTER, ZMQ_PULL, ZMQ_PUSH, ZMQ_XPUB,
 * ZMQ_XSUB or ZMQ_STREAM. All its options have libzmq's defaults. Free it with
 * zroute_socket_free.
 *
 * Any thread may make a socket, and then one thread at a time uses it.
 */
enum zroute_status zroute_socket_new(const struct zroute_context *context,
                                     const char *type,
                                     struct zroute_socket **socket);

/**
 * Accepts peers at an endpoint: tcp://, ipc://, inproc://, or what else libzmq
 * was built with. With `*` as the port the system picks one, which the option
 * ZMQ_LAST_ENDPOINT tells.
 *
 * ZROUTE_BAD_ENDPOINT, ZROUTE_UNREACHABLE when it is taken or no address of
 * this machine, ZROUTE_UNSUPPORTED when libzmq, or this type of socket, has not
 * this kind.
 */
enum zroute_status zroute_socket_bind(struct zroute_socket *socket, const char *endpoint);

/**
 * Connects to an endpoint, in the background, now and again whenever the
 * connection is lost. Several endpoints share the work as the socket's type
 * says.
 *
 * ZROUTE_BAD_ENDPOINT, ZROUTE_UNREACHABLE, ZROUTE_UNSUPPORTED as of
 * zroute_socket_bind.
 */
enum zroute_status zroute_socket_connect(struct zroute_socket *socket,
                                         const char *endpoint);

/**
 * Takes back a bind, by the endpoint really bound. The connections that it has
 * accepted end too.
 *
 * ZROUTE_UNREACHABLE when the socket is not bound there.
 */
enum zroute_status zroute_socket_unbind(struct zroute_socket *socket,
                                        const char *endpoint);

/**
 * Takes back a connect, by the endpoint as it was given.
 *
 * ZROUTE_UNREACHABLE when the socket is not connected there.
 */
enum zroute_status zroute_socket_disconnect(struct zroute_socket *socket,
                                            const char *endpoint);

/**
 * Sets an option that is a number by libzmq's name, such as ZMQ_RCVHWM. Units
 * and ranges are libzmq's, zmq_setsockopt(3). One that is an uint64_t is given
 * by its bits.
 *
 * ZROUTE_BAD_OPTION when no option has this name, or it does not take the value.
 */
enum zroute_status zroute_socket_set_integer(struct zroute_socket *socket,
                                             const char *name,
                                             int64_t value);

/**
 * Sets an option that is bytes or a text by libzmq's name, such as
 * ZMQ_ROUTING_ID. A CURVE key is 32 bytes or 40 characters of Z85.
 *
 * ZROUTE_BAD_OPTION when no option has this name, or it does not take the value.
 */
enum zroute_status zroute_socket_set_bytes(struct zroute_socket *socket,
                                           const char *name,
                                           const void *data,
                                           size_t size);

/**
 * An option that is a number, by libzmq's name.
 *
 * ZROUTE_BAD_OPTION when no option has this name, or it is not for reading.
 */
enum zroute_status zroute_socket_get_integer(const struct zroute_socket *socket,
                                             const char *name,
                                             int64_t *value);

/**
 * An option that is bytes or a text, by libzmq's name; a text is given without
 * its NUL, a CURVE key as 32 bytes. Lent until the next call with this socket.
 *
 * ZROUTE_BAD_OPTION when no option has this name, or it is not for reading.
 */
enum zroute_status zroute_socket_get_bytes(const struct zroute_socket *socket,
                                           const char *name,
                                           const void **data,
                                           size_t *size);

/**
 * Receives messages that begin with these bytes; with none, every message. For
 * ZMQ_SUB; ZROUTE_BAD_OPTION with others.
 */
enum zroute_status zroute_socket_subscribe(struct zroute_socket *socket,
                                           const void *prefix,
                                           size_t size);

/**
 * Takes back one zroute_socket_subscribe with the same bytes.
 */
enum zroute_status zroute_socket_unsubscribe(struct zroute_socket *socket,
                                             const void *prefix,
                                             size_t size);

/**
 * Closes a socket. It returns at once; what is not sent yet goes out in the
 * background, as long as its linger says. If its context was freed before and
 * this was the last socket, the context ends here, as zroute_context_free
 * says. NULL is fine.
 *
 * ZROUTE_TIMEOUT when the context ended and `wait_ms` was over or a signal
 * came; the handle is freed.
 */
enum zroute_status zroute_socket_free(struct zroute_socket *socket);

/**
 * Sends one frame, of which it makes a copy. It waits while no peer has room,
 * as long as the option ZMQ_SNDTIMEO says.
 *
 * ZROUTE_TIMEOUT, also with ZROUTE_DONTWAIT: nothing was sent.
 * ZROUTE_INTERRUPTED: nothing was sent, call again. ZROUTE_STOPPED.
 * ZROUTE_BAD_STATE when a REQ or REP is not in turn. ZROUTE_UNREACHABLE when a
 * ROUTER with ZMQ_ROUTER_MANDATORY has no such peer. ZROUTE_UNSUPPORTED when
 * the type does not send.
 */
enum zroute_status zroute_socket_send(struct zroute_socket *socket,
                                      const void *data,
                                      size_t size,
                                      int flags);

/**
 * Sends a message of several frames, all of it or nothing. Statuses are those
 * of zroute_socket_send.
 */
enum zroute_status zroute_socket_send_all(struct zroute_socket *socket,
                                          const struct zroute_frame *frames,
                                          size_t count,
                                          int flags);

/**
 * Sends one frame without a copy: the bytes belong to the library until it
 * calls `release` with them and `userdata`, once, from any thread, which may be
 * before this returns. They are released too when the send fails, unless this
 * returns ZROUTE_BAD_HANDLE, ZROUTE_BAD_ARGUMENT, ZROUTE_BUSY or ZROUTE_FORKED.
 * Statuses are those of zroute_socket_send.
 */
enum zroute_status zroute_socket_send_owned(struct zroute_socket *socket,
                                            void *data,
                                            size_t size,
                                            zroute_release release,
                                            void *userdata,
                                            int flags);

/**
 * Receives one frame without a copy: it is lent until the next receive with
 * this socket. `more` is 1 when other frames of the same message follow, else
 * 0. It waits as long as the option ZMQ_RCVTIMEO says.
 *
 * ZROUTE_TIMEOUT, also with ZROUTE_DONTWAIT. ZROUTE_INTERRUPTED: nothing is
 * lost, call again. ZROUTE_STOPPED. ZROUTE_BAD_STATE when a REQ or REP is not in
 * turn. ZROUTE_UNSUPPORTED when the type does not receive.
 */
enum zroute_status zroute_socket_receive(struct zroute_socket *socket,
                                         int flags,
                                         const void **data,
                                         size_t *size,
                                         int *more);

/**
 * Receives a whole message, or what is left of one, without a copy: `frames`
 * leads to `count` frames, lent until the next receive with this socket.
 * Statuses are those of zroute_socket_receive.
 */
enum zroute_status zroute_socket_receive_all(struct zroute_socket *socket,
                                             int flags,
                                             const struct zroute_frame **frames,
                                             size_t *count);

/**
 * Waits until an item is ready, `timeout_ms` milliseconds at most, -1 for ever.
 * `ready` is how many are; 0 when the time was over. A socket may be there
 * several times.
 *
 * ZROUTE_INTERRUPTED when a signal came. ZROUTE_BAD_HANDLE and ZROUTE_BUSY are
 * about any of the sockets.
 */
enum zroute_status zroute_socket_poll(struct zroute_poll_item *items,
                                      size_t count,
                                      int64_t timeout_ms,
                                      size_t *ready);

/**
 * Passes messages between two sockets, both ways, and a copy of each to
 * `capture`, which may be NULL, as may `control`. A message is only taken when
 * there is room for it, so none is lost when this returns:
 * ZROUTE_TIMEOUT when nothing was ready for `timeout_ms` milliseconds, -1 for
 * never; ZROUTE_INTERRUPTED; ZROUTE_STOPPED when the context was shut down or
 * control said TERMINATE.
 *
 * Control takes PAUSE, RESUME, TERMINATE and STATISTICS, as
 * zmq_proxy_steerable(3) has them. STATISTICS is answered with eight uint64_t
 * frames since the call: messages in, bytes in, messages out and bytes out of
 * `front`, then of `back`. A REP is answered with an empty frame else.
 */
enum zroute_status zroute_socket_proxy(struct zroute_socket *front,
                                       struct zroute_socket *back,
                                       struct zroute_socket *capture,
                                       struct zroute_socket *control,
                                       int64_t timeout_ms);

/**
 * The name of a status, such as `ZROUTE_TIMEOUT`; `unknown status` for a
 * number that is none.
 *
 * The text is static. Any thread may call this.
 */
const char *zroute_status_name(int32_t status);

/**
 * The library's version, such as "0.1.0". The text is static. Any thread may
 * call this.
 */
const char *zroute_version(void);

/**
 * The library's version as a number that can be compared: major * 10000 +
 * minor * 100 + patch. Any thread may call this.
 */
uint32_t zroute_version_number(void);

/**
 * The version of the libzmq that is loaded, each part where its pointer is not
 * NULL. Any thread may call this.
 */
void zroute_libzmq_version(int *major, int *minor, int *patch);

/**
 * Makes a writer with nothing in it. Free it with zroute_writer_free.
 *
 * Any thread may call this.
 */
enum zroute_status zroute_writer_new(struct zroute_writer **writer);

/**
 * Throws away what was written and keeps the memory, for the next value.
 *
 * One thread at a time.
 */
enum zroute_status zroute_writer_clear(struct zroute_writer *writer);

/**
 * Adds nil.
 *
 * One thread at a time.
 */
enum zroute_status zroute_writer_nil(struct zroute_writer *writer);

/**
 * Adds false for 0, true for anything else.
 *
 * One thread at a time.
 */
enum zroute_status zroute_writer_boolean(struct zroute_writer *writer, int value);

/**
 * Adds an integer in its shortest form.
 *
 * One thread at a time.
 */
enum zroute_status zroute_writer_integer(struct zroute_writer *writer, int64_t value);

/**
 * Adds an integer without sign in its shortest form.
 *
 * One thread at a time.
 */
enum zroute_status zroute_writer_unsigned(struct zroute_writer *writer, uint64_t value);

/**
 * Adds a floating point number of 64 bits.
 *
 * One thread at a time.
 */
enum zroute_status zroute_writer_number(struct zroute_writer *writer, double value);

/**
 * Adds a str from a NUL-terminated UTF-8 text, which is copied.
 *
 * One thread at a time.
 */
enum zroute_status zroute_writer_text(struct zroute_writer *writer, const char *value);

/**
 * Adds a bin; the bytes are copied.
 *
 * One thread at a time.
 */
enum zroute_status zroute_writer_binary(struct zroute_writer *writer,
                                        const void *data,
                                        size_t size);

/**
 * Begins an array: the next `count` values belong to it.
 *
 * One thread at a time.
 */
enum zroute_status zroute_writer_array(struct zroute_writer *writer, uint32_t count);

/**
 * Begins a map: the next `count` pairs, each a key and then its value, belong
 * to it.
 *
 * One thread at a time.
 */
enum zroute_status zroute_writer_map(struct zroute_writer *writer, uint32_t count);

/**
 * Adds an extension of the application's type `number`, from -128 to 127; the
 * bytes are copied.
 *
 * One thread at a time. ZROUTE_BAD_ARGUMENT for another type.
 */
enum zroute_status zroute_writer_extension(struct zroute_writer *writer,
                                           int number,
                                           const void *data,
                                           size_t size);

/**
 * Adds one value that is packed already; it is checked and copied.
 *
 * One thread at a time. ZROUTE_INVALID_VALUE.
 */
enum zroute_status zroute_writer_packed(struct zroute_writer *writer,
                                        const void *data,
                                        size_t size);

/**
 * Borrows the finished value: good until the writer is written to, cleared or
 * freed. ZROUTE_INVALID_VALUE, with a text that says what is missing, unless
 * exactly one whole value was written.
 *
 * One thread at a time.
 */
enum zroute_status zroute_writer_bytes(const struct zroute_writer *writer,
                                       const void **data,
                                       size_t *size);

/**
 * Frees a writer. NULL is fine.
 *
 * One thread at a time.
 */
enum zroute_status zroute_writer_free(struct zroute_writer *writer);

/**
 * Finds out whether this process runs a PHP whose values this library can read
 * and build in place, without a format in between: PHP_VERSION_ID 80100 to
 * 80599, 64-bit Linux, PHP_DEBUG 0, thread-safe or not. `version` is PHP's
 * PHP_VERSION_ID and `debug` its PHP_DEBUG. Nothing but a look-up happens, so a
 * program that is not PHP may call this too.
 *
 * ZROUTE_UNSUPPORTED when it does not; zroute_last_error tells why. Any thread.
 */
enum zroute_status zroute_zend_attach(uint32_t version, int debug);

/**
 * zroute_server_exchange for PHP values: the answers are the outbox's array
 * from token to answer, or null for none; the batch is put into the inbox,
 * which is expected to be null and stays so when the time is over. The format
 * of the option `values` has no part in it.
 *
 * Everything else is as with zroute_server_exchange; besides,
 * ZROUTE_UNSUPPORTED without slots. Past PHP's memory limit
 * PHP ends the script, before this returns or, with ZROUTE_TOO_LARGE, right after.
 *
 * One thread at a time, the thread of the slots.
 */
enum zroute_status zroute_zend_server_exchange(struct zroute_server *server,
                                               size_t most,
                                               int timeout_ms);

/**
 * zroute_server_answer for PHP values: the answer is the outbox's value, which
 * is taken for plain.
 *
 * One thread at a time, the thread of the slots. ZROUTE_UNSUPPORTED without
 * slots, and what zroute_server_answer returns.
 */
enum zroute_status zroute_zend_server_answer(struct zroute_server *server,
                                             uint64_t token);

/**
 * zroute_server_stream for PHP values: the item is the outbox's value.
 *
 * One thread at a time, the thread of the slots. ZROUTE_UNSUPPORTED without
 * slots, and what zroute_server_stream returns.
 */
enum zroute_status zroute_zend_server_stream(struct zroute_server *server,
                                             uint64_t token,
                                             uint32_t *room);

/**
 * zroute_client_exchange for PHP values: the calls are the outbox's list, or
 * null for none; the results are put into the inbox, which is expected to be
 * null and stays so when nothing ended in time. With `plain` other than 0 a
 * value that is nested too deep is refused for good (see zroute_zend_slots). The
 * format of the option `values` has no part in it.
 *
 * Everything else is as with zroute_client_exchange; besides,
 * ZROUTE_UNSUPPORTED without slots. Past PHP's memory limit
 * PHP ends the script, before this returns or, with ZROUTE_TOO_LARGE, right after.
 *
 * One thread at a time, the thread of the slots.
 */
enum zroute_status zroute_zend_client_exchange(struct zroute_client *client,
                                               int plain,
                                               int64_t wait_for,
                                               int timeout_ms);

/**
 * Makes a stdClass object the frames of a socket. It is named by a local variable
 * of the PHP function that calls this, and has one property, `socket`: the handle,
 * as an int.
 *
 * `$frames[$bytes]` sends a string as a message of one frame, `$frames[$list]` a list of
 * one string or more as a message of as many, and is a
 * zroute_status; `$frames[$flags]` is the next frame, a string, or a zroute_status
 * if there is none. An int adds up zroute_flag's ZROUTE_DONTWAIT and 4 for a whole
 * message, or what is left of one, which is a list of strings if that has more
 * frames than one. Statuses are those of zroute_socket_send and
 * zroute_socket_receive. Anything else in the brackets is null.
 *
 * With `dont_wait` other than 0 what is sent is sent with ZROUTE_DONTWAIT.
 *
 * ZROUTE_UNSUPPORTED when there is no such variable, or no engine was attached.
 */
enum zroute_status zroute_zend_frames(const char *frames, int dont_wait);

/**
 * Makes two stdClass objects without properties converters, as zroute_zend_slots
 * does, but of ext-msgpack's own form: with objects and references. They are named
 * by local variables of the PHP function that calls this.
 *
 * `$packer[$value]` is a string, or null where to pack it here would run code of
 * the program's, or it is refused: somebody else then packs the whole value.
 *
 * `$unpacker[$packed]` is what the bytes mean; the unpacker itself where somebody
 * else has to find that out: bytes that are malformed, or make a value that may be
 * too large for PHP's memory limit, or are in a form that
 * ext-msgpack does not write itself, or name a class that cannot be built without
 * running code. Two properties of the unpacker's tell which classes may be built
 * besides stdClass: `allowed` is true for any, or a text with their names in lower
 * case, a NUL before and after each; `report` is a stdClass object without
 * properties, each time. That is the result when the bytes name a class that may not be
 * built: it then has the value as its property `value`, and an array with the
 * classes' names as its keys as `refused`. Without `refused`, somebody else has to
 * find out what the bytes mean, and all of the report's properties are to be
 * dropped, as after a value. Without a
 * report, all but plain arrays are for somebody else.
 *
 * `php_only` and `str8` are ext-msgpack's settings of these names, 0 or 1.
 *
 * As a test, `samples` is expected to be a list of three objects, see
 * php/drop-in/msgpack/Sample, and a reference to an array.
 *
 * ZROUTE_UNSUPPORTED when there are no such variables, or PHP's classes look
 * otherwise than expected.
 */
enum zroute_status zroute_zend_objects(const char *packer,
                                       const char *unpacker,
                                       const char *samples,
                                       int php_only,
                                       int str8);

/**
 * Finds this thread's slots: two references of PHP's, named by local variables
 * of the PHP function that calls this. Through the outbox PHP hands values over,
 * through the inbox it takes them. Both are to be kept alive, in static
 * properties, and to be found again in each request.
 *
 * Two other local variables hold stdClass objects without properties, which
 * become converters: `$packer[$value]` is the value as MessagePack, a string;
 * `$unpacker[$packed]` is what one MessagePack value means, and nothing but
 * null, bool, int, float, string and array can come of it. Where a value cannot
 * be converted, the result is the converter itself and zroute_last_error tells
 * why; from the packer it is null instead where the value has to be looked at,
 * because it holds an object other than stdClass or a resource, or is nested too
 * deep and holds references or objects, and so may hold itself. Past PHP's
 * memory limit PHP ends the script.
 *
 * As a test, the outbox is expected to hold a list of a string of two bytes or
 * more, a list and a map, all made at run time.
 *
 * ZROUTE_UNSUPPORTED when there are no such variables, or PHP's values look
 * otherwise than expected.
 */
enum zroute_status zroute_zend_slots(const char *outbox,
                                     const char *inbox,
                                     const char *packer,
                                     const char *unpacker);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* ZROUTE_H */
