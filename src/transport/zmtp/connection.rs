//! One peer.

use std::time::{Duration, Instant};

use super::handshake::Handshake;
use super::input::Input;
use super::output::Output;
use super::socket::Socket;
use crate::transport::assembly::Assembly;

/// How far a connection is.
#[derive(Debug)]
pub enum Phase {
    /// The system has not said yet whether the peer is there.
    Connecting,
    /// The two sides introduce themselves.
    Handshaking(Handshake),
    /// Messages travel.
    Up,
}

/// See the module.
#[derive(Debug)]
// Each is true or false for a reason of its own; together they are no state.
#[allow(clippy::struct_excessive_bools)]
pub struct Connection {
    /// Names it for good; also the routing id of its messages.
    pub key: u64,
    pub stream: Socket,
    /// Where the peer is, once somebody has asked.
    pub address: Option<Box<str>>,
    pub phase: Phase,
    pub input: Input,
    pub output: Output,
    /// A message of which some frames have come.
    pub assembly: Option<Assembly>,
    /// There may be something to read.
    pub readable: bool,
    /// The peer will send no more than what is here.
    pub ended: bool,
    /// It is in the engine's list of those that have something.
    pub listed: bool,
    /// It is in the engine's list of those that are to be written to.
    pub dirty: bool,
    /// It has been read from since the others had their turn.
    pub served: bool,
    /// It is not read from, because it does not read its answers.
    pub paused: bool,
    /// Streams wait for it to catch up.
    pub lags: bool,
    /// It asks for signs of life.
    pub pings: bool,
    /// It is this library, and knows what a goodbye is.
    pub is_zroute: bool,
    /// When something came last, by the engine's coarse clock.
    pub read_at: u64,
    /// After how much silence it is given up.
    pub patience: Option<Duration>,
    /// When something came last; kept only for those with a patience.
    pub heard: Instant,
    /// When its timers are due.
    pub handshake_due: Option<Instant>,
    pub heartbeat_due: Option<Instant>,
    pub silence_due: Option<Instant>,
}

impl Connection {
    pub fn new(key: u64, stream: Socket, phase: Phase, now: Instant) -> Self {
        Self {
            key,
            stream,
            address: None,
            phase,
            input: Input::default(),
            output: Output::default(),
            assembly: None,
            readable: false,
            ended: false,
            listed: false,
            dirty: false,
            served: false,
            paused: false,
            lags: false,
            pings: false,
            is_zroute: false,
            read_at: 0,
            patience: None,
            heard: now,
            handshake_due: None,
            heartbeat_due: None,
            silence_due: None,
        }
    }

    pub fn is_up(&self) -> bool {
        matches!(self.phase, Phase::Up)
    }
}
