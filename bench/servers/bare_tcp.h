/* What travels between bare_tcp_server and bare_tcp_client. */
#ifndef BARE_TCP_H
#define BARE_TCP_H

/* Near the size of the call of demo 6 (41 bytes) with ZMTP's frame headers around it. */
enum { BARE_TCP_REQUEST_SIZE = 46, BARE_TCP_ANSWER = 19 };

#endif
