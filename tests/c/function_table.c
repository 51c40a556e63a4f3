#include "function_table.h"

#define HANDLE (attempt->handle)
#define GOOD(kind) (attempt->good->of[kind])
#define IN(number, value) (attempt->missing == (number) ? NULL : (value))
#define OUT(number, type) \
    (attempt->missing == (number) ? NULL : (type *)(void *)attempt->outputs[number])

static void callback(zroute_call *call, void *userdata)
{
    (void)call;
    (void)userdata;
}

static const zroute_frame one_frame = {"frame", 5};

static void kept_by_caller(void *data, void *userdata)
{
    (void)data;
    (void)userdata;
}

/* Name, whose it is, what NULL is to it, how many arguments must not be NULL,
 * and the call, in which those are numbered. */
#define FUNCTIONS(F)                                                                             \
    F(zroute_answer_id, ANSWER, NULL_IS_BAD, 1, zroute_answer_id(HANDLE, OUT(0, uint64_t)))      \
    F(zroute_answer_value, ANSWER, NULL_IS_BAD, 2,                                               \
      zroute_answer_value(HANDLE, OUT(0, const void *), OUT(1, size_t)))                         \
    F(zroute_answer_read, ANSWER, NULL_IS_BAD, 0, zroute_answer_read(HANDLE, GOOD(READER)))      \
    F(zroute_answer_read, READER, NULL_IS_BAD, 0, zroute_answer_read(GOOD(ANSWER), HANDLE))      \
    F(zroute_answer_fault, ANSWER, NULL_IS_BAD, 3,                                               \
      zroute_answer_fault(HANDLE, OUT(0, int64_t), OUT(1, const char *), OUT(2, const char *)))  \
    F(zroute_answer_free, ANSWER, NULL_IS_FINE, 0, zroute_answer_free(HANDLE))                   \
    F(zroute_board_map, NO_HANDLE, NULL_IS_FINE, 2,                                              \
      zroute_board_map(IN(0, "/nowhere"), OUT(1, int64_t *)))                                    \
    F(zroute_call_function, CALL, NULL_IS_BAD, 1,                                                \
      zroute_call_function(HANDLE, OUT(0, const char *)))                                        \
    F(zroute_call_parameters, CALL, NULL_IS_BAD, 2,                                              \
      zroute_call_parameters(HANDLE, OUT(0, const void *), OUT(1, size_t)))                      \
    F(zroute_call_meta, CALL, NULL_IS_BAD, 2,                                                    \
      zroute_call_meta(HANDLE, OUT(0, const void *), OUT(1, size_t)))                            \
    F(zroute_call_peer, CALL, NULL_IS_BAD, 1, zroute_call_peer(HANDLE, OUT(0, const char *)))    \
    F(zroute_call_dialect, CALL, NULL_IS_BAD, 1,                                                 \
      zroute_call_dialect(HANDLE, OUT(0, const char *)))                                         \
    F(zroute_call_read, CALL, NULL_IS_BAD, 0, zroute_call_read(HANDLE, GOOD(READER)))            \
    F(zroute_call_read, READER, NULL_IS_BAD, 0, zroute_call_read(GOOD(CALL), HANDLE))            \
    F(zroute_call_time_left, CALL, NULL_IS_BAD, 1,                                               \
      zroute_call_time_left(HANDLE, OUT(0, int64_t)))                                            \
    F(zroute_call_answer, CALL, NULL_IS_BAD, 1, zroute_call_answer(HANDLE, IN(0, "\xc0"), 1))    \
    F(zroute_call_answer_with, CALL, NULL_IS_BAD, 0,                                             \
      zroute_call_answer_with(HANDLE, GOOD(WRITER)))                                             \
    F(zroute_call_answer_with, WRITER, NULL_IS_BAD, 0,                                           \
      zroute_call_answer_with(GOOD(CALL), HANDLE))                                               \
    F(zroute_call_stream, CALL, NULL_IS_BAD, 1,                                                  \
      zroute_call_stream(HANDLE, IN(0, "\xc0"), 1, 0))                                           \
    F(zroute_call_end_stream, CALL, NULL_IS_BAD, 0, zroute_call_end_stream(HANDLE))              \
    F(zroute_call_fail, CALL, NULL_IS_BAD, 1, zroute_call_fail(HANDLE, 1, NULL, IN(0, "text")))  \
    F(zroute_call_keep, CALL, NULL_IS_BAD, 0, zroute_call_keep(HANDLE))                          \
    F(zroute_call_free, CALL, NULL_IS_FINE, 0, zroute_call_free(HANDLE))                         \
    F(zroute_client_new, OPTIONS, NULL_IS_FINE, 1,                                               \
      zroute_client_new(HANDLE, OUT(0, zroute_client *)))                                        \
    F(zroute_client_connect, CLIENT, NULL_IS_BAD, 1,                                             \
      zroute_client_connect(HANDLE, IN(0, "tcp://127.0.0.1:1")))                                 \
    F(zroute_client_call, CLIENT, NULL_IS_BAD, 3,                                                \
      zroute_client_call(HANDLE, IN(0, "f"), IN(1, "\xc0"), 1, 0, OUT(2, zroute_answer *)))      \
    F(zroute_client_call_with, CLIENT, NULL_IS_BAD, 3,                                           \
      zroute_client_call_with(HANDLE, IN(0, "f"), IN(1, "\xc0"), 1, 0, ZROUTE_IDEMPOTENT,        \
                              OUT(2, zroute_answer *)))                                          \
    F(zroute_client_submit_with, CLIENT, NULL_IS_BAD, 3,                                         \
      zroute_client_submit_with(HANDLE, IN(0, "f"), IN(1, "\xc0"), 1, 0, ZROUTE_ONE_WAY,         \
                                OUT(2, uint64_t)))                                               \
    F(zroute_client_notify, CLIENT, NULL_IS_BAD, 2,                                              \
      zroute_client_notify(HANDLE, IN(0, "f"), IN(1, "\xc0"), 1))                                \
    F(zroute_client_server, CLIENT, NULL_IS_BAD, 1,                                              \
      zroute_client_server(HANDLE, 0, OUT(0, zroute_server_health)))                             \
    F(zroute_client_stream_next, CLIENT, NULL_IS_BAD, 1,                                         \
      zroute_client_stream_next(HANDLE, 1, 0, OUT(0, zroute_answer *)))                          \
    F(zroute_client_exchange_cancel, CLIENT, NULL_IS_BAD, 0,                                     \
      zroute_client_exchange_cancel(HANDLE, 1))                                                  \
    F(zroute_client_cancel_all, CLIENT, NULL_IS_BAD, 0, zroute_client_cancel_all(HANDLE))        \
    F(zroute_client_shared, OPTIONS, NULL_IS_FINE, 3,                                            \
      zroute_client_shared(IN(0, "f"), HANDLE, OUT(1, int), OUT(2, zroute_client *)))            \
    F(zroute_client_submit, CLIENT, NULL_IS_BAD, 3,                                              \
      zroute_client_submit(HANDLE, IN(0, "f"), IN(1, "\xc0"), 1, 0, OUT(2, uint64_t)))           \
    F(zroute_client_set_meta, CLIENT, NULL_IS_BAD, 1,                                            \
      zroute_client_set_meta(HANDLE, IN(0, "\x80"), 1))                                          \
    F(zroute_client_collect, CLIENT, NULL_IS_BAD, 1,                                             \
      zroute_client_collect(HANDLE, 0, OUT(0, zroute_answer *)))                                 \
    F(zroute_client_wait, CLIENT, NULL_IS_BAD, 1,                                                \
      zroute_client_wait(HANDLE, 1, OUT(0, zroute_answer *)))                                    \
    F(zroute_client_cancel, CLIENT, NULL_IS_BAD, 0, zroute_client_cancel(HANDLE, 1))             \
    F(zroute_client_count, CLIENT, NULL_IS_BAD, 1,                                               \
      zroute_client_count(HANDLE, OUT(0, zroute_client_counters)))                               \
    F(zroute_client_exchange, CLIENT, NULL_IS_BAD, 3,                                            \
      zroute_client_exchange(HANDLE, IN(0, "\x90"), 1, 0, -2, 0, OUT(1, const void *),           \
                             OUT(2, size_t)))                                                    \
    F(zroute_client_free, CLIENT, NULL_IS_FINE, 0, zroute_client_free(HANDLE))                   \
    F(zroute_context_new, NO_HANDLE, NULL_IS_FINE, 1,                                            \
      zroute_context_new(OUT(0, zroute_context *)))                                              \
    F(zroute_context_set, CONTEXT, NULL_IS_BAD, 1,                                               \
      zroute_context_set(HANDLE, IN(0, "wait_ms"), 1000))                                        \
    F(zroute_context_get, CONTEXT, NULL_IS_BAD, 2,                                               \
      zroute_context_get(HANDLE, IN(0, "wait_ms"), OUT(1, int64_t)))                             \
    F(zroute_context_shutdown, CONTEXT, NULL_IS_BAD, 0, zroute_context_shutdown(HANDLE))         \
    F(zroute_context_free, CONTEXT, NULL_IS_FINE, 0, zroute_context_free(HANDLE))                \
    F(zroute_curve_public_key, NO_HANDLE, NULL_IS_FINE, 2,                                       \
      zroute_curve_public_key(IN(0, "yj=$pW}Jk10)TcE)@-IGs#yO4w>ZaS2v*p%8pLxq"), OUT(1, char)))   \
    F(zroute_error_number_text, NO_HANDLE, NULL_IS_FINE, 0,                                      \
      (zroute_error_number_text(11), ZROUTE_OK))                                                 \
    F(zroute_last_error_number, NO_HANDLE, NULL_IS_FINE, 0,                                      \
      (zroute_last_error_number(), ZROUTE_OK))                                                   \
    F(zroute_libzmq_version, NO_HANDLE, NULL_IS_FINE, 0,                                         \
      (zroute_libzmq_version(NULL, NULL, NULL), ZROUTE_OK))                                      \
    F(zroute_socket_new, CONTEXT, NULL_IS_BAD, 2,                                                \
      zroute_socket_new(HANDLE, IN(0, "ZMQ_PAIR"), OUT(1, zroute_socket *)))                     \
    F(zroute_socket_bind, SOCKET, NULL_IS_BAD, 1,                                                \
      zroute_socket_bind(HANDLE, IN(0, "inproc://table")))                                       \
    F(zroute_socket_connect, SOCKET, NULL_IS_BAD, 1,                                             \
      zroute_socket_connect(HANDLE, IN(0, "inproc://table")))                                    \
    F(zroute_socket_unbind, SOCKET, NULL_IS_BAD, 1,                                              \
      zroute_socket_unbind(HANDLE, IN(0, "inproc://table")))                                     \
    F(zroute_socket_disconnect, SOCKET, NULL_IS_BAD, 1,                                          \
      zroute_socket_disconnect(HANDLE, IN(0, "inproc://table")))                                 \
    F(zroute_socket_set_integer, SOCKET, NULL_IS_BAD, 1,                                         \
      zroute_socket_set_integer(HANDLE, IN(0, "ZMQ_LINGER"), 0))                                 \
    F(zroute_socket_set_bytes, SOCKET, NULL_IS_BAD, 2,                                           \
      zroute_socket_set_bytes(HANDLE, IN(0, "ZMQ_ROUTING_ID"), IN(1, "id"), 2))                  \
    F(zroute_socket_get_integer, SOCKET, NULL_IS_BAD, 2,                                         \
      zroute_socket_get_integer(HANDLE, IN(0, "ZMQ_LINGER"), OUT(1, int64_t)))                   \
    F(zroute_socket_get_bytes, SOCKET, NULL_IS_BAD, 3,                                           \
      zroute_socket_get_bytes(HANDLE, IN(0, "ZMQ_LAST_ENDPOINT"), OUT(1, const void *),          \
                              OUT(2, size_t)))                                                   \
    F(zroute_socket_subscribe, SOCKET, NULL_IS_BAD, 1,                                           \
      zroute_socket_subscribe(HANDLE, IN(0, "topic"), 5))                                        \
    F(zroute_socket_unsubscribe, SOCKET, NULL_IS_BAD, 1,                                         \
      zroute_socket_unsubscribe(HANDLE, IN(0, "topic"), 5))                                      \
    F(zroute_socket_send, SOCKET, NULL_IS_BAD, 1,                                                \
      zroute_socket_send(HANDLE, IN(0, "frame"), 5, ZROUTE_DONTWAIT))                            \
    F(zroute_socket_send_all, SOCKET, NULL_IS_BAD, 1,                                            \
      zroute_socket_send_all(HANDLE, IN(0, &one_frame), 1, ZROUTE_DONTWAIT))                     \
    F(zroute_socket_send_owned, SOCKET, NULL_IS_BAD, 2,                                          \
      zroute_socket_send_owned(HANDLE, IN(0, (void *)one_frame.data), 5,                         \
                               IN(1, kept_by_caller), NULL, ZROUTE_DONTWAIT))                    \
    F(zroute_socket_receive, SOCKET, NULL_IS_BAD, 3,                                             \
      zroute_socket_receive(HANDLE, ZROUTE_DONTWAIT, OUT(0, const void *), OUT(1, size_t),       \
                            OUT(2, int)))                                                        \
    F(zroute_socket_receive_all, SOCKET, NULL_IS_BAD, 2,                                         \
      zroute_socket_receive_all(HANDLE, ZROUTE_DONTWAIT, OUT(0, const zroute_frame *),           \
                                OUT(1, size_t)))                                                 \
    F(zroute_socket_poll, NO_HANDLE, NULL_IS_FINE, 1, zroute_socket_poll(NULL, 0, 0, OUT(0, size_t))) \
    F(zroute_socket_proxy, SOCKET, NULL_IS_BAD, 0,                                               \
      zroute_socket_proxy(HANDLE, HANDLE, NULL, NULL, 0))                                        \
    F(zroute_socket_monitor, SOCKET, NULL_IS_BAD, 0, zroute_socket_monitor(HANDLE, NULL, 0))     \
    F(zroute_socket_receive_event, SOCKET, NULL_IS_BAD, 1,                                       \
      zroute_socket_receive_event(HANDLE, ZROUTE_DONTWAIT, OUT(0, zroute_socket_event)))         \
    F(zroute_socket_free, SOCKET, NULL_IS_FINE, 0, zroute_socket_free(HANDLE))                   \
    F(zroute_z85_encode, NO_HANDLE, NULL_IS_FINE, 2,                                             \
      zroute_z85_encode(IN(0, "four"), 4, OUT(1, char), 6))                                      \
    F(zroute_z85_decode, NO_HANDLE, NULL_IS_FINE, 3,                                             \
      zroute_z85_decode(IN(0, "HelloWorld"), OUT(1, char), 8, OUT(2, size_t)))                   \
    F(zroute_curve_keypair, NO_HANDLE, NULL_IS_FINE, 2,                                          \
      zroute_curve_keypair(OUT(0, char), OUT(1, char)))                                          \
    F(zroute_last_error, NO_HANDLE, NULL_IS_FINE, 0, (zroute_last_error(NULL, 0), ZROUTE_OK))    \
    F(zroute_msgpack_skim, NO_HANDLE, NULL_IS_FINE, 3,                                           \
      zroute_msgpack_skim(IN(0, "\xc0"), 1, 0, OUT(1, uint64_t), OUT(2, size_t)))                \
    F(zroute_options_new, NO_HANDLE, NULL_IS_FINE, 1,                                            \
      zroute_options_new(OUT(0, zroute_options *)))                                              \
    F(zroute_options_set_integer, OPTIONS, NULL_IS_BAD, 1,                                       \
      zroute_options_set_integer(HANDLE, IN(0, "linger_ms"), 1))                                 \
    F(zroute_options_set_text, OPTIONS, NULL_IS_BAD, 2,                                          \
      zroute_options_set_text(HANDLE, IN(0, "values"), IN(1, "msgpack")))                        \
    F(zroute_options_free, OPTIONS, NULL_IS_FINE, 0, zroute_options_free(HANDLE))                \
    F(zroute_php_pack, NO_HANDLE, NULL_IS_FINE, 3,                                               \
      zroute_php_pack(IN(0, "N;"), 2, 0, OUT(1, const void *), OUT(2, size_t)))                  \
    F(zroute_php_pack_objects, NO_HANDLE, NULL_IS_FINE, 2,                                       \
      zroute_php_pack_objects(IN(0, "N;"), 2, 1, NULL, 0, OUT(1, zroute_php_text)))              \
    F(zroute_php_unpack, NO_HANDLE, NULL_IS_FINE, 3,                                             \
      zroute_php_unpack(IN(0, "\xc0"), 1, OUT(1, const void *), OUT(2, size_t)))                 \
    F(zroute_php_unpack_objects, NO_HANDLE, NULL_IS_FINE, 2,                                     \
      zroute_php_unpack_objects(IN(0, "\xc0"), 1, 1, NULL, 0, NULL, 0, 1000,                     \
                                OUT(1, zroute_php_text)))                                        \
    F(zroute_reader_new, NO_HANDLE, NULL_IS_FINE, 2,                                             \
      zroute_reader_new(IN(0, "\xc0"), 1, OUT(1, zroute_reader *)))                              \
    F(zroute_reader_reset, READER, NULL_IS_BAD, 1,                                               \
      zroute_reader_reset(HANDLE, IN(0, "\xc0"), 1))                                             \
    F(zroute_reader_next, READER, NULL_IS_BAD, 1,                                                \
      zroute_reader_next(HANDLE, OUT(0, zroute_item)))                                           \
    F(zroute_reader_peek, READER, NULL_IS_BAD, 1,                                                \
      zroute_reader_peek(HANDLE, OUT(0, zroute_item)))                                           \
    F(zroute_reader_integer, READER, NULL_IS_BAD, 1,                                             \
      zroute_reader_integer(HANDLE, OUT(0, int64_t)))                                            \
    F(zroute_reader_integers, READER, NULL_IS_BAD, 2,                                            \
      zroute_reader_integers(HANDLE, OUT(0, int64_t), 4, OUT(1, size_t)))                        \
    F(zroute_reader_number, READER, NULL_IS_BAD, 1,                                              \
      zroute_reader_number(HANDLE, OUT(0, double)))                                              \
    F(zroute_reader_array, READER, NULL_IS_BAD, 1,                                               \
      zroute_reader_array(HANDLE, OUT(0, uint32_t)))                                             \
    F(zroute_reader_map, READER, NULL_IS_BAD, 1, zroute_reader_map(HANDLE, OUT(0, uint32_t)))    \
    F(zroute_reader_bytes, READER, NULL_IS_BAD, 2,                                               \
      zroute_reader_bytes(HANDLE, OUT(0, const void *), OUT(1, size_t)))                         \
    F(zroute_reader_find, READER, NULL_IS_BAD, 1, zroute_reader_find(HANDLE, IN(0, "key")))      \
    F(zroute_reader_skip, READER, NULL_IS_BAD, 0, zroute_reader_skip(HANDLE))                    \
    F(zroute_reader_slice, READER, NULL_IS_BAD, 2,                                               \
      zroute_reader_slice(HANDLE, OUT(0, const void *), OUT(1, size_t)))                         \
    F(zroute_reader_free, READER, NULL_IS_FINE, 0, zroute_reader_free(HANDLE))                   \
    F(zroute_server_new, OPTIONS, NULL_IS_FINE, 1,                                               \
      zroute_server_new(HANDLE, OUT(0, zroute_server *)))                                        \
    F(zroute_server_bind, SERVER, NULL_IS_BAD, 1,                                                \
      zroute_server_bind(HANDLE, IN(0, "tcp://127.0.0.1:0")))                                    \
    F(zroute_server_endpoint, SERVER, NULL_IS_BAD, 1,                                            \
      zroute_server_endpoint(HANDLE, 0, OUT(0, const char *)))                                   \
    F(zroute_server_register, SERVER, NULL_IS_BAD, 2,                                            \
      zroute_server_register(HANDLE, IN(0, "f"), IN(1, callback), NULL, NULL))                   \
    F(zroute_server_register_raw, SERVER, NULL_IS_BAD, 1,                                        \
      zroute_server_register_raw(HANDLE, IN(0, callback), NULL, NULL))                           \
    F(zroute_server_declare, SERVER, NULL_IS_BAD, 2,                                             \
      zroute_server_declare(HANDLE, IN(0, "f"), OUT(1, uint32_t)))                               \
    F(zroute_server_describe, SERVER, NULL_IS_BAD, 2,                                            \
      zroute_server_describe(HANDLE, IN(0, "f"), IN(1, "\x80"), 1))                              \
    F(zroute_server_want_context, SERVER, NULL_IS_BAD, 0,                                        \
      zroute_server_want_context(HANDLE, NULL))                                                  \
    F(zroute_server_serve_supervisor, SERVER, NULL_IS_BAD, 0,                                    \
      zroute_server_serve_supervisor(HANDLE))                                                    \
    F(zroute_server_drain, SERVER, NULL_IS_BAD, 0, zroute_server_drain(HANDLE, 0))               \
    F(zroute_server_refuse_open, SERVER, NULL_IS_BAD, 0, zroute_server_refuse_open(HANDLE))      \
    F(zroute_server_declare_raw, SERVER, NULL_IS_BAD, 0, zroute_server_declare_raw(HANDLE))      \
    F(zroute_server_reload_keys, SERVER, NULL_IS_BAD, 0, zroute_server_reload_keys(HANDLE))      \
    F(zroute_server_run, SERVER, NULL_IS_BAD, 0, zroute_server_run(HANDLE))                      \
    F(zroute_server_step, SERVER, NULL_IS_BAD, 0,                                                \
      zroute_server_step(HANDLE, 0, OUT(0, size_t)))                                             \
    F(zroute_server_stop, SERVER, NULL_IS_BAD, 0, zroute_server_stop(HANDLE))                    \
    F(zroute_server_count, SERVER, NULL_IS_BAD, 1,                                               \
      zroute_server_count(HANDLE, OUT(0, zroute_server_counters)))                               \
    F(zroute_server_exchange, SERVER, NULL_IS_BAD, 3,                                            \
      zroute_server_exchange(HANDLE, IN(0, "\x80"), 1, 1, 0, OUT(1, const void *),               \
                             OUT(2, size_t)))                                                    \
    F(zroute_server_answer, SERVER, NULL_IS_BAD, 1,                                              \
      zroute_server_answer(HANDLE, 1, IN(0, "\xc0"), 1))                                         \
    F(zroute_server_stream, SERVER, NULL_IS_BAD, 1,                                              \
      zroute_server_stream(HANDLE, 1, IN(0, "\xc0"), 1, NULL))                                   \
    F(zroute_server_end_stream, SERVER, NULL_IS_BAD, 0, zroute_server_end_stream(HANDLE, 1))     \
    F(zroute_server_fail, SERVER, NULL_IS_BAD, 1,                                                \
      zroute_server_fail(HANDLE, 1, 1, NULL, IN(0, "text")))                                     \
    F(zroute_server_free, SERVER, NULL_IS_FINE, 0, zroute_server_free(HANDLE))                   \
    F(zroute_status_name, NO_HANDLE, NULL_IS_FINE, 0, (zroute_status_name(0), ZROUTE_OK))        \
    F(zroute_version, NO_HANDLE, NULL_IS_FINE, 0, (zroute_version(), ZROUTE_OK))                 \
    F(zroute_version_number, NO_HANDLE, NULL_IS_FINE, 0, (zroute_version_number(), ZROUTE_OK))   \
    F(zroute_writer_new, NO_HANDLE, NULL_IS_FINE, 1, zroute_writer_new(OUT(0, zroute_writer *))) \
    F(zroute_writer_clear, WRITER, NULL_IS_BAD, 0, zroute_writer_clear(HANDLE))                  \
    F(zroute_writer_nil, WRITER, NULL_IS_BAD, 0, zroute_writer_nil(HANDLE))                      \
    F(zroute_writer_boolean, WRITER, NULL_IS_BAD, 0, zroute_writer_boolean(HANDLE, 1))           \
    F(zroute_writer_integer, WRITER, NULL_IS_BAD, 0, zroute_writer_integer(HANDLE, 1))           \
    F(zroute_writer_unsigned, WRITER, NULL_IS_BAD, 0, zroute_writer_unsigned(HANDLE, 1))         \
    F(zroute_writer_number, WRITER, NULL_IS_BAD, 0, zroute_writer_number(HANDLE, 1.0))           \
    F(zroute_writer_text, WRITER, NULL_IS_BAD, 1, zroute_writer_text(HANDLE, IN(0, "text")))     \
    F(zroute_writer_binary, WRITER, NULL_IS_BAD, 1, zroute_writer_binary(HANDLE, IN(0, "b"), 1)) \
    F(zroute_writer_array, WRITER, NULL_IS_BAD, 0, zroute_writer_array(HANDLE, 1))               \
    F(zroute_writer_map, WRITER, NULL_IS_BAD, 0, zroute_writer_map(HANDLE, 1))                   \
    F(zroute_writer_extension, WRITER, NULL_IS_BAD, 1,                                           \
      zroute_writer_extension(HANDLE, 1, IN(0, "b"), 1))                                         \
    F(zroute_writer_packed, WRITER, NULL_IS_BAD, 1,                                              \
      zroute_writer_packed(HANDLE, IN(0, "\xc0"), 1))                                            \
    F(zroute_writer_bytes, WRITER, NULL_IS_BAD, 2,                                               \
      zroute_writer_bytes(HANDLE, OUT(0, const void *), OUT(1, size_t)))                         \
    F(zroute_writer_free, WRITER, NULL_IS_FINE, 0, zroute_writer_free(HANDLE))                   \
    F(zroute_zend_attach, NO_HANDLE, NULL_IS_FINE, 0, zroute_zend_attach(80200, 0))              \
    F(zroute_zend_slots, NO_HANDLE, NULL_IS_FINE, 4,                                             \
      zroute_zend_slots(IN(0, "a"), IN(1, "b"), IN(2, "c"), IN(3, "d")))                         \
    F(zroute_zend_objects, NO_HANDLE, NULL_IS_FINE, 3,                                           \
      zroute_zend_objects(IN(0, "a"), IN(1, "b"), IN(2, "c"), 1, 1))                             \
    F(zroute_zend_frames, NO_HANDLE, NULL_IS_FINE, 1, zroute_zend_frames(IN(0, "a"), 0))         \
    F(zroute_zend_server_exchange, NO_HANDLE, NULL_IS_FINE, 0,                                   \
      zroute_zend_server_exchange(GOOD(SERVER), 1, 0))                                           \
    F(zroute_zend_server_answer, NO_HANDLE, NULL_IS_FINE, 0,                                     \
      zroute_zend_server_answer(GOOD(SERVER), 1))                                                \
    F(zroute_zend_server_stream, NO_HANDLE, NULL_IS_FINE, 1,                                     \
      zroute_zend_server_stream(GOOD(SERVER), 1, OUT(0, uint32_t)))                              \
    F(zroute_zend_client_exchange, NO_HANDLE, NULL_IS_FINE, 0,                                   \
      zroute_zend_client_exchange(GOOD(CLIENT), 0, -1, 0))

#define DEFINE(name, kind, null_handle, arguments, ...)    \
    static zroute_status name##_##kind(struct attempt *attempt) \
    {                                                      \
        (void)attempt;                                     \
        return __VA_ARGS__;                                \
    }
FUNCTIONS(DEFINE)

#define ROW(name, kind, null_handle, arguments, ...) \
    {#name, kind, null_handle, arguments, name##_##kind},
const struct function functions[] = {FUNCTIONS(ROW)};
const size_t function_count = sizeof functions / sizeof functions[0];

zroute_status attempted(const struct function *function, const struct handles *good,
                        void *handle, int missing)
{
    struct attempt attempt, before;
    zroute_status status;
    memset(&attempt, 0xa5, sizeof attempt);
    attempt.handle = handle;
    attempt.good = good;
    attempt.missing = missing;
    before = attempt;
    status = function->attempt(&attempt);
    if (status != ZROUTE_OK
        && memcmp(attempt.outputs, before.outputs, sizeof attempt.outputs) != 0) {
        fail_msg("%s failed and wrote to its outputs", function->name);
    }
    return status;
}

struct handles make_handles(void)
{
    struct handles made;
    zroute_options *options;
    zroute_reader *reader;
    zroute_writer *writer;
    zroute_call *call = NULL;
    zroute_context *context;
    zroute_socket *socket;

    memset(&made, 0, sizeof made);
    made.pair = make_pair_with(NULL, NULL);
    assert_status(ZROUTE_OK,
                  zroute_server_register(made.pair->server, "echo", echo, NULL, NULL));
    assert_status(ZROUTE_OK,
                  zroute_server_register(made.pair->server, "keep", keep, &call, NULL));
    made.of[ANSWER] = called(made.pair, "echo", PACKED("\x01"));
    submit(made.pair, "keep", PACKED("\x02"));
    serve_calls(made.pair, 2);
    made.of[CALL] = call;
    assert_status(ZROUTE_OK, zroute_options_new(&options));
    assert_status(ZROUTE_OK, zroute_reader_new(PACKED("\x81\xa3key\x01"), &reader));
    assert_status(ZROUTE_OK, zroute_writer_new(&writer));
    assert_status(ZROUTE_OK, zroute_context_new(&context));
    assert_status(ZROUTE_OK, zroute_socket_new(context, "ZMQ_PAIR", &socket));
    made.of[CONTEXT] = context;
    made.of[SOCKET] = socket;
    made.of[OPTIONS] = options;
    made.of[READER] = reader;
    made.of[WRITER] = writer;
    made.of[SERVER] = made.pair->server;
    made.of[CLIENT] = made.pair->client;
    return made;
}

void free_handles(struct handles *handles)
{
    void *pair = handles->pair;
    assert_status(ZROUTE_OK, zroute_options_free(handles->of[OPTIONS]));
    assert_status(ZROUTE_OK, zroute_reader_free(handles->of[READER]));
    assert_status(ZROUTE_OK, zroute_writer_free(handles->of[WRITER]));
    assert_status(ZROUTE_OK, zroute_socket_free(handles->of[SOCKET]));
    assert_status(ZROUTE_OK, zroute_context_free(handles->of[CONTEXT]));
    assert_status(ZROUTE_OK, zroute_answer_free(handles->of[ANSWER]));
    assert_status(ZROUTE_OK, zroute_call_free(handles->of[CALL]));
    free_pair(&pair);
}
