#define FFI_SCOPE "ZROUTE"
#define FFI_LIB "libzroute.so.0"
typedef enum zroute_status {
  ZROUTE_OK = 0,
  ZROUTE_TIMEOUT = 1,
  ZROUTE_INTERRUPTED = 2,
  ZROUTE_STOPPED = 3,
  ZROUTE_END = 4,
  ZROUTE_WOULD_BLOCK = 5,
  ZROUTE_BAD_ARGUMENT = 10,
  ZROUTE_BAD_HANDLE = 11,
  ZROUTE_BUSY = 12,
  ZROUTE_FORKED = 13,
  ZROUTE_PANIC = 14,
  ZROUTE_TOO_MANY_HANDLES = 15,
  ZROUTE_UNSUPPORTED = 16,
  ZROUTE_BAD_ENDPOINT = 20,
  ZROUTE_UNREACHABLE = 21,
  ZROUTE_BAD_OPTION = 22,
  ZROUTE_OUTDATED_LIBZMQ = 23,
  ZROUTE_SYSTEM = 24,
  ZROUTE_BAD_STATE = 25,
  ZROUTE_OUTCOME_UNKNOWN = 26,
  ZROUTE_INVALID_VALUE = 30,
  ZROUTE_WRONG_TYPE = 31,
  ZROUTE_TOO_LARGE = 32,
  ZROUTE_UNKNOWN_CALL = 33,
  ZROUTE_RESERVED_VALUE = 34,
  ZROUTE_NOT_PLAIN = 35,
  ZROUTE_FAULT = 40,
  ZROUTE_NOT_CONNECTED = 41,
  ZROUTE_INVALID_ANSWER = 42,
} zroute_status;

typedef enum zroute_server_state {
  ZROUTE_AWAY = 0,
  ZROUTE_UP = 1,
  ZROUTE_LEAVING = 2,
  ZROUTE_LEFT_OUT = 3,
  ZROUTE_ON_PROBATION = 4,
} zroute_server_state;

typedef enum zroute_type {
  ZROUTE_TYPE_NIL = 0,
  ZROUTE_TYPE_BOOLEAN = 1,
  ZROUTE_TYPE_INTEGER = 2,
  ZROUTE_TYPE_UNSIGNED = 3,
  ZROUTE_TYPE_FLOAT = 4,
  ZROUTE_TYPE_TEXT = 5,
  ZROUTE_TYPE_BINARY = 6,
  ZROUTE_TYPE_ARRAY = 7,
  ZROUTE_TYPE_MAP = 8,
  ZROUTE_TYPE_EXTENSION = 9,
} zroute_type;

typedef enum zroute_call_flag {
  ZROUTE_IDEMPOTENT = 1,
  ZROUTE_ONE_WAY = 2,
  ZROUTE_STREAM = 4,
} zroute_call_flag;

typedef enum zroute_flag {
  ZROUTE_DONTWAIT = 1,
  ZROUTE_MORE = 2,
} zroute_flag;

typedef enum zroute_poll_event {
  ZROUTE_POLL_IN = 1,
  ZROUTE_POLL_OUT = 2,
  ZROUTE_POLL_ERROR = 4,
  ZROUTE_POLL_PRIORITY = 8,
} zroute_poll_event;

typedef struct zroute_answer zroute_answer;

typedef struct zroute_call zroute_call;

typedef struct zroute_client zroute_client;

typedef struct zroute_context zroute_context;

typedef struct zroute_options zroute_options;

typedef struct zroute_reader zroute_reader;

typedef struct zroute_server zroute_server;

typedef struct zroute_socket zroute_socket;

typedef struct zroute_writer zroute_writer;

typedef struct zroute_client_counters {
  uint64_t calls;
  uint64_t answers;
  uint64_t faults;
  uint64_t timeouts;
  uint64_t unknown;
  uint64_t not_connected;
  uint64_t invalid;
  uint64_t retries;
  uint64_t unmatched;
  uint64_t in_flight;
  uint64_t bytes_sent;
  uint64_t bytes_received;
} zroute_client_counters;

typedef struct zroute_server_health {
  const char *endpoint;
  enum zroute_server_state state;
  uint64_t in_flight;
  uint64_t failures;
  const char *trouble;
} zroute_server_health;

typedef struct zroute_php_text {
  const void *data;
  size_t size;
  size_t names_size;
  uint32_t remarks;
} zroute_php_text;

typedef struct zroute_item {
  enum zroute_type type;
  int boolean;
  int extension;
  int64_t integer;
  uint64_t unsigned_integer;
  double number;
  const void *data;
  size_t size;
} zroute_item;

typedef void (*zroute_callback)(struct zroute_call *call, void *userdata);

typedef void (*zroute_finalizer)(void *userdata);

typedef struct zroute_server_counters {
  uint64_t requests;
  uint64_t calls;
  uint64_t answers;
  uint64_t refused;
  uint64_t undeliverable;
  uint64_t open;
  uint64_t bytes_received;
  uint64_t bytes_sent;
  uint64_t faults_parse;
  uint64_t faults_request;
  uint64_t faults_unknown_function;
  uint64_t faults_parameters;
  uint64_t faults_handler;
  uint64_t faults_deadline;
  uint64_t faults_overloaded;
  uint64_t faults_forbidden;
  uint64_t faults_too_large;
  uint64_t faults_shutting_down;
  uint64_t faults_cancelled;
  uint64_t faults_application;
  uint64_t dropped;
  uint64_t callers_lost;
  uint64_t callers_stalled;
} zroute_server_counters;

typedef struct zroute_socket_event {
  int event;
  int64_t value;
  const char *endpoint;
} zroute_socket_event;

typedef struct zroute_frame {
  const void *data;
  size_t size;
} zroute_frame;

typedef void (*zroute_release)(void *data, void *userdata);

typedef struct zroute_poll_item {
  uintptr_t socket;
  int descriptor;
  short events;
  short ready;
} zroute_poll_item;

enum zroute_status zroute_answer_id(const struct zroute_answer *answer, uint64_t *id);

enum zroute_status zroute_answer_value(const struct zroute_answer *answer,
                                       const void **data,
                                       size_t *size);

enum zroute_status zroute_answer_read(const struct zroute_answer *answer,
                                      struct zroute_reader *reader);

enum zroute_status zroute_answer_fault(const struct zroute_answer *answer,
                                       int64_t *code,
                                       const char **name,
                                       const char **message);

enum zroute_status zroute_answer_free(struct zroute_answer *answer);

enum zroute_status zroute_board_map(const char *path, int64_t **words);

enum zroute_status zroute_call_function(const struct zroute_call *call,
                                        const char **name);

enum zroute_status zroute_call_parameters(const struct zroute_call *call,
                                          const void **data,
                                          size_t *size);

enum zroute_status zroute_call_meta(const struct zroute_call *call,
                                    const void **data,
                                    size_t *size);

enum zroute_status zroute_call_peer(const struct zroute_call *call, const char **peer);

enum zroute_status zroute_call_dialect(const struct zroute_call *call,
                                       const char **dialect);

enum zroute_status zroute_call_read(const struct zroute_call *call,
                                    struct zroute_reader *reader);

enum zroute_status zroute_call_time_left(const struct zroute_call *call,
                                         int64_t *milliseconds);

enum zroute_status zroute_call_answer(struct zroute_call *call,
                                      const void *value,
                                      size_t size);

enum zroute_status zroute_call_answer_with(struct zroute_call *call,
                                           struct zroute_writer *writer);

enum zroute_status zroute_call_stream(struct zroute_call *call,
                                      const void *item,
                                      size_t size,
                                      int timeout_ms);

enum zroute_status zroute_call_end_stream(struct zroute_call *call);

enum zroute_status zroute_call_fail(struct zroute_call *call,
                                    int64_t code,
                                    const char *name,
                                    const char *message);

enum zroute_status zroute_call_keep(struct zroute_call *call);

enum zroute_status zroute_call_free(struct zroute_call *call);

enum zroute_status zroute_client_new(const struct zroute_options *options,
                                     struct zroute_client **client);

enum zroute_status zroute_client_connect(struct zroute_client *client,
                                         const char *endpoint);

enum zroute_status zroute_client_call(struct zroute_client *client,
                                      const char *function,
                                      const void *parameters,
                                      size_t size,
                                      int timeout_ms,
                                      struct zroute_answer **answer);

enum zroute_status zroute_client_call_with(struct zroute_client *client,
                                           const char *function,
                                           const void *parameters,
                                           size_t size,
                                           int timeout_ms,
                                           int flags,
                                           struct zroute_answer **answer);

enum zroute_status zroute_client_submit(struct zroute_client *client,
                                        const char *function,
                                        const void *parameters,
                                        size_t size,
                                        int timeout_ms,
                                        uint64_t *id);

enum zroute_status zroute_client_submit_with(struct zroute_client *client,
                                             const char *function,
                                             const void *parameters,
                                             size_t size,
                                             int timeout_ms,
                                             int flags,
                                             uint64_t *id);

enum zroute_status zroute_client_set_meta(struct zroute_client *client,
                                          const void *meta,
                                          size_t size);

enum zroute_status zroute_client_notify(struct zroute_client *client,
                                        const char *function,
                                        const void *parameters,
                                        size_t size);

enum zroute_status zroute_client_collect(struct zroute_client *client,
                                         int timeout_ms,
                                         struct zroute_answer **answer);

enum zroute_status zroute_client_wait(struct zroute_client *client,
                                      uint64_t id,
                                      struct zroute_answer **answer);

enum zroute_status zroute_client_stream_next(struct zroute_client *client,
                                             uint64_t id,
                                             int timeout_ms,
                                             struct zroute_answer **answer);

enum zroute_status zroute_client_cancel(struct zroute_client *client, uint64_t id);

enum zroute_status zroute_client_cancel_all(struct zroute_client *client);

enum zroute_status zroute_client_count(const struct zroute_client *client,
                                       struct zroute_client_counters *counters);

enum zroute_status zroute_client_exchange(struct zroute_client *client,
                                          const void *calls,
                                          size_t calls_size,
                                          int plain,
                                          int64_t wait_for,
                                          int timeout_ms,
                                          const void **results,
                                          size_t *results_size);

enum zroute_status zroute_client_exchange_cancel(struct zroute_client *client,
                                                 int64_t number);

enum zroute_status zroute_client_free(struct zroute_client *client);

enum zroute_status zroute_context_new(uintptr_t *context);

enum zroute_status zroute_context_set(uintptr_t context,
                                      const char *name,
                                      int64_t value);

enum zroute_status zroute_context_get(uintptr_t context,
                                      const char *name,
                                      int64_t *value);

enum zroute_status zroute_context_shutdown(uintptr_t context);

enum zroute_status zroute_context_free(uintptr_t context);

enum zroute_status zroute_curve_keypair(char *public_key, char *secret_key);

enum zroute_status zroute_curve_public_key(const char *secret_key, char *public_key);

enum zroute_status zroute_server_reload_keys(struct zroute_server *server);

enum zroute_status zroute_z85_encode(const void *data,
                                     size_t size,
                                     char *text,
                                     size_t room);

enum zroute_status zroute_z85_decode(const char *text,
                                     void *data,
                                     size_t room,
                                     size_t *size);

enum zroute_status zroute_client_server(struct zroute_client *client,
                                        size_t index,
                                        struct zroute_server_health *health);

size_t zroute_last_error(char *buffer, size_t capacity);

int zroute_last_error_number(void);

const char *zroute_error_number_text(int number);

enum zroute_status zroute_options_new(struct zroute_options **options);

enum zroute_status zroute_options_set_integer(struct zroute_options *options,
                                              const char *name,
                                              int64_t value);

enum zroute_status zroute_options_set_text(struct zroute_options *options,
                                           const char *name,
                                           const char *value);

enum zroute_status zroute_options_free(struct zroute_options *options);

enum zroute_status zroute_php_pack(const void *serialized,
                                   size_t serialized_size,
                                   int plain,
                                   const void **data,
                                   size_t *size);

enum zroute_status zroute_php_unpack(const void *packed,
                                     size_t packed_size,
                                     const void **data,
                                     size_t *size);

enum zroute_status zroute_php_pack_objects(const void *serialized,
                                           size_t serialized_size,
                                           uint32_t settings,
                                           const void *known,
                                           size_t known_size,
                                           struct zroute_php_text *text);

enum zroute_status zroute_php_unpack_objects(const void *packed,
                                             size_t packed_size,
                                             uint32_t settings,
                                             const void *allowed,
                                             size_t allowed_size,
                                             const void *enums,
                                             size_t enums_size,
                                             size_t memory,
                                             struct zroute_php_text *text);

enum zroute_status zroute_msgpack_skim(const void *packed,
                                       size_t packed_size,
                                       size_t offset,
                                       uint64_t *left,
                                       size_t *read);

enum zroute_status zroute_reader_new(const void *data,
                                     size_t size,
                                     struct zroute_reader **reader);

enum zroute_status zroute_reader_reset(struct zroute_reader *reader,
                                       const void *data,
                                       size_t size);

enum zroute_status zroute_reader_next(struct zroute_reader *reader,
                                      struct zroute_item *item);

enum zroute_status zroute_reader_peek(const struct zroute_reader *reader,
                                      struct zroute_item *item);

enum zroute_status zroute_reader_integer(struct zroute_reader *reader, int64_t *value);

enum zroute_status zroute_reader_integers(struct zroute_reader *reader,
                                          int64_t *values,
                                          size_t capacity,
                                          size_t *count);

enum zroute_status zroute_reader_number(struct zroute_reader *reader, double *value);

enum zroute_status zroute_reader_array(struct zroute_reader *reader, uint32_t *count);

enum zroute_status zroute_reader_map(struct zroute_reader *reader, uint32_t *count);

enum zroute_status zroute_reader_bytes(struct zroute_reader *reader,
                                       const void **data,
                                       size_t *size);

enum zroute_status zroute_reader_find(struct zroute_reader *reader, const char *key);

enum zroute_status zroute_reader_skip(struct zroute_reader *reader);

enum zroute_status zroute_reader_slice(struct zroute_reader *reader,
                                       const void **data,
                                       size_t *size);

enum zroute_status zroute_reader_free(struct zroute_reader *reader);

enum zroute_status zroute_server_new(const struct zroute_options *options,
                                     struct zroute_server **server);

enum zroute_status zroute_server_bind(struct zroute_server *server, const char *endpoint);

enum zroute_status zroute_server_endpoint(const struct zroute_server *server,
                                          size_t index,
                                          const char **endpoint);

enum zroute_status zroute_server_register(struct zroute_server *server,
                                          const char *name,
                                          zroute_callback callback,
                                          void *userdata,
                                          zroute_finalizer finalizer);

enum zroute_status zroute_server_register_raw(struct zroute_server *server,
                                              zroute_callback callback,
                                              void *userdata,
                                              zroute_finalizer finalizer);

enum zroute_status zroute_server_declare(struct zroute_server *server,
                                         const char *name,
                                         uint32_t *route);

enum zroute_status zroute_server_declare_raw(struct zroute_server *server);

enum zroute_status zroute_server_describe(struct zroute_server *server,
                                          const char *name,
                                          const void *description,
                                          size_t size);

enum zroute_status zroute_server_want_context(struct zroute_server *server,
                                              const char *name);

enum zroute_status zroute_server_serve_supervisor(struct zroute_server *server);

enum zroute_status zroute_server_run(struct zroute_server *server);

enum zroute_status zroute_server_drain(struct zroute_server *server, int timeout_ms);

enum zroute_status zroute_server_step(struct zroute_server *server,
                                      int timeout_ms,
                                      size_t *calls);

enum zroute_status zroute_server_stop(const struct zroute_server *server);

enum zroute_status zroute_server_count(const struct zroute_server *server,
                                       struct zroute_server_counters *counters);

enum zroute_status zroute_server_exchange(struct zroute_server *server,
                                          const void *answers,
                                          size_t answers_size,
                                          size_t most,
                                          int timeout_ms,
                                          const void **batch,
                                          size_t *batch_size);

enum zroute_status zroute_server_answer(struct zroute_server *server,
                                        uint64_t token,
                                        const void *value,
                                        size_t size);

enum zroute_status zroute_server_stream(struct zroute_server *server,
                                        uint64_t token,
                                        const void *item,
                                        size_t size,
                                        uint32_t *room);

enum zroute_status zroute_server_end_stream(struct zroute_server *server, uint64_t token);

enum zroute_status zroute_server_fail(struct zroute_server *server,
                                      uint64_t token,
                                      int64_t code,
                                      const char *name,
                                      const char *message);

enum zroute_status zroute_server_refuse_open(struct zroute_server *server);

enum zroute_status zroute_server_free(struct zroute_server *server);

enum zroute_status zroute_client_shared(const char *name,
                                        const struct zroute_options *options,
                                        int *made,
                                        struct zroute_client **client);

enum zroute_status zroute_socket_monitor(uintptr_t socket,
                                         const char *endpoint,
                                         int events);

enum zroute_status zroute_socket_receive_event(uintptr_t socket,
                                               int flags,
                                               struct zroute_socket_event *event);

enum zroute_status zroute_socket_new(uintptr_t context,
                                     const char *type,
                                     uintptr_t *socket);

enum zroute_status zroute_socket_bind(uintptr_t socket, const char *endpoint);

enum zroute_status zroute_socket_connect(uintptr_t socket,
                                         const char *endpoint);

enum zroute_status zroute_socket_unbind(uintptr_t socket,
                                        const char *endpoint);

enum zroute_status zroute_socket_disconnect(uintptr_t socket,
                                            const char *endpoint);

enum zroute_status zroute_socket_set_integer(uintptr_t socket,
                                             const char *name,
                                             int64_t value);

enum zroute_status zroute_socket_set_bytes(uintptr_t socket,
                                           const char *name,
                                           const void *data,
                                           size_t size);

enum zroute_status zroute_socket_get_integer(uintptr_t socket,
                                             const char *name,
                                             int64_t *value);

enum zroute_status zroute_socket_get_bytes(uintptr_t socket,
                                           const char *name,
                                           const void **data,
                                           size_t *size);

enum zroute_status zroute_socket_subscribe(uintptr_t socket,
                                           const void *prefix,
                                           size_t size);

enum zroute_status zroute_socket_unsubscribe(uintptr_t socket,
                                             const void *prefix,
                                             size_t size);

enum zroute_status zroute_socket_free(uintptr_t socket);

enum zroute_status zroute_socket_send(uintptr_t socket,
                                      const void *data,
                                      size_t size,
                                      int flags);

enum zroute_status zroute_socket_send_all(uintptr_t socket,
                                          const struct zroute_frame *frames,
                                          size_t count,
                                          int flags);

enum zroute_status zroute_socket_send_owned(uintptr_t socket,
                                            void *data,
                                            size_t size,
                                            zroute_release release,
                                            void *userdata,
                                            int flags);

enum zroute_status zroute_socket_receive(uintptr_t socket,
                                         int flags,
                                         const void **data,
                                         size_t *size,
                                         int *more);

enum zroute_status zroute_socket_receive_all(uintptr_t socket,
                                             int flags,
                                             const struct zroute_frame **frames,
                                             size_t *count);

enum zroute_status zroute_socket_poll(struct zroute_poll_item *items,
                                      size_t count,
                                      int64_t timeout_ms,
                                      size_t *ready);

enum zroute_status zroute_socket_proxy(uintptr_t front,
                                       uintptr_t back,
                                       uintptr_t capture,
                                       uintptr_t control,
                                       int64_t timeout_ms);

const char *zroute_status_name(int32_t status);

const char *zroute_version(void);

uint32_t zroute_version_number(void);

void zroute_libzmq_version(int *major, int *minor, int *patch);

enum zroute_status zroute_writer_new(struct zroute_writer **writer);

enum zroute_status zroute_writer_clear(struct zroute_writer *writer);

enum zroute_status zroute_writer_nil(struct zroute_writer *writer);

enum zroute_status zroute_writer_boolean(struct zroute_writer *writer, int value);

enum zroute_status zroute_writer_integer(struct zroute_writer *writer, int64_t value);

enum zroute_status zroute_writer_unsigned(struct zroute_writer *writer, uint64_t value);

enum zroute_status zroute_writer_number(struct zroute_writer *writer, double value);

enum zroute_status zroute_writer_text(struct zroute_writer *writer, const char *value);

enum zroute_status zroute_writer_binary(struct zroute_writer *writer,
                                        const void *data,
                                        size_t size);

enum zroute_status zroute_writer_array(struct zroute_writer *writer, uint32_t count);

enum zroute_status zroute_writer_map(struct zroute_writer *writer, uint32_t count);

enum zroute_status zroute_writer_extension(struct zroute_writer *writer,
                                           int number,
                                           const void *data,
                                           size_t size);

enum zroute_status zroute_writer_packed(struct zroute_writer *writer,
                                        const void *data,
                                        size_t size);

enum zroute_status zroute_writer_bytes(const struct zroute_writer *writer,
                                       const void **data,
                                       size_t *size);

enum zroute_status zroute_writer_free(struct zroute_writer *writer);

enum zroute_status zroute_zend_attach(uint32_t version, int debug);

enum zroute_status zroute_zend_server_exchange(struct zroute_server *server,
                                               size_t most,
                                               int timeout_ms);

enum zroute_status zroute_zend_server_answer(struct zroute_server *server,
                                             uint64_t token);

enum zroute_status zroute_zend_server_stream(struct zroute_server *server,
                                             uint64_t token,
                                             uint32_t *room);

enum zroute_status zroute_zend_client_exchange(struct zroute_client *client,
                                               int plain,
                                               int64_t wait_for,
                                               int timeout_ms);

enum zroute_status zroute_zend_frames(const char *frames, int dont_wait);

enum zroute_status zroute_zend_objects(const char *packer,
                                       const char *unpacker,
                                       const char *samples,
                                       int php_only,
                                       int str8);

enum zroute_status zroute_zend_slots(const char *outbox,
                                     const char *inbox,
                                     const char *packer,
                                     const char *unpacker);
