//! Callers that were given up, for a host that tells of it.

use std::collections::VecDeque;
use std::time::Duration;

use super::{Route, Server};
use crate::msgpack::Reader;

/// So many are remembered; the counters have the others.
const MOST: usize = 16;
/// Of a channel's id, which its caller has chosen.
const LONGEST_ID: usize = 64;

/// Why a caller was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Nothing was heard of it for too long.
    Silent,
    /// Its connection has gone, or takes no more.
    Gone,
    /// It took nothing of a stream for too long.
    Stalled,
}

/// A caller that was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenUp {
    /// Why.
    pub loss: Loss,
    /// Which function it had called.
    pub route: Route,
    /// Where it was: `192.0.2.7:50000`, `ipc`, or nothing where it is not known any more.
    pub peer: String,
    /// What it had called its channel.
    pub channel: String,
    /// How long its call had been open.
    pub lasted: Duration,
}

/// The latest ones that nobody has taken.
#[derive(Default)]
pub struct GivenUps(VecDeque<GivenUp>);

impl Server {
    /// A caller that was given up, the earliest that nobody has asked about yet. Of many
    /// only some are remembered.
    pub fn take_given_up(&mut self) -> Option<GivenUp> {
        self.given_up.0.pop_front()
    }

    /// Takes note of it, before its call is forgotten.
    pub(super) fn note_given_up(&mut self, token: u64, loss: Loss) {
        let Some(call) = self.open.get(token).filter(|call| !call.is_relayed()) else {
            return;
        };
        match loss {
            Loss::Silent | Loss::Gone => self.counters.callers_lost += 1,
            Loss::Stalled => self.counters.callers_stalled += 1,
        }
        let Some(channel) = call.channel().filter(|_| self.given_up.0.len() < MOST) else {
            return;
        };
        let peer = call.envelope.frames().next().unwrap_or_default();
        self.given_up.0.push_back(GivenUp {
            loss,
            route: call.route,
            peer: self.transport.address(peer),
            channel: printable(&channel.id),
            lasted: channel.opened.elapsed(),
        });
    }
}

/// A channel's id as a text, or its bytes in hex.
fn printable(id: &[u8]) -> String {
    match Reader::new(id).text_or_binary() {
        Ok(text) => {
            let text = text.get(..LONGEST_ID).unwrap_or(text);
            String::from_utf8_lossy(text).escape_debug().to_string()
        }
        Err(_) => format!("{id:02x?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn a_channel_is_called_what_its_caller_calls_it() {
        assert_eq!(printable(b"\xc4\x02ab"), "ab");
        assert_eq!(printable(b"\xa3a\nb"), "a\\nb");
        assert_eq!(printable(b"\xcd\x01\x07"), "[cd, 01, 07]");
        let long = [&b"\xc5\x01\x00"[..], &[b'x'; 256]].concat();
        assert_eq!(printable(&long), "x".repeat(64));
    }
}
