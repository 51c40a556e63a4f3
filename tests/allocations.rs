//! A transport that is warm takes no memory for a message.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use zroute::server::{self, Server};
use zroute::transport::Kind;

/// The system's allocator, which counts what each thread asks for.
struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: everything is passed on as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = COUNT.try_with(|count| count.set(count.get() + 1));
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const IN_FLIGHT: usize = 64;
const PATIENCE: Duration = Duration::from_secs(60);

/// Reads as many bytes as are expected, and lets the server work meanwhile.
fn exchange(server: &mut Server, peer: &mut TcpStream, request: &[u8], answers: usize) {
    let end = Instant::now() + PATIENCE;
    let mut buffer = [0; 4096];
    let mut missing = answers;
    peer.write_all(request).unwrap();
    while missing > 0 {
        assert!(Instant::now() < end, "{missing} bytes did not come");
        while let Some(taken) = server.take().unwrap() {
            server.answer(taken.token, taken.parameters()).unwrap();
        }
        server.wait(Some(Instant::now())).unwrap();
        match peer.read(&mut buffer) {
            Ok(count) => missing -= count,
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
    }
}

#[test]
fn a_server_that_is_warm_takes_no_memory_for_a_call() {
    let mut options = server::Options::default();
    options.transport.kind = Some(Kind::Zmtp);
    let mut server = Server::new(options).unwrap();
    server.add_function("echo");
    let endpoint = server.bind("tcp://127.0.0.1:0").unwrap();
    let mut peer = TcpStream::connect(endpoint.trim_start_matches("tcp://")).unwrap();
    peer.set_nonblocking(true).unwrap();

    let mut introduction = vec![0; 64];
    introduction[0] = 0xff;
    introduction[9] = 0x7f;
    introduction[10] = 3;
    introduction[12..16].copy_from_slice(b"NULL");
    introduction.extend_from_slice(b"\x04\x1c\x05READY\x0bSocket-Type\0\0\0\x06DEALER");
    // Its greeting, and READY with three properties.
    exchange(
        &mut server,
        &mut peer,
        &introduction,
        64 + 2 + 6 + 22 + 13 + 14,
    );

    // An id, a delimiter, and echo(7); the answer has the same envelope.
    let request = b"\x01\x0812345678\x01\0\0\x20\x82\xadfunction_name\xa4echo\xaaparameters\x07";
    let requests = request.repeat(IN_FLIGHT);
    let answers = (10 + 2 + 3) * IN_FLIGHT;
    for _ in 0..100 {
        exchange(&mut server, &mut peer, &requests, answers);
    }
    let before = COUNT.get();
    assert!(before > 0, "they are counted");
    for _ in 0..100 {
        exchange(&mut server, &mut peer, &requests, answers);
    }
    assert_eq!(COUNT.get() - before, 0, "in {} calls", 100 * IN_FLIGHT);
}
