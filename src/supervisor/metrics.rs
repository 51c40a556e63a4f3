//! A few words of HTTP for whoever collects metrics. Nothing here waits: what
//! cannot be read or written now is tried again when there is an event.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use slab::Slab;

/// Connections at once; more are closed.
const MOST: usize = 16;
/// A connection lives no longer.
const PATIENCE: Duration = Duration::from_secs(5);
const LONGEST_REQUEST: usize = 8 << 10;

/// A listener and its connections. Their tokens count from `first` on.
pub struct Metrics {
    registry: Registry,
    listener: TcpListener,
    connections: Slab<Connection>,
    first: usize,
}

struct Connection {
    stream: TcpStream,
    since: Instant,
    request: Vec<u8>,
    /// None until the request has come.
    answer: Option<Vec<u8>>,
    written: usize,
}

impl Metrics {
    pub fn bind(address: SocketAddr, registry: &Registry, first: usize) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        registry.register(
            &mut SourceFd(&listener.as_raw_fd()),
            Token(first),
            Interest::READABLE,
        )?;
        Ok(Self {
            registry: registry.try_clone()?,
            listener,
            connections: Slab::new(),
            first,
        })
    }

    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Something happened at one of its tokens. `body` makes what is asked for.
    pub fn event(&mut self, token: usize, body: impl FnMut() -> String) {
        match token.checked_sub(self.first + 1) {
            None => self.accept(),
            Some(key) => self.go_on(key, body),
        }
    }

    fn accept(&mut self) {
        let now = Instant::now();
        self.connections
            .retain(|_, connection| now < connection.since + PATIENCE);
        while let Ok((stream, _)) = self.listener.accept() {
            if self.connections.len() >= MOST {
                continue;
            }
            let place = self.connections.vacant_entry();
            let token = Token(self.first + 1 + place.key());
            let interest = Interest::READABLE | Interest::WRITABLE;
            let watched = stream.set_nonblocking(true).and_then(|()| {
                self.registry
                    .register(&mut SourceFd(&stream.as_raw_fd()), token, interest)
            });
            if watched.is_ok() {
                place.insert(Connection {
                    stream,
                    since: now,
                    request: Vec::new(),
                    answer: None,
                    written: 0,
                });
            }
        }
    }

    fn go_on(&mut self, key: usize, body: impl FnMut() -> String) {
        if let Some(connection) = self.connections.get_mut(key)
            && !connection.go_on(body).unwrap_or(false)
        {
            self.connections.remove(key);
        }
    }
}

impl Connection {
    /// False when it is done.
    fn go_on(&mut self, mut body: impl FnMut() -> String) -> io::Result<bool> {
        if self.answer.is_none() {
            let mut chunk = [0; 1024];
            let mut whole = false;
            loop {
                match self.stream.read(&mut chunk) {
                    // It says no more, and may listen.
                    Ok(0) => {
                        whole = true;
                        break;
                    }
                    Ok(count) => {
                        let chunk = chunk.get(..count).unwrap_or_default();
                        self.request.extend_from_slice(chunk);
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    Err(error) => return Err(error),
                }
                if self.request.len() > LONGEST_REQUEST {
                    return Ok(false);
                }
            }
            if !self.request.windows(4).any(|end| end == b"\r\n\r\n") {
                return Ok(!whole);
            }
            self.answer = Some(answer(&self.request, &mut body));
        }
        let answer = self.answer.as_deref().unwrap_or_default();
        while let Some(rest) = answer.get(self.written..).filter(|rest| !rest.is_empty()) {
            match self.stream.write(rest) {
                Ok(count) => self.written += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }
}

fn answer(request: &[u8], body: &mut impl FnMut() -> String) -> Vec<u8> {
    let mut words = request.split(u8::is_ascii_whitespace);
    let (method, path) = (words.next(), words.next().unwrap_or_default());
    let path = path.split(|byte| *byte == b'?').next();
    let (status, body) = match (method, path) {
        (Some(b"GET" | b"HEAD"), Some(b"/metrics" | b"/")) => ("200 OK", body()),
        (Some(b"GET" | b"HEAD"), _) => ("404 Not Found", "see /metrics\n".to_string()),
        _ => ("405 Method Not Allowed", "only GET\n".to_string()),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let body = if method == Some(b"HEAD") { "" } else { &body };
    [head.as_bytes(), body.as_bytes()].concat()
}
