//! Clients that keep a server busy, on threads of their own.
//!
//! A DEALER has a thread, which blocks in libzmq. All REQ sockets share one thread,
//! which waits with epoll, since 32 threads that hand over to each other would
//! measure the scheduler.

use std::os::fd::RawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::client::{Client, DealerClient, Failure, ReqClient, Turn};
use crate::readiness::Readiness;
use crate::scenario::Clients;

/// Threads that carry the generator's bytes, so that they are not what limits a server.
const IO_THREADS: u16 = 2;

const CALLING: u8 = 0;
const CALLING_AND_TIMING: u8 = 1;
const STOPPING: u8 = 2;

/// Clients at work, from [`Load::start`] to [`Load::finish`].
pub struct Load {
    shared: Arc<Shared>,
    failures: Receiver<Failure>,
    threads: Vec<JoinHandle<Vec<Duration>>>,
}

struct Shared {
    phase: AtomicU8,
    answers: AtomicU64,
    patience: Duration,
}

impl Load {
    /// Connects the clients and lets them call. An answer that takes longer than
    /// `patience` is a missing one.
    pub fn start(clients: Clients, endpoint: &str, patience: Duration) -> Result<Self, Failure> {
        let context = zmq::Context::new();
        context
            .set_io_threads(i32::from(IO_THREADS))
            .map_err(Failure::refused("set I/O threads"))?;
        let (sender, failures) = mpsc::channel();
        let mut load = Self {
            shared: Arc::new(Shared {
                phase: AtomicU8::new(CALLING),
                answers: AtomicU64::new(0),
                patience,
            }),
            failures,
            threads: Vec::new(),
        };
        match clients {
            Clients::Req { count } => {
                let clients = (0..count)
                    .map(|number| {
                        ReqClient::connect(&context, endpoint, patience, io_thread(number))
                    })
                    .collect::<Result<Vec<_>, _>>()?;
                load.spawn(clients, &sender);
            }
            Clients::Dealer { count, window } => {
                for number in 0..count {
                    let client = DealerClient::connect(
                        &context,
                        endpoint,
                        patience,
                        io_thread(number),
                        window,
                        number,
                    )?;
                    load.spawn(vec![client], &sender);
                }
            }
        }
        Ok(load)
    }

    fn spawn<C: Client>(&mut self, clients: Vec<C>, failures: &Sender<Failure>) {
        let shared = Arc::clone(&self.shared);
        let failures = failures.clone();
        self.threads.push(thread::spawn(move || {
            drive(clients, &shared).unwrap_or_else(|failure| {
                // Nobody listens when the load has been dropped.
                let _ = failures.send(failure);
                Vec::new()
            })
        }));
    }

    /// Lets the clients work for a time. Returns early with the first failure.
    pub fn work(&self, time: Duration) -> Result<(), Failure> {
        match self.failures.recv_timeout(time) {
            Ok(failure) => Err(failure),
            // Disconnected cannot come early: a thread ends on a failure or when stopped.
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Ok(()),
        }
    }

    /// From now on the REQ clients take the time of each call.
    pub fn take_latencies(&self) {
        self.shared
            .phase
            .store(CALLING_AND_TIMING, Ordering::Relaxed);
    }

    /// Answers up to now.
    pub fn answers(&self) -> u64 {
        self.shared.answers.load(Ordering::Relaxed)
    }

    /// Makes no more calls, waits for the answers that are missing, and returns the
    /// latencies taken.
    pub fn finish(mut self) -> Result<Vec<Duration>, Failure> {
        self.shared.phase.store(STOPPING, Ordering::Relaxed);
        let mut latencies = Vec::new();
        for thread in self.threads.drain(..) {
            match thread.join() {
                Ok(taken) => latencies.extend(taken),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        match self.failures.try_recv() {
            Ok(failure) => Err(failure),
            Err(_) => Ok(latencies),
        }
    }
}

/// The I/O thread of a client. Left to itself libzmq gives all that connect at once to the
/// first one.
fn io_thread(number: u16) -> u16 {
    number % IO_THREADS
}

impl Drop for Load {
    fn drop(&mut self) {
        self.shared.phase.store(STOPPING, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            // A panic has been printed by its thread; a drop has nobody to tell.
            let _ = thread.join();
        }
    }
}

/// Runs clients until the load stops and every call has its answer.
fn drive<C: Client>(mut clients: Vec<C>, shared: &Shared) -> Result<Vec<Duration>, Failure> {
    let mut latencies = Vec::new();
    for client in &mut clients {
        client.start()?;
    }
    let mut many = match &mut clients[..] {
        [_] => None,
        several => Some(watch(several)?),
    };
    let mut last_answer = Instant::now();
    loop {
        let phase = shared.phase.load(Ordering::Relaxed);
        let call_again = phase != STOPPING;
        if !call_again && in_flight(&clients) == 0 {
            return Ok(latencies);
        }
        let mut take = |client: &mut C, wait| {
            client.take_answer(Turn {
                wait,
                call_again,
                latencies: (phase == CALLING_AND_TIMING).then_some(&mut latencies),
            })
        };
        let mut answers = 0;
        match &mut many {
            None => {
                // A window at most, so that the end of the run is noticed.
                let client = &mut clients[0];
                let most = client.in_flight() as u64;
                while answers < most && take(client, answers == 0)? {
                    answers += 1;
                }
            }
            Some(readiness) => {
                let ready = readiness
                    .wait(shared.patience)
                    .map_err(Failure::refused("wait"))?;
                for index in ready {
                    while take(&mut clients[index], false)? {
                        answers += 1;
                    }
                }
            }
        }
        if answers > 0 {
            last_answer = Instant::now();
            shared.answers.fetch_add(answers, Ordering::Relaxed);
        } else if last_answer.elapsed() >= shared.patience {
            return Err(Failure::NoAnswer {
                in_flight: in_flight(&clients),
                waited: last_answer.elapsed(),
            });
        }
    }
}

fn in_flight<C: Client>(clients: &[C]) -> usize {
    clients.iter().map(Client::in_flight).sum()
}

/// Watches the sockets of clients that have made their first calls.
fn watch<C: Client>(clients: &mut [C]) -> Result<Readiness, Failure> {
    for client in &mut *clients {
        // A socket's descriptor announces only what comes after the socket has had
        // nothing to give.
        while client.take_answer(Turn {
            wait: false,
            call_again: true,
            latencies: None,
        })? {}
    }
    let descriptors = clients
        .iter()
        .map(|client| client.socket().get_fd())
        .collect::<zmq::Result<Vec<RawFd>>>()
        .map_err(Failure::refused("get a socket's descriptor"))?;
    Readiness::watch(descriptors.into_iter()).map_err(Failure::refused("watch the sockets"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plus_call::{ANSWER, REQUEST};
    use std::sync::atomic::AtomicBool;

    /// Bounds the waits for what must come.
    const LIMIT: Duration = Duration::from_mins(1);

    const REQ: Clients = Clients::Req { count: 1 };
    const REQS: Clients = Clients::Req { count: 5 };
    const DEALER: Clients = Clients::Dealer {
        count: 1,
        window: 16,
    };
    const DEALERS: Clients = Clients::Dealer {
        count: 3,
        window: 16,
    };

    type Frames = Vec<Vec<u8>>;

    /// A ROUTER on a thread that ends when this is dropped.
    struct Server {
        endpoint: String,
        stop: Arc<AtomicBool>,
        thread: Option<JoinHandle<()>>,
    }

    impl Server {
        /// Hands the envelope and the number of each request to `answer`, and sends
        /// the messages that come back.
        fn start(mut answer: impl FnMut(Frames, usize) -> Vec<Frames> + Send + 'static) -> Self {
            let socket = zmq::Context::new().socket(zmq::ROUTER).expect("a socket");
            socket.set_rcvtimeo(20).expect("a time limit");
            socket.set_linger(0).expect("no linger");
            socket.bind("tcp://127.0.0.1:*").expect("a free port");
            let endpoint = socket.get_last_endpoint().expect("an endpoint");
            let stop = Arc::new(AtomicBool::new(false));
            let stopped = Arc::clone(&stop);
            let serve = move || {
                let mut number = 0;
                while !stopped.load(Ordering::Relaxed) {
                    let Ok(mut frames) = socket.recv_multipart(0) else {
                        continue;
                    };
                    assert_eq!(frames.pop().as_deref(), Some(REQUEST));
                    for message in answer(frames, number) {
                        socket.send_multipart(message, 0).expect("an answer leaves");
                    }
                    number += 1;
                }
            };
            Self {
                endpoint: endpoint.expect("UTF-8"),
                stop,
                thread: Some(thread::spawn(serve)),
            }
        }

        fn load(&self, clients: Clients, patience: Duration) -> Load {
            Load::start(clients, &self.endpoint, patience).expect("the clients connect")
        }
    }

    impl Drop for Server {
        fn drop(&mut self) {
            self.stop.store(true, Ordering::Relaxed);
            if let Some(thread) = self.thread.take() {
                let _ = thread.join();
            }
        }
    }

    fn with(mut envelope: Frames, body: &[u8]) -> Frames {
        envelope.push(body.to_vec());
        envelope
    }

    fn right(envelope: Frames, _: usize) -> Vec<Frames> {
        vec![with(envelope, ANSWER)]
    }

    fn work_until(load: &Load, answers: u64) {
        let start = Instant::now();
        while load.answers() < answers {
            load.work(Duration::from_millis(1)).expect("right answers");
            assert!(start.elapsed() < LIMIT, "{} answers", load.answers());
        }
    }

    /// What ends the load when the server answers like this.
    fn failure(clients: Clients, answer: fn(Frames, usize) -> Vec<Frames>) -> Failure {
        let server = Server::start(answer);
        let load = server.load(clients, LIMIT);
        load.work(LIMIT).expect_err("a failure")
    }

    #[test]
    fn right_answers_are_counted_and_none_is_missing_at_the_end() {
        for clients in [REQ, REQS, DEALER, DEALERS] {
            let server = Server::start(right);
            let load = server.load(clients, LIMIT);
            work_until(&load, 1000);
            let latencies = load.finish().expect("every call is answered");
            assert!(latencies.is_empty(), "nobody asked for them");
        }
    }

    #[test]
    fn req_clients_time_their_calls_when_asked() {
        for clients in [REQ, REQS] {
            let server = Server::start(right);
            let load = server.load(clients, LIMIT);
            load.take_latencies();
            work_until(&load, load.answers() + 100);
            let latencies = load.finish().expect("every call is answered");
            assert!(latencies.len() >= 90, "{} of 100", latencies.len());
            assert!(latencies.iter().all(|latency| !latency.is_zero()));
        }
    }

    #[test]
    fn answers_may_come_in_any_order() {
        let mut kept = None;
        let server = Server::start(move |envelope, number| match kept.take() {
            None if number < 100 => {
                kept = Some(envelope);
                vec![]
            }
            None => right(envelope, number),
            Some(earlier) => vec![with(envelope, ANSWER), with(earlier, ANSWER)],
        });
        let load = server.load(DEALER, LIMIT);
        work_until(&load, 200);
        load.finish().expect("every call is answered");
    }

    #[test]
    fn one_wrong_answer_among_right_ones_fails_the_run() {
        for clients in [REQ, REQS, DEALER, DEALERS] {
            let found = failure(clients, |envelope, number| {
                vec![with(envelope, if number == 50 { b"\x12" } else { ANSWER })]
            });
            assert_eq!(found, Failure::WrongAnswer(vec![0x12]));
        }
    }

    #[test]
    fn a_call_that_is_answered_twice_fails_the_run() {
        let found = failure(DEALER, |envelope, number| {
            vec![with(envelope, ANSWER); if number == 50 { 2 } else { 1 }]
        });
        assert!(matches!(found, Failure::UnknownCall(_)), "{found}");
    }

    #[test]
    fn an_answer_with_another_id_fails_the_run() {
        let other_client: fn(Frames, usize) -> Vec<Frames> = |mut envelope, _| {
            envelope[1][1] ^= 1;
            vec![with(envelope, ANSWER)]
        };
        let other_call: fn(Frames, usize) -> Vec<Frames> = |mut envelope, _| {
            envelope[1][5] ^= 1;
            vec![with(envelope, ANSWER)]
        };
        let other_slot: fn(Frames, usize) -> Vec<Frames> = |mut envelope, _| {
            envelope[1][7] ^= 1;
            vec![with(envelope, ANSWER)]
        };
        let no_id: fn(Frames, usize) -> Vec<Frames> = |mut envelope, _| {
            envelope[1].clear();
            vec![with(envelope, ANSWER)]
        };
        for answer in [other_client, other_call, other_slot, no_id] {
            let found = failure(DEALERS, answer);
            assert!(matches!(found, Failure::UnknownCall(_)), "{found}");
        }
    }

    #[test]
    fn an_answer_with_a_frame_too_few_or_too_many_fails_the_run() {
        let too_many = failure(REQ, |envelope, _| {
            vec![with(with(envelope, ANSWER), b"more")]
        });
        assert_eq!(too_many, Failure::WrongFrames("more after the body"));
        let too_few = failure(DEALER, |mut envelope, _| {
            envelope.pop();
            vec![envelope]
        });
        assert_eq!(too_few, Failure::WrongFrames("too few"));
    }

    #[test]
    fn a_server_that_falls_silent_fails_the_run() {
        for clients in [REQ, REQS, DEALERS] {
            let server = Server::start(|_, _| vec![]);
            let load = server.load(clients, Duration::from_millis(100));
            let found = load.work(LIMIT).expect_err("a failure");
            assert!(
                matches!(found, Failure::NoAnswer { in_flight: 1.., .. }),
                "{found}"
            );
        }
    }

    #[test]
    fn one_missing_answer_among_right_ones_fails_the_run_at_its_end() {
        for clients in [REQS, DEALER] {
            let server = Server::start(|envelope, number| match number {
                50 => vec![],
                _ => right(envelope, number),
            });
            let load = server.load(clients, Duration::from_secs(2));
            work_until(&load, 200);
            let found = load.finish().expect_err("a failure");
            assert!(
                matches!(found, Failure::NoAnswer { in_flight: 1, .. }),
                "{found}"
            );
        }
    }
}
