//! Something at Consul's place that answers what a test wants.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    /// Method, path and query: `GET /v1/…?…`.
    pub line: String,
    /// The header lines, in lower case.
    pub headers: Vec<String>,
    /// The body.
    pub body: String,
}

/// What to answer.
pub enum Reply {
    /// A status, an index if there is to be one, a body.
    Says(u16, Option<u64>, String),
    /// These bytes, and then the end of the connection.
    Raw(Vec<u8>),
    /// Nothing, until the fake is dropped.
    Nothing,
    /// A body without end.
    Flood,
}

type Answering = dyn FnMut(&Request) -> Reply + Send;

/// Listens on a free port of the loopback.
pub struct FakeConsul {
    /// The port.
    pub port: u16,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

struct Shared {
    answering: Mutex<Box<Answering>>,
    requests: Mutex<Vec<Request>>,
    /// Those that are open; none when the fake is being dropped.
    connections: Mutex<Option<Vec<TcpStream>>>,
}

impl FakeConsul {
    /// Answers every request by a function.
    pub fn new(answering: impl FnMut(&Request) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            answering: Mutex::new(Box::new(answering)),
            requests: Mutex::default(),
            connections: Mutex::new(Some(Vec::new())),
        });
        let accepted = Arc::clone(&shared);
        let accepting = std::thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                match lock(&accepted.connections).as_mut() {
                    Some(connections) => connections.push(stream.try_clone().unwrap()),
                    None => return,
                }
                let shared = Arc::clone(&accepted);
                std::thread::spawn(move || shared.serve(stream));
            }
        });
        Self {
            port,
            shared,
            accepting: Some(accepting),
        }
    }

    /// Answers by another function from now on.
    pub fn answer(&self, answering: impl FnMut(&Request) -> Reply + Send + 'static) {
        *lock(&self.shared.answering) = Box::new(answering);
    }

    /// What came so far.
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.shared.requests).clone()
    }

    /// How many came whose line begins so.
    pub fn count(&self, start: &str) -> usize {
        self.requests()
            .iter()
            .filter(|request| request.line.starts_with(start))
            .count()
    }

    /// A URL at its place.
    pub fn url(&self, rest: &str) -> String {
        format!("consul://127.0.0.1:{}/{rest}", self.port)
    }
}

impl Drop for FakeConsul {
    fn drop(&mut self) {
        for connection in lock(&self.shared.connections).take().into_iter().flatten() {
            let _ = connection.shutdown(Shutdown::Both);
        }
        // Wakes the accept.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        let _ = self.accepting.take().unwrap().join();
    }
}

impl Shared {
    fn serve(&self, stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut writer = stream;
        while let Some(request) = read(&mut reader) {
            lock(&self.requests).push(request.clone());
            let reply = (lock(&self.answering))(&request);
            let written = match reply {
                Reply::Says(status, index, body) => {
                    let index = index.map_or(String::new(), |index| {
                        format!("X-Consul-Index: {index}\r\n")
                    });
                    let head = format!(
                        "HTTP/1.1 {status} Said\r\n{index}Content-Length: {}\r\n\r\n",
                        body.len()
                    );
                    writer.write_all(format!("{head}{body}").as_bytes())
                }
                Reply::Raw(bytes) => {
                    let _ = writer.write_all(&bytes);
                    let _ = writer.shutdown(Shutdown::Both);
                    return;
                }
                // Until the other side, or the drop, closes it.
                Reply::Nothing => reader.read_to_end(&mut Vec::new()).map(drop),
                Reply::Flood => flood(&mut writer),
            };
            if written.is_err() {
                return;
            }
        }
    }
}

fn flood(writer: &mut TcpStream) -> std::io::Result<()> {
    writer.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
    let chunk = format!("10000\r\n{}\r\n", "[".repeat(0x10000));
    loop {
        writer.write_all(chunk.as_bytes())?;
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_string()),
        }
    }
    let first = lines.first()?.trim_end_matches(" HTTP/1.1").to_string();
    let headers: Vec<_> = lines[1..].iter().map(|line| line.to_lowercase()).collect();
    let length = headers
        .iter()
        .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request {
        line: first,
        headers,
        body: String::from_utf8(body).ok()?,
    })
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
