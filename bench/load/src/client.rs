//! The two kinds of clients. Both check every answer.

use std::fmt;
use std::time::{Duration, Instant};

use crate::plus_call;

/// Why a run fails.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// An answer that is not 19.
    WrongAnswer(Vec<u8>),
    /// An answer to a call that this client did not make, or that has been answered.
    UnknownCall(Vec<u8>),
    /// An answer with too few or too many frames.
    WrongFrames(&'static str),
    /// A call that stayed without an answer.
    NoAnswer {
        /// Calls without an answer.
        in_flight: usize,
        /// How long the client has waited.
        waited: Duration,
    },
    /// libzmq or the system refused something.
    Refused {
        /// What was tried.
        action: &'static str,
        /// What the system said.
        reason: String,
    },
}

impl Failure {
    /// For `map_err`: what was tried, with the error that came.
    pub fn refused<E: fmt::Display>(action: &'static str) -> impl FnOnce(E) -> Self {
        move |error| Self::Refused {
            action,
            reason: error.to_string(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongAnswer(answer) => write!(
                f,
                "wrong answer: expected {:02x?} (19), got {answer:02x?}",
                plus_call::ANSWER
            ),
            Self::UnknownCall(id) => {
                write!(
                    f,
                    "an answer to no pending call of its client, id {id:02x?}"
                )
            }
            Self::WrongFrames(problem) => write!(f, "wrong frames in an answer: {problem}"),
            Self::NoAnswer { in_flight, waited } => {
                write!(f, "{in_flight} calls without an answer after {waited:?}")
            }
            Self::Refused { action, reason } => write!(f, "{action}: {reason}"),
        }
    }
}

/// How a client takes an answer.
#[derive(Debug)]
pub struct Turn<'a> {
    /// Wait for it, up to the patience that the socket was opened with.
    pub wait: bool,
    /// Make a new call for it.
    pub call_again: bool,
    /// Where the time from call to answer goes, if it counts now.
    pub latencies: Option<&'a mut Vec<Duration>>,
}

/// A client with a fixed number of calls in flight.
pub trait Client: Send + 'static {
    /// The socket, to wait on.
    fn socket(&self) -> &zmq::Socket;

    /// Makes the first calls.
    fn start(&mut self) -> Result<(), Failure>;

    /// Takes one answer and checks it. `false` when there is none.
    fn take_answer(&mut self, turn: Turn) -> Result<bool, Failure>;

    /// Calls without an answer yet.
    fn in_flight(&self) -> usize;
}

/// Opens a connected socket whose calls fail after `patience`. The I/O thread of the
/// context with this number carries its bytes.
fn connect(
    context: &zmq::Context,
    kind: zmq::SocketType,
    endpoint: &str,
    patience: Duration,
    io_thread: u16,
) -> Result<zmq::Socket, Failure> {
    let millis = i32::try_from(patience.as_millis()).unwrap_or(i32::MAX);
    let open = || -> zmq::Result<zmq::Socket> {
        let socket = context.socket(kind)?;
        socket.set_linger(0)?;
        socket.set_rcvtimeo(millis)?;
        socket.set_sndtimeo(millis)?;
        // The window alone bounds the queues.
        socket.set_sndhwm(0)?;
        socket.set_rcvhwm(0)?;
        socket.set_affinity(1 << io_thread)?;
        socket.connect(endpoint)?;
        Ok(socket)
    };
    open().map_err(Failure::refused("connect"))
}

fn send(socket: &zmq::Socket, frame: &[u8], flags: i32) -> Result<(), Failure> {
    socket.send(frame, flags).map_err(Failure::refused("send"))
}

/// Receives a first frame; `false` when there is none.
fn receive_first(
    socket: &zmq::Socket,
    frame: &mut zmq::Message,
    wait: bool,
) -> Result<bool, Failure> {
    let flags = if wait { 0 } else { zmq::DONTWAIT };
    match socket.recv(frame, flags) {
        Ok(()) => Ok(true),
        Err(zmq::Error::EAGAIN | zmq::Error::EINTR) => Ok(false),
        Err(error) => Err(Failure::refused("receive")(error)),
    }
}

/// Receives a frame of a message that has begun: libzmq delivers messages whole.
fn receive_next(socket: &zmq::Socket, frame: &mut zmq::Message) -> Result<(), Failure> {
    if !frame.get_more() {
        return Err(Failure::WrongFrames("too few"));
    }
    socket
        .recv(frame, zmq::DONTWAIT)
        .map_err(Failure::refused("receive"))
}

fn check_answer(frame: &zmq::Message) -> Result<(), Failure> {
    if frame.get_more() {
        Err(Failure::WrongFrames("more after the body"))
    } else if frame[..] == *plus_call::ANSWER {
        Ok(())
    } else {
        Err(Failure::WrongAnswer(frame.to_vec()))
    }
}

/// A REQ socket: one call in flight.
pub struct ReqClient {
    socket: zmq::Socket,
    frame: zmq::Message,
    called_at: Option<Instant>,
}

impl ReqClient {
    /// Connects. `patience` bounds each wait.
    pub fn connect(
        context: &zmq::Context,
        endpoint: &str,
        patience: Duration,
        io_thread: u16,
    ) -> Result<Self, Failure> {
        Ok(Self {
            socket: connect(context, zmq::REQ, endpoint, patience, io_thread)?,
            frame: zmq::Message::new(),
            called_at: None,
        })
    }
}

impl Client for ReqClient {
    fn socket(&self) -> &zmq::Socket {
        &self.socket
    }

    fn start(&mut self) -> Result<(), Failure> {
        self.called_at = Some(Instant::now());
        send(&self.socket, plus_call::REQUEST, 0)
    }

    fn take_answer(&mut self, turn: Turn) -> Result<bool, Failure> {
        let Some(called_at) = self.called_at else {
            return Ok(false);
        };
        if !receive_first(&self.socket, &mut self.frame, turn.wait)? {
            return Ok(false);
        }
        check_answer(&self.frame)?;
        self.called_at = None;
        if let Some(latencies) = turn.latencies {
            latencies.push(called_at.elapsed());
        }
        if turn.call_again {
            self.start()?;
        }
        Ok(true)
    }

    fn in_flight(&self) -> usize {
        usize::from(self.called_at.is_some())
    }
}

/// A DEALER socket: `window` calls in flight, told apart by an 8-byte id that a
/// server echoes with the rest of the envelope. Latencies are not taken.
pub struct DealerClient {
    socket: zmq::Socket,
    frame: zmq::Message,
    /// The id of the call in flight in each slot of the window.
    pending: Vec<Option<u64>>,
    in_flight: usize,
    next_call: u64,
    /// Marks the ids of this client, so that another one's answer is noticed.
    number: u16,
}

/// Bits of an id that hold the slot; the client's number has as many at the top.
const SLOT_BITS: u32 = 16;

impl DealerClient {
    /// Connects. `number` differs between the clients of a run.
    pub fn connect(
        context: &zmq::Context,
        endpoint: &str,
        patience: Duration,
        io_thread: u16,
        window: u16,
        number: u16,
    ) -> Result<Self, Failure> {
        Ok(Self {
            socket: connect(context, zmq::DEALER, endpoint, patience, io_thread)?,
            frame: zmq::Message::new(),
            pending: vec![None; usize::from(window)],
            in_flight: 0,
            next_call: 0,
            number,
        })
    }

    fn call(&mut self, slot: usize) -> Result<(), Failure> {
        let id =
            u64::from(self.number) << (64 - SLOT_BITS) | self.next_call << SLOT_BITS | slot as u64;
        self.next_call += 1;
        self.pending[slot] = Some(id);
        self.in_flight += 1;
        send(&self.socket, &id.to_be_bytes(), zmq::SNDMORE)?;
        send(&self.socket, b"", zmq::SNDMORE)?;
        send(&self.socket, plus_call::REQUEST, 0)
    }

    /// Takes one answer's slot out of the pending ones.
    fn settle(&mut self) -> Result<usize, Failure> {
        let unknown = || Failure::UnknownCall(self.frame.to_vec());
        let bytes = <[u8; 8]>::try_from(&self.frame[..]).map_err(|_| unknown())?;
        let id = u64::from_be_bytes(bytes);
        let slot = usize::from(u16::from_be_bytes([bytes[6], bytes[7]]));
        if self.pending.get(slot) != Some(&Some(id)) {
            return Err(unknown());
        }
        self.pending[slot] = None;
        self.in_flight -= 1;
        Ok(slot)
    }
}

impl Client for DealerClient {
    fn socket(&self) -> &zmq::Socket {
        &self.socket
    }

    fn start(&mut self) -> Result<(), Failure> {
        (0..self.pending.len()).try_for_each(|slot| self.call(slot))
    }

    fn take_answer(&mut self, turn: Turn) -> Result<bool, Failure> {
        if !receive_first(&self.socket, &mut self.frame, turn.wait)? {
            return Ok(false);
        }
        let slot = self.settle()?;
        receive_next(&self.socket, &mut self.frame)?;
        if !self.frame.is_empty() {
            return Err(Failure::WrongFrames("no empty one after the id"));
        }
        receive_next(&self.socket, &mut self.frame)?;
        check_answer(&self.frame)?;
        if turn.call_again {
            self.call(slot)?;
        }
        Ok(true)
    }

    fn in_flight(&self) -> usize {
        self.in_flight
    }
}
