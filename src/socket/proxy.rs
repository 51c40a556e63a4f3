//! Two sockets joined: what comes at one goes out at the other.

use std::ffi::c_int;

use super::{DONTWAIT, Error, IN, Item, MORE, OUT, Socket, Value, poll, socket_option};
use crate::transport::plain::{Errno, Message};

/// Messages that go one way before the other gets its turn.
const BURST: usize = 256;

/// Why a proxy returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proxied {
    /// Nothing moved for as long as was asked for.
    Idle,
    /// The control socket said TERMINATE.
    Terminated,
}

/// What went through one of the two sockets, as libzmq counts it.
#[derive(Clone, Copy, Default)]
struct Passed {
    messages_in: u64,
    bytes_in: u64,
    messages_out: u64,
    bytes_out: u64,
}

/// One direction.
struct Way<'a> {
    from: &'a Socket,
    to: &'a Socket,
    readable: bool,
    writable: bool,
    /// A REP is never ready for what is no answer: better an error than a wait
    /// without end.
    tries: bool,
}

/// Passes messages between two sockets, whole, until nothing has come for
/// `milliseconds`, -1 for ever, or control ends it. A copy of each goes to
/// `capture`. A message is only taken when there is room for it, so none is
/// held when this returns.
pub fn proxy(
    front: &Socket,
    back: &Socket,
    capture: Option<&Socket>,
    control: Option<&Socket>,
    milliseconds: i64,
) -> Result<Proxied, Error> {
    let failed = Error::of("pass messages on");
    let mut passed = [Passed::default(); 2];
    let way = |from, to| -> Result<_, Error> {
        let tries = is_reply(to)?;
        Ok(Way {
            from,
            to,
            readable: false,
            writable: tries,
            tries,
        })
    };
    let mut ways = [way(front, back)?, way(back, front)?];
    let mut captures = capture.is_none();
    let mut pauses = false;
    loop {
        let [there, here] = &ways;
        let wanted = |reads: &Way<'_>, writes: &Way<'_>| {
            let mut events = 0;
            if !reads.readable && !pauses {
                events |= IN;
            }
            if writes.readable && !writes.writable && !pauses {
                events |= OUT;
            }
            events
        };
        let waits_for_capture = !captures && ways.iter().any(|way| way.readable) && !pauses;
        let items = [
            Some((Item::Socket(front), wanted(there, here))),
            Some((Item::Socket(back), wanted(here, there))),
            capture.map(|socket| {
                (
                    Item::Socket(socket),
                    if waits_for_capture { OUT } else { 0 },
                )
            }),
            control.map(|socket| (Item::Socket(socket), IN)),
        ];
        let places: Vec<usize> = (0..4).filter(|place| items[*place].is_some()).collect();
        let mut ready = [0_i16; 4];
        let count = poll(
            items.into_iter().flatten(),
            milliseconds,
            |index, events| {
                ready[places[index]] = events;
            },
        )?;
        if count == 0 {
            return Ok(Proxied::Idle);
        }
        ways[0].readable |= ready[0] & IN != 0;
        ways[1].writable |= ready[0] & OUT != 0;
        ways[1].readable |= ready[1] & IN != 0;
        ways[0].writable |= ready[1] & OUT != 0;
        captures |= ready[2] & OUT != 0;
        if let Some(control) = control.filter(|_| ready[3] & IN != 0) {
            match command(control, &passed)? {
                Some(Command::Terminate) => return Ok(Proxied::Terminated),
                Some(Command::Pause) => pauses = true,
                Some(Command::Resume) => pauses = false,
                None => {}
            }
        }
        if pauses {
            continue;
        }
        for (index, way) in ways.iter_mut().enumerate() {
            let moved = way.pass(capture, &mut captures).map_err(&failed)?;
            let (from, to) = (index, 1 - index);
            passed[from].messages_in += moved.messages_in;
            passed[from].bytes_in += moved.bytes_in;
            passed[to].messages_out += moved.messages_out;
            passed[to].bytes_out += moved.bytes_out;
        }
    }
}

impl Way<'_> {
    /// Passes on what is here and has room, up to a burst.
    fn pass(&mut self, capture: Option<&Socket>, captures: &mut bool) -> Result<Passed, Errno> {
        let mut moved = Passed::default();
        if !self.readable {
            return Ok(moved);
        }
        for _ in 0..BURST {
            self.writable = self.tries || self.to.events()? & OUT != 0;
            if let Some(capture) = capture {
                *captures = capture.events()? & OUT != 0;
            }
            if !self.writable || !*captures {
                break;
            }
            let mut frame = Message::new();
            match self.from.receive(&mut frame, DONTWAIT) {
                Ok(()) => {}
                Err(Errno(libc::EAGAIN)) => {
                    self.readable = false;
                    break;
                }
                Err(number) => return Err(number),
            }
            loop {
                let more = frame.has_more();
                let bytes = frame.bytes().len() as u64;
                moved.bytes_in += bytes;
                moved.bytes_out += bytes;
                let flags = if more { MORE } else { 0 };
                if let Some(capture) = capture {
                    let mut copy = frame.share()?;
                    repeat(|| capture.send_message(&mut copy, flags))?;
                }
                repeat(|| self.to.send_message(&mut frame, flags))?;
                if !more {
                    break;
                }
                repeat(|| self.from.receive(&mut frame, 0))?;
            }
            moved.messages_in += 1;
            moved.messages_out += 1;
        }
        Ok(moved)
    }
}

/// Inside a message: a signal is no reason to lose the rest, and none of it
/// waits.
fn repeat(mut call: impl FnMut() -> Result<(), Errno>) -> Result<(), Errno> {
    loop {
        match call() {
            Err(Errno(libc::EINTR)) => {}
            other => return other,
        }
    }
}

enum Command {
    Pause,
    Resume,
    Terminate,
}

/// Takes one command, by `zmq_proxy_steerable(3)`, and answers it if it came from
/// a REQ.
fn command(control: &Socket, passed: &[Passed; 2]) -> Result<Option<Command>, Error> {
    let mut frames = Vec::new();
    match control.receive_all(&mut frames, DONTWAIT) {
        Ok(()) => {}
        Err(Errno(libc::EAGAIN)) => return Ok(None),
        Err(number) => return Err(Error::with("receive a command", "", number)),
    }
    let text = frames.first().map_or(&[][..], Message::bytes);
    let statistics = text == b"STATISTICS";
    let failed = Error::of("answer a command");
    if statistics || is_reply(control)? {
        let counts: Vec<[u8; 8]> = if statistics {
            passed
                .iter()
                .flat_map(|side| {
                    [
                        side.messages_in,
                        side.bytes_in,
                        side.messages_out,
                        side.bytes_out,
                    ]
                })
                .map(u64::to_ne_bytes)
                .collect()
        } else {
            Vec::new()
        };
        let answer: &[&[u8]] = &[b""];
        let sent = if counts.is_empty() {
            control.send_all(answer.iter().copied(), DONTWAIT)
        } else {
            control.send_all(counts.iter().map(<[u8; 8]>::as_slice), DONTWAIT)
        };
        match sent {
            Ok(()) | Err(Errno(libc::EAGAIN)) => {}
            Err(number) => return Err(failed(number)),
        }
    }
    Ok(match text {
        b"PAUSE" => Some(Command::Pause),
        b"RESUME" => Some(Command::Resume),
        b"TERMINATE" => Some(Command::Terminate),
        _ => None,
    })
}

fn is_reply(socket: &Socket) -> Result<bool, Error> {
    const REP: c_int = 4;
    let Some(option) = socket_option("ZMQ_TYPE") else {
        return Ok(false);
    };
    Ok(socket.get("ZMQ_TYPE", option)? == Value::Number(i64::from(REP)))
}
