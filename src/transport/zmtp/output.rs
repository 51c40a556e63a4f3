//! What waits to be written to one peer.

use std::io::{self, IoSlice};

use socket2::Socket;

use super::header::{self, Header};

/// Bodies from this size on are written at once, together with what waits
/// before them, instead of being copied.
const LARGE: usize = 16 << 10;
/// Memory that is kept for the next messages.
const KEPT: usize = 64 << 10;

/// See the module.
#[derive(Debug, Default)]
pub struct Output {
    bytes: Vec<u8>,
    /// How many of them are written.
    written: usize,
    /// Messages since nothing waited.
    messages: usize,
    /// The first of `bytes` that belong to no message or to one that is partly
    /// gone.
    torn: usize,
    /// The peer takes no more at the moment.
    pub blocked: bool,
}

impl Output {
    /// How many bytes wait.
    #[inline]
    pub fn pending(&self) -> usize {
        self.bytes.len() - self.written
    }

    /// How many messages were added since nothing waited, so at least as many
    /// as wait now.
    #[inline]
    pub fn messages(&self) -> usize {
        self.messages
    }

    /// How many messages wait of which nothing was written.
    pub fn whole_messages(&self) -> usize {
        let mut count = 0;
        let mut begin = self.torn;
        while let Some(end) = self.end_of_message(begin) {
            // A command is none.
            let command = header_at(&self.bytes, begin).is_some_and(|header| header.command);
            count += usize::from(begin >= self.written && !command);
            begin = end;
        }
        count
    }

    /// Where the message, or the command, that begins at a place ends.
    fn end_of_message(&self, begin: usize) -> Option<usize> {
        let mut end = begin;
        loop {
            let header = header_at(&self.bytes, end)?;
            end += header.total();
            if end > self.bytes.len() {
                return None;
            }
            if !header.more {
                return Some(end);
            }
        }
    }

    /// What waits now belongs to the handshake; messages follow.
    pub fn begin_messages(&mut self) {
        self.torn = self.bytes.len();
    }

    /// For what belongs to no message.
    pub fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Takes memory to write into, if it has none.
    #[inline]
    pub fn borrow(&mut self, spare: &mut Vec<Vec<u8>>) {
        if self.bytes.capacity() == 0
            && let Some(memory) = spare.pop()
        {
            self.bytes = memory;
        }
    }

    /// Gives its memory back when it needs none, so that peers that are silent
    /// cost nothing.
    pub fn give_back(&mut self, spare: &mut Vec<Vec<u8>>) {
        const MOST: usize = 16;
        if self.bytes.is_empty() && self.bytes.capacity() > 0 {
            let memory = std::mem::take(&mut self.bytes);
            if spare.len() < MOST && memory.capacity() <= KEPT {
                spare.push(memory);
            }
        }
    }

    /// Forgets what waits.
    pub fn discard(&mut self) {
        self.bytes.clear();
        self.written = 0;
        self.messages = 0;
        self.torn = 0;
    }

    /// Adds a message.
    pub fn add<'a>(
        &mut self,
        stream: &Socket,
        envelope: impl Iterator<Item = &'a [u8]>,
        body: &[u8],
    ) -> io::Result<()> {
        self.messages += 1;
        for frame in envelope {
            header::write(&mut self.bytes, frame.len(), true);
            self.bytes.extend_from_slice(frame);
        }
        header::write(&mut self.bytes, body.len(), false);
        let mut rest = body;
        if body.len() >= LARGE && !self.blocked {
            let waiting = self.pending();
            let count = self.gather(stream, body)?;
            if count >= waiting {
                self.discard();
                rest = body.get(count - waiting..).unwrap_or_default();
                if rest.is_empty() {
                    return Ok(());
                }
                self.messages = 1;
                self.torn = rest.len();
            } else {
                self.written += count;
            }
            self.blocked = true;
        }
        self.bytes.extend_from_slice(rest);
        Ok(())
    }

    /// Writes what waits and then the body, as far as the peer takes it.
    fn gather(&mut self, stream: &Socket, body: &[u8]) -> io::Result<usize> {
        let waiting = self.bytes.get(self.written..).unwrap_or_default();
        let both = [IoSlice::new(waiting), IoSlice::new(body)];
        retried(|| stream.send_vectored_with_flags(&both, libc::MSG_NOSIGNAL))
    }

    /// Writes what waits, as far as the peer takes it.
    pub fn flush(&mut self, stream: &Socket) -> io::Result<()> {
        while !self.blocked && self.pending() > 0 {
            let waiting = self.bytes.get(self.written..).unwrap_or_default();
            let count = retried(|| stream.send_with_flags(waiting, libc::MSG_NOSIGNAL))?;
            self.blocked = count < waiting.len();
            self.written += count;
        }
        if self.pending() == 0 {
            self.discard();
            if self.bytes.capacity() > KEPT {
                self.bytes = Vec::new();
            }
        } else if self.written > self.bytes.len() / 2 {
            while self.torn < self.written {
                self.torn = self.end_of_message(self.torn).unwrap_or(usize::MAX);
            }
            self.torn = self.torn.min(self.bytes.len()) - self.written;
            self.bytes.drain(..self.written);
            self.written = 0;
        }
        Ok(())
    }
}

fn header_at(bytes: &[u8], place: usize) -> Option<Header> {
    Header::read(bytes.get(place..)?, usize::MAX).ok()?
}

/// How many bytes were taken: none when the peer takes none now.
fn retried(mut send: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        match send() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(0),
            other => return other,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::net::UnixStream;

    use super::*;

    fn pair() -> (Socket, UnixStream) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        theirs.set_nonblocking(true).unwrap();
        (Socket::from(std::os::fd::OwnedFd::from(ours)), theirs)
    }

    /// Reads all that is there.
    fn read(mut peer: &UnixStream, into: &mut Vec<u8>) {
        let mut buffer = [0; 8192];
        while let Ok(count) = peer.read(&mut buffer) {
            into.extend_from_slice(&buffer[..count]);
        }
    }

    #[test]
    fn messages_arrive_in_order_whatever_their_sizes() {
        let (stream, peer) = pair();
        let mut output = Output::default();
        let mut expected = Vec::new();
        let mut got = Vec::new();
        for (number, size) in (0_u8..).zip([10, 300, LARGE, 5, 2_000_000, 1, LARGE + 1]) {
            let body = vec![number; size];
            let envelope: [&[u8]; 2] = [&[number; 8], b""];
            for frame in envelope {
                header::write(&mut expected, frame.len(), true);
                expected.extend_from_slice(frame);
            }
            header::write(&mut expected, size, false);
            expected.extend_from_slice(&body);
            output.add(&stream, envelope.into_iter(), &body).unwrap();
        }
        assert!(output.pending() > 0, "the peer has not read");
        assert!(output.messages() > 0);
        for _ in 0..10_000 {
            read(&peer, &mut got);
            output.blocked = false;
            output.flush(&stream).unwrap();
        }
        read(&peer, &mut got);
        assert_eq!(output.pending(), 0);
        assert_eq!(output.messages(), 0);
        assert!(got == expected);
    }

    #[test]
    fn messages_that_are_whole_are_told_from_those_that_have_begun_to_leave() {
        const MESSAGES: usize = 200;
        let (stream, peer) = pair();
        let mut output = Output::default();
        output
            .bytes()
            .extend_from_slice(b"what belongs to a handshake");
        output.begin_messages();
        assert_eq!(output.whole_messages(), 0);
        let body = [7; 10_000];
        let envelope: [&[u8]; 2] = [&[1; 8], b""];
        let size = 2 + 8 + 2 + 9 + body.len();
        for _ in 0..MESSAGES {
            output.add(&stream, envelope.into_iter(), &body).unwrap();
            header::write_command(output.bytes(), "PING", b"\0\0");
        }
        assert_eq!(output.whole_messages(), MESSAGES);
        let mut all = output.pending();
        let mut got = Vec::new();
        while output.pending() > 0 {
            output.blocked = false;
            output.flush(&stream).unwrap();
            // Exactly those of which not a byte is with the system.
            let gone = all - output.pending();
            let begun = gone.saturating_sub(27).div_ceil(size + 9).min(MESSAGES);
            let whole = output.whole_messages();
            assert!(
                whole == MESSAGES - begun || whole == MESSAGES - begun + 1,
                "{gone} bytes are gone, {whole} messages are whole"
            );
            read(&peer, &mut got);
        }
        all -= got.len();
        assert_eq!((all, output.whole_messages()), (0, 0));
        // A large body goes past the memory; what is left of it is no message.
        let large = vec![1; 4 << 20];
        output.add(&stream, envelope.into_iter(), &large).unwrap();
        assert!(output.pending() > 0);
        assert_eq!(output.whole_messages(), 0);
        output.add(&stream, envelope.into_iter(), &body).unwrap();
        assert_eq!(output.whole_messages(), 1);
    }

    #[test]
    fn memory_goes_back_when_nothing_waits() {
        let (stream, _peer) = pair();
        let mut output = Output::default();
        let mut spare = vec![Vec::with_capacity(100)];
        output.borrow(&mut spare);
        assert!(spare.is_empty());
        output.add(&stream, std::iter::empty(), b"body").unwrap();
        output.give_back(&mut spare);
        assert!(spare.is_empty(), "it is still needed");
        output.flush(&stream).unwrap();
        output.give_back(&mut spare);
        assert_eq!(spare.len(), 1);
    }
}
