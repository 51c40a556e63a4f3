//! What a peer sends, cut into frames.

use std::io;

use bytes::{Buf, Bytes, BytesMut};
use socket2::Socket;

use super::header::Header;
use super::refusal::Refusal;

/// How much is read at once. Many frames come with one read, and each is a
/// slice of it.
pub const CHUNK: usize = 64 << 10;
/// A chunk with less room than this is not read into.
const LEAST: usize = 16 << 10;

/// The bytes of one peer that are not frames yet.
#[derive(Debug, Default)]
pub struct Input {
    /// The rest of what was read last, not looked at.
    fresh: Bytes,
    /// The beginning of a frame whose end has not come.
    partial: BytesMut,
    /// How large that frame is with its header; 0 while it is not known.
    wanted: usize,
}

/// What one read brought.
pub struct Read {
    /// Zero at the end of the stream.
    pub count: usize,
    /// There was room for more, so nothing more is here now.
    pub drained: bool,
}

impl Input {
    /// Bytes that are kept for a frame that is not complete.
    pub fn held(&self) -> usize {
        self.partial.len()
    }

    /// Whether all that was read has been cut into frames.
    pub fn is_used_up(&self) -> bool {
        self.fresh.is_empty()
    }

    /// Reads once. `chunk` is memory that all connections read into in turn;
    /// only the rest of a large frame goes straight to its place, whose size
    /// grows with what has come, not with what was claimed.
    pub fn read(&mut self, stream: &Socket, chunk: &mut BytesMut) -> io::Result<Read> {
        let missing = self.wanted.saturating_sub(self.partial.len());
        if missing > LEAST {
            let room = missing.min(self.partial.len().max(CHUNK));
            self.partial.reserve(room);
            let read = receive(stream, &mut self.partial, missing)?;
            return Ok(read);
        }
        if chunk.capacity() < LEAST {
            chunk.reserve(CHUNK);
        }
        let read = receive(stream, chunk, usize::MAX)?;
        self.fresh = chunk.split().freeze();
        Ok(read)
    }

    /// The next frame that has come whole.
    #[inline]
    pub fn next(&mut self, largest: usize) -> Result<Option<(Header, Bytes)>, Refusal> {
        if self.partial.is_empty() {
            match Header::read(&self.fresh, largest)? {
                Some(header) if header.total() <= self.fresh.len() => {
                    self.fresh.advance(header.length);
                    return Ok(Some((header, self.fresh.split_to(header.size))));
                }
                _ if self.fresh.is_empty() => return Ok(None),
                _ => {}
            }
        }
        self.complete(largest)
    }

    /// Completes a frame of which only a part had come.
    fn complete(&mut self, largest: usize) -> Result<Option<(Header, Bytes)>, Refusal> {
        let header = loop {
            if let Some(header) = Header::read(&self.partial, largest)? {
                break header;
            }
            if !self.collect_to(self.partial.len() + 1) {
                return Ok(None);
            }
        };
        self.wanted = header.total();
        if !self.collect_to(self.wanted) {
            return Ok(None);
        }
        Ok(Some((
            header,
            self.take_collected().split_off(header.length),
        )))
    }

    /// Moves bytes to the part that is kept, until it has `size`; true when it
    /// does.
    pub fn collect_to(&mut self, size: usize) -> bool {
        let missing = size.saturating_sub(self.partial.len());
        let count = missing.min(self.fresh.len());
        self.partial
            .extend_from_slice(self.fresh.get(..count).unwrap_or_default());
        self.fresh.advance(count);
        if self.fresh.is_empty() {
            // Or it would keep the whole chunk.
            self.fresh = Bytes::new();
        }
        count == missing
    }

    /// What was collected so far.
    pub fn collected(&self) -> &[u8] {
        &self.partial
    }

    /// Takes what was collected.
    pub fn take_collected(&mut self) -> Bytes {
        self.wanted = 0;
        std::mem::take(&mut self.partial).freeze()
    }
}

/// Appends up to `most` bytes to a buffer, as far as it has room.
fn receive(stream: &Socket, buffer: &mut BytesMut, most: usize) -> io::Result<Read> {
    let spare = buffer.spare_capacity_mut();
    let room = spare.len().min(most);
    let Some(place) = spare.get_mut(..room) else {
        return Err(io::ErrorKind::OutOfMemory.into());
    };
    let count = loop {
        match stream.recv(place) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => break other?,
        }
    };
    // SAFETY: recv() has just written the first `count` bytes of the spare
    // capacity.
    unsafe { buffer.set_len(buffer.len() + count) };
    Ok(Read {
        count,
        drained: count < room,
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::net::UnixStream;

    use super::super::header;
    use super::*;

    fn frame(body: &[u8], more: bool) -> Vec<u8> {
        let mut bytes = Vec::new();
        header::write(&mut bytes, body.len(), more);
        bytes.extend_from_slice(body);
        bytes
    }

    /// Sends the bytes in pieces and returns the bodies that come out.
    fn cut(bytes: &[u8], piece: usize) -> Result<Vec<Bytes>, Refusal> {
        let (mut writer, reader) = UnixStream::pair().unwrap();
        reader.set_nonblocking(true).unwrap();
        let reader = Socket::from(std::os::fd::OwnedFd::from(reader));
        let mut input = Input::default();
        let mut chunk = BytesMut::new();
        let mut bodies = Vec::new();
        for piece in bytes.chunks(piece) {
            writer.write_all(piece).unwrap();
            while input.read(&reader, &mut chunk).is_ok() {
                while let Some((_, body)) = input.next(1 << 20)? {
                    bodies.push(body);
                }
                assert!(input.is_used_up());
            }
        }
        assert_eq!(input.held(), 0);
        Ok(bodies)
    }

    #[test]
    fn frames_come_out_however_they_are_cut() {
        let sizes = [0, 1, 255, 256, 5000, 20_000, 66_000, 300_000, 3];
        let bodies: Vec<Vec<u8>> = (1..)
            .zip(sizes)
            .map(|(number, size)| vec![number; size])
            .collect();
        let bytes: Vec<u8> = bodies.iter().flat_map(|body| frame(body, false)).collect();
        for piece in [1, 7, 4096, 60_000, 150_000] {
            assert_eq!(cut(&bytes, piece).unwrap(), bodies, "pieces of {piece}");
        }
    }

    #[test]
    fn a_frame_that_is_too_large_is_refused_at_its_header() {
        let bytes = frame(&vec![0; (1 << 20) + 1], false);
        assert!(cut(&bytes[..9], 1).is_err());
        assert!(cut(&bytes[..9], 9).is_err());
    }

    #[test]
    fn memory_grows_with_what_has_come() {
        let (mut writer, reader) = UnixStream::pair().unwrap();
        let reader = Socket::from(std::os::fd::OwnedFd::from(reader));
        let mut input = Input::default();
        let mut chunk = BytesMut::new();
        let mut bytes = frame(&vec![0; 1 << 20], false);
        bytes.truncate(20);
        for _ in 0..3 {
            writer.write_all(&bytes).unwrap();
            input.read(&reader, &mut chunk).unwrap();
            assert!(input.next(1 << 20).unwrap().is_none());
            assert!(input.partial.capacity() < 3 * CHUNK);
            bytes.fill(0);
        }
        assert_eq!(input.held(), 60);
    }

    #[test]
    fn the_chunk_is_used_again() {
        let (mut writer, reader) = UnixStream::pair().unwrap();
        let reader = Socket::from(std::os::fd::OwnedFd::from(reader));
        let mut input = Input::default();
        let mut chunk = BytesMut::with_capacity(CHUNK);
        let first = chunk.as_ptr();
        let bytes = frame(&[7; 1000], false);
        for _ in 0..1000 {
            writer.write_all(&bytes).unwrap();
            input.read(&reader, &mut chunk).unwrap();
            assert!(input.next(1 << 20).unwrap().is_some());
        }
        chunk.reserve(CHUNK);
        assert_eq!(chunk.as_ptr(), first);
    }
}
