/* A plain libzmq socket: a peer that does what this library never would. */
#ifndef RAW_SOCKET_H
#define RAW_SOCKET_H

#include "pair.h"

#define MOST_FRAMES 8
#define LARGEST_FRAME 4096

struct frame {
    const void *data;
    size_t size;
};

struct message {
    size_t count;
    struct {
        size_t size;
        unsigned char data[LARGEST_FRAME];
    } frames[MOST_FRAMES];
};

struct raw_socket {
    void *context;
    void *socket;
    char endpoint[128];
};

/* A literal as a frame; FRAME("") is an empty one. */
#define FRAME(literal) {(literal), sizeof(literal) - 1}

/* `type` is one of libzmq's, such as ZMQ_ROUTER. */
void raw_bind(struct raw_socket *raw, int type);
void raw_connect(struct raw_socket *raw, int type, const char *endpoint);
void raw_close(struct raw_socket *raw);

/* Sends one message; waits for room. */
void raw_send(struct raw_socket *raw, const struct frame *frames, size_t count);

#define raw_send_frames(raw, ...)                                          \
    raw_send((raw), (const struct frame[]){__VA_ARGS__},                   \
             sizeof((const struct frame[]){__VA_ARGS__}) / sizeof(struct frame))

/* Takes a message that is here; 0 when none is. */
int raw_take(struct raw_socket *raw, struct message *message);

/* Waits for a message. */
void raw_awaited(struct raw_socket *raw, struct message *message);

/* Serves the pair's server until the peer has got a message. */
void raw_served(struct raw_socket *raw, struct pair *pair, struct message *message);

/* Lets the client send until the peer has got a message. */
void raw_requested(struct raw_socket *raw, zroute_client *client, struct message *message);

/* A message is one body, without delimiter or behind one; its bytes are the literal. */
#define assert_body(literal, message) \
    assert_packed((message)->frames[(message)->count - 1].data, \
                  (message)->frames[(message)->count - 1].size, literal)

/* What a demo client sends to call `f` with nil. */
#define CALL_OF_F "\x82\xad" "function_name\xa1" "f\xaaparameters\xc0"

/* The code of the fault that a message carries in the plain dialect. */
int64_t fault_code(const struct message *message);

#endif
