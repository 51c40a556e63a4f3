//! What the fuzz targets share: the other end of a connection, made by hand,
//! and memory that is counted.
//!
//! An input is a byte of options and then steps. A step is one byte, whose low
//! half says what to do and whose high half which connection it concerns, and
//! what it needs after it. `record.py` writes good sessions in this form.

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts what is allocated.
pub struct Counted;

static LIVE: AtomicUsize = AtomicUsize::new(0);

impl Counted {
    /// Bytes that are allocated now.
    pub fn live() -> usize {
        LIVE.load(Ordering::Relaxed)
    }
}

// SAFETY: all is left to the system's allocator; it is only counted.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promises are those of this call.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promises are those of this call.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        LIVE.fetch_add(size, Ordering::Relaxed);
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promises are those of this call.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// The name and the password of the recorded PLAIN sessions.
pub const USERNAME: &str = "name";
/// See [`USERNAME`].
pub const PASSWORD: &str = "secret";

/// Another frame of the message follows.
pub const MORE: u8 = 1;
/// The size has eight bytes.
pub const LONG: u8 = 2;
/// The frame is a command.
pub const COMMAND: u8 = 4;

/// The steps of an input.
pub struct Steps<'a>(&'a [u8]);

impl<'a> Steps<'a> {
    pub fn new(input: &'a [u8]) -> Self {
        Self(input)
    }

    pub fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    /// Bytes behind their count in two bytes, or what is left of them.
    pub fn bytes(&mut self) -> &'a [u8] {
        let (high, low) = (self.byte().unwrap_or(0), self.byte().unwrap_or(0));
        let count = usize::from(u16::from_be_bytes([high, low])).min(self.0.len());
        let (bytes, rest) = self.0.split_at(count);
        self.0 = rest;
        bytes
    }
}

/// A frame of a message, with the short or the long header as its size asks.
pub fn frame(flags: u8, body: &[u8]) -> Vec<u8> {
    match u8::try_from(body.len()) {
        Ok(size) => [&[flags, size], body].concat(),
        Err(_) => [
            &[flags | LONG],
            &(body.len() as u64).to_be_bytes()[..],
            body,
        ]
        .concat(),
    }
}

/// The greeting of a peer of the NULL or PLAIN mechanism.
pub fn greeting(plain: bool, as_server: bool) -> Vec<u8> {
    let mut bytes = vec![0; 64];
    bytes[0] = 0xff;
    bytes[9] = 0x7f;
    bytes[10] = 3;
    bytes[11] = 1;
    let mechanism: &[u8] = if plain { b"PLAIN" } else { b"NULL" };
    bytes[12..12 + mechanism.len()].copy_from_slice(mechanism);
    bytes[32] = u8::from(plain && as_server);
    bytes
}

/// The command that ends a handshake, or asks for its end.
pub fn metadata(command: &[u8], socket_type: &[u8]) -> Vec<u8> {
    let size = (socket_type.len() as u32).to_be_bytes();
    let name = [command.len() as u8];
    let body = [&name, command, b"\x0bSocket-Type", &size, socket_type].concat();
    frame(COMMAND, &body)
}

/// The other end of a connection. It never blocks.
pub struct Peer {
    stream: UnixStream,
    received: Vec<u8>,
    /// How much of it was taken.
    taken: usize,
    greeted: bool,
    pub closed: bool,
}

impl Peer {
    pub fn new(stream: UnixStream) -> Self {
        stream.set_nonblocking(true).unwrap();
        Self {
            stream,
            received: Vec::new(),
            taken: 0,
            greeted: false,
            closed: false,
        }
    }

    /// Sends as much as is taken now.
    pub fn send(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            match self.stream.write(bytes) {
                Ok(count) => bytes = &bytes[count..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(_) => {
                    self.closed = true;
                    return;
                }
            }
        }
    }

    /// Will send no more, and still reads.
    pub fn end(&mut self) {
        let _ = self.stream.shutdown(std::net::Shutdown::Write);
    }

    /// Takes in what has come.
    pub fn hear(&mut self) {
        self.received.drain(..self.taken);
        self.taken = 0;
        let mut buffer = [0; 16_384];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => self.closed = true,
                Ok(count) => {
                    self.received.extend_from_slice(&buffer[..count]);
                    continue;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => self.closed = true,
            }
            return;
        }
    }

    fn rest(&self) -> &[u8] {
        self.received.get(self.taken..).unwrap_or_default()
    }

    /// The next frame: its flags and its body. Whatever a hostile peer sends,
    /// what comes back is ZMTP; that is checked here.
    pub fn next_frame(&mut self) -> Option<(u8, Vec<u8>)> {
        if !self.greeted {
            let greeting = self.rest().get(..64)?;
            assert_eq!(greeting[0], 0xff);
            assert_eq!(greeting[9], 0x7f);
            assert_eq!(&greeting[10..12], [3, 1]);
            self.taken += 64;
            self.greeted = true;
        }
        let rest = self.rest();
        let flags = *rest.first()?;
        assert!(flags & !(MORE | LONG | COMMAND) == 0, "flags {flags:#x}");
        assert!(
            flags & (MORE | COMMAND) != MORE | COMMAND,
            "flags {flags:#x}"
        );
        let (header, size) = if flags & LONG == 0 {
            (2, usize::from(*rest.get(1)?))
        } else {
            let size = rest.get(1..9)?.try_into().unwrap();
            (9, usize::try_from(u64::from_be_bytes(size)).unwrap())
        };
        assert!(size <= 1 << 20, "a frame of {size} bytes");
        let body = rest.get(header..header + size)?.to_vec();
        self.taken += header + size;
        Some((flags & !LONG, body))
    }
}
