//! libzmq's names: socket types, options of sockets and of contexts.

use std::ffi::c_int;

/// The form that libzmq has an option's value in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// An `int`.
    Int,
    /// An `int64_t`.
    Long,
    /// An `uint64_t`.
    Unsigned,
    /// Bytes of any kind.
    Bytes,
    /// A text that libzmq ends with a NUL.
    Text,
    /// A CURVE key: 32 bytes, or 40 characters of Z85 when it is set.
    Key,
}

/// An option that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketOption {
    /// libzmq's number.
    pub number: c_int,
    /// The form of its value.
    pub form: Form,
}

/// A socket type's number by its name, such as `ZMQ_REQ`.
#[must_use]
pub fn kind(name: &str) -> Option<c_int> {
    Some(match name.strip_prefix("ZMQ_")? {
        "PAIR" => 0,
        "PUB" => 1,
        "SUB" => 2,
        "REQ" => 3,
        "REP" => 4,
        "DEALER" | "XREQ" => 5,
        "ROUTER" | "XREP" => 6,
        "PULL" => 7,
        "PUSH" => 8,
        "XPUB" => 9,
        "XSUB" => 10,
        "STREAM" => 11,
        _ => return None,
    })
}

/// A context's option by its name, such as `ZMQ_IO_THREADS`.
#[must_use]
pub fn context_option(name: &str) -> Option<c_int> {
    Some(match name.strip_prefix("ZMQ_")? {
        "IO_THREADS" => 1,
        "MAX_SOCKETS" => 2,
        "SOCKET_LIMIT" | "THREAD_PRIORITY" => 3,
        "THREAD_SCHED_POLICY" => 4,
        "MAX_MSGSZ" => 5,
        "MSG_T_SIZE" => 6,
        "THREAD_AFFINITY_CPU_ADD" => 7,
        "THREAD_AFFINITY_CPU_REMOVE" => 8,
        "THREAD_NAME_PREFIX" => 9,
        "IPV6" => 42,
        "BLOCKY" => 70,
        _ => return None,
    })
}

/// A socket's option by its name, such as `ZMQ_RCVHWM`: the stable ones of
/// libzmq 4.3, and the names that they had before.
#[must_use]
pub fn socket_option(name: &str) -> Option<SocketOption> {
    use Form::{Bytes, Int, Key, Long, Text, Unsigned};
    let (number, form) = match name.strip_prefix("ZMQ_")? {
        "AFFINITY" => (4, Unsigned),
        "ROUTING_ID" | "IDENTITY" => (5, Bytes),
        "SUBSCRIBE" => (6, Bytes),
        "UNSUBSCRIBE" => (7, Bytes),
        "RATE" => (8, Int),
        "RECOVERY_IVL" => (9, Int),
        "SNDBUF" => (11, Int),
        "RCVBUF" => (12, Int),
        "RCVMORE" => (13, Int),
        "FD" => (14, Int),
        "EVENTS" => (15, Int),
        "TYPE" => (16, Int),
        "LINGER" => (17, Int),
        "RECONNECT_IVL" => (18, Int),
        "BACKLOG" => (19, Int),
        "RECONNECT_IVL_MAX" => (21, Int),
        "MAXMSGSIZE" => (22, Long),
        "SNDHWM" => (23, Int),
        "RCVHWM" => (24, Int),
        "MULTICAST_HOPS" => (25, Int),
        "RCVTIMEO" => (27, Int),
        "SNDTIMEO" => (28, Int),
        "IPV4ONLY" => (31, Int),
        "LAST_ENDPOINT" => (32, Text),
        "ROUTER_MANDATORY" | "ROUTER_BEHAVIOR" | "FAIL_UNROUTABLE" => (33, Int),
        "TCP_KEEPALIVE" => (34, Int),
        "TCP_KEEPALIVE_CNT" => (35, Int),
        "TCP_KEEPALIVE_IDLE" => (36, Int),
        "TCP_KEEPALIVE_INTVL" => (37, Int),
        "TCP_ACCEPT_FILTER" => (38, Bytes),
        "IMMEDIATE" | "DELAY_ATTACH_ON_CONNECT" => (39, Int),
        "XPUB_VERBOSE" => (40, Int),
        "ROUTER_RAW" => (41, Int),
        "IPV6" => (42, Int),
        "MECHANISM" => (43, Int),
        "PLAIN_SERVER" => (44, Int),
        "PLAIN_USERNAME" => (45, Text),
        "PLAIN_PASSWORD" => (46, Text),
        "CURVE_SERVER" => (47, Int),
        "CURVE_PUBLICKEY" => (48, Key),
        "CURVE_SECRETKEY" => (49, Key),
        "CURVE_SERVERKEY" => (50, Key),
        "PROBE_ROUTER" => (51, Int),
        "REQ_CORRELATE" => (52, Int),
        "REQ_RELAXED" => (53, Int),
        "CONFLATE" => (54, Int),
        "ZAP_DOMAIN" => (55, Text),
        "ROUTER_HANDOVER" => (56, Int),
        "TOS" => (57, Int),
        "IPC_FILTER_PID" => (58, Int),
        "IPC_FILTER_UID" => (59, Int),
        "IPC_FILTER_GID" => (60, Int),
        "CONNECT_ROUTING_ID" | "CONNECT_RID" => (61, Bytes),
        "GSSAPI_SERVER" => (62, Int),
        "GSSAPI_PRINCIPAL" => (63, Text),
        "GSSAPI_SERVICE_PRINCIPAL" => (64, Text),
        "GSSAPI_PLAINTEXT" => (65, Int),
        "HANDSHAKE_IVL" => (66, Int),
        "SOCKS_PROXY" => (68, Text),
        "XPUB_NODROP" => (69, Int),
        "XPUB_MANUAL" => (71, Int),
        "XPUB_WELCOME_MSG" => (72, Bytes),
        "STREAM_NOTIFY" => (73, Int),
        "INVERT_MATCHING" => (74, Int),
        "HEARTBEAT_IVL" => (75, Int),
        "HEARTBEAT_TTL" => (76, Int),
        "HEARTBEAT_TIMEOUT" => (77, Int),
        "XPUB_VERBOSER" => (78, Int),
        "CONNECT_TIMEOUT" => (79, Int),
        "TCP_MAXRT" => (80, Int),
        "THREAD_SAFE" => (81, Int),
        "MULTICAST_MAXTPDU" => (84, Int),
        "VMCI_BUFFER_SIZE" => (85, Unsigned),
        "VMCI_BUFFER_MIN_SIZE" => (86, Unsigned),
        "VMCI_BUFFER_MAX_SIZE" => (87, Unsigned),
        "VMCI_CONNECT_TIMEOUT" => (88, Int),
        "USE_FD" => (89, Int),
        "GSSAPI_PRINCIPAL_NAMETYPE" => (90, Int),
        "GSSAPI_SERVICE_PRINCIPAL_NAMETYPE" => (91, Int),
        "BINDTODEVICE" => (92, Text),
        _ => return None,
    };
    Some(SocketOption { number, form })
}
