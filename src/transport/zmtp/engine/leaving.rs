//! How a server takes leave of its peers: it listens no more, and tells those
//! that know what that means to go. The connections stay until they do.

use std::time::Duration;

use super::{Engine, coarse_clock, index};
use crate::transport::{Error, Remaining};
use crate::wire::Envelope;

/// Looks for connections that wait to be accepted, before nobody listens.
const LOOKS: usize = 64;
/// The number of a call that there never is: a message of the server's own.
const NO_CALL: [u8; 8] = [0; 8];

impl Engine {
    /// Listens no more, and tells all peers that know it, now and when they
    /// come up.
    pub fn say_goodbye(&mut self, goodbye: &[u8]) -> Result<(), Error> {
        // Those that the system has accepted would be reset, with what they
        // have sent.
        for _ in 0..LOOKS {
            match self.look(Some(Duration::ZERO)) {
                Ok(_) | Err(Error::Interrupted) => {}
                Err(error) => return Err(error),
            }
            if !self.is_accepting() {
                break;
            }
        }
        for listener in &mut self.listeners {
            listener.close();
        }
        self.goodbye = Some(goodbye.into());
        let keys: Vec<_> = self.connections.iter().map(|(_, peer)| peer.key).collect();
        for key in keys {
            self.tell_goodbye(key);
        }
        Ok(())
    }

    /// Tells one peer, if it is up and knows it, and there is anything to tell.
    pub(super) fn tell_goodbye(&mut self, key: u64) {
        let peer = self.connections.get(index(key));
        let told = peer.is_some_and(|peer| peer.key == key && peer.is_up() && peer.is_zroute);
        let Some(goodbye) = self.goodbye.take_if(|_| told) else {
            return;
        };
        let mut envelope = Envelope::new();
        // It is short.
        let _ = envelope.push(&key.to_be_bytes()) && envelope.push(&NO_CALL) && envelope.push(b"");
        self.send(&envelope, &goodbye);
        self.goodbye = Some(goodbye);
    }

    /// Who is still connected.
    pub fn remaining(&self) -> Remaining {
        let mut remaining = Remaining::default();
        let now = coarse_clock();
        for (_, peer) in &self.connections {
            let silence = Duration::from_millis(now.saturating_sub(peer.read_at));
            let least = if peer.is_up() && peer.is_zroute {
                &mut remaining.told
            } else {
                &mut remaining.others
            };
            *least = Some(least.map_or(silence, |least| least.min(silence)));
        }
        remaining
    }

    /// Listens again where it did before.
    pub fn listen_again(&mut self) -> Result<(), Error> {
        self.goodbye = None;
        for place in 0..self.listeners.len() {
            let Some(listener) = self.listeners.get_mut(place) else {
                break;
            };
            listener.reopen(&self.options)?;
            let Some(listener) = self.listeners.get(place) else {
                break;
            };
            self.watch_listener(listener, place)?;
        }
        Ok(())
    }
}
