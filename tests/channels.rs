//! zerorpc's channels: streams, what their callers take, and signs of life both ways.

mod peer;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use peer::{PATIENCE, Peer, Running};
use zroute::server::{Counters, Options, Refused, Server, StreamNews, Taken};
use zroute::transport::Kind;
use zroute::wire::{Code, Fault};

/// The first of `stream(n)`'s items is 0, the last n - 1; `stream(n, m)` fails before
/// the mth.
struct Stream {
    token: u64,
    next: u32,
    end: u32,
    fails_at: Option<u32>,
    room: u32,
}

/// Serves `stream` as a host does that gives items while there is room, and tells
/// which calls have ended by the end of their callers.
fn streaming() -> (Running, Receiver<u64>) {
    streaming_with(Options::default())
}

fn streaming_with(options: Options) -> (Running, Receiver<u64>) {
    let (gone, told) = channel();
    let mut streams: Vec<Stream> = Vec::new();
    let server = Running::of(options, &["stream"], move |server, taken| {
        if let Some(taken) = taken {
            if taken.function() != b"stream" {
                return false;
            }
            streams.push(begin(taken));
            return true;
        }
        while let Some((token, news)) = server.take_news() {
            match news {
                StreamNews::Room(room) => {
                    let stream = streams.iter_mut().find(|stream| stream.token == token);
                    stream.expect("a stream that waits").room = room;
                }
                StreamNews::Gone => {
                    streams.retain(|stream| stream.token != token);
                    gone.send(token).unwrap();
                }
            }
        }
        streams.retain_mut(|stream| advance(server, stream));
        streams.iter().any(|stream| stream.room > 0)
    });
    (server, told)
}

fn begin(taken: &Taken) -> Stream {
    let mut parameters = zroute::msgpack::Reader::new(taken.parameters());
    let count = parameters.array().unwrap();
    let mut number = || u32::try_from(parameters.unsigned().unwrap()).unwrap();
    Stream {
        token: taken.token,
        next: 0,
        end: number(),
        fails_at: (count > 1).then(number),
        room: 1,
    }
}

/// Gives one item; false when the stream is over.
fn advance(server: &mut Server, stream: &mut Stream) -> bool {
    if stream.room == 0 {
        return true;
    }
    if stream.fails_at == Some(stream.next) {
        let fault = Fault::named(Code::Application(7), "Broken", "as asked");
        server.fail(stream.token, &fault).unwrap();
        return false;
    }
    if stream.next == stream.end {
        server.end_stream(stream.token).unwrap();
        return false;
    }
    let item = [&b"\xce"[..], &stream.next.to_be_bytes()].concat();
    match server.stream(stream.token, &item) {
        Ok(room) => {
            stream.next += 1;
            stream.room = room;
            true
        }
        Err(Refused::Unknown) => false,
        Err(refused) => panic!("{refused}"),
    }
}

const ID: &[u8] = b"\xc4\x02ab";

#[test]
fn a_stream_comes_whole_and_in_order_as_its_caller_takes_it() {
    let (server, _gone) = streaming();
    let mut peer = Peer::of(&server);
    peer.call(ID, "stream", b"\x91\xcd\x03\xe8");
    let mut credit = 1;
    for item in 0..1000_u32 {
        let event = peer.event();
        assert_eq!((event.name(), event.response_to()), ("STREAM", ID));
        assert_eq!(event.args(), [&b"\xce"[..], &item.to_be_bytes()].concat());
        credit -= 1;
        if credit == 0 {
            peer.more(ID, 100);
            credit = 100;
        }
    }
    let event = peer.event();
    assert_eq!((event.name(), event.args()), ("STREAM_DONE", &b"\xc0"[..]));
    // One that comes too late is nobody's.
    peer.more(ID, 100);
    peer.call(b"\x02", "plus", b"\x91\x05");
    assert_eq!(peer.event().args(), b"\x91\x05");
    let counters = server.finish();
    assert_eq!((counters.open, counters.dropped), (0, 1));
}

#[test]
fn no_more_is_sent_than_was_asked_for() {
    let (server, _gone) = streaming();
    let mut peer = Peer::of(&server);
    for (granted, expected) in [(0, 1), (3, 3)] {
        if granted > 0 {
            peer.more(ID, granted);
        } else {
            peer.call(ID, "stream", b"\x91\x64");
        }
        for _ in 0..expected {
            assert_eq!(peer.event().name(), "STREAM");
        }
        // An answer that was asked for later comes next.
        peer.call(b"\x02", "plus", b"\x91\x05");
        let event = peer.event();
        assert_eq!((event.name(), event.response_to()), ("OK", &b"\x02"[..]));
    }
}

#[test]
fn a_host_that_gives_more_than_is_taken_is_refused() {
    let (told, refused) = channel();
    let server = Running::with(move |server, taken| {
        if taken.function() != b"stream" {
            return false;
        }
        let given = [b"\x01", b"\x02", b"\x03"].map(|item| server.stream(taken.token, item));
        told.send(given).unwrap();
        server.end_stream(taken.token).unwrap();
        true
    });
    let mut peer = Peer::of(&server);
    peer.call(ID, "stream", b"\x90");
    assert_eq!(peer.event().args(), b"\x01");
    let given = refused.recv_timeout(PATIENCE).unwrap();
    assert_eq!(given, [Ok(0), Err(Refused::NoRoom), Err(Refused::NoRoom)]);
    // What was refused does not come later either.
    peer.more(ID, 100);
    assert_eq!(peer.event().name(), "STREAM_DONE");
}

#[test]
fn what_a_caller_grants_adds_up() {
    let mut stream = 0;
    let server = Running::with(move |server, taken| {
        match taken.function() {
            b"stream" => stream = taken.token,
            b"held" => {
                let mut given = 0;
                while server.stream(stream, b"\x01").is_ok() {
                    given += 1;
                }
                server.answer(taken.token, &[given]).unwrap();
            }
            _ => return false,
        }
        true
    });
    let mut peer = Peer::of(&server);
    peer.call(ID, "stream", b"\x90");
    peer.more(ID, 2);
    peer.more(ID, 3);
    peer.send(b"\x94\x00\x07\xa4held\x90");
    for _ in 0..1 + 2 + 3 {
        assert_eq!(peer.event().name(), "STREAM");
    }
    assert_eq!(peer.receive(), b"\x94\x01\x07\xc0\x06");
}

#[test]
fn what_a_caller_cannot_say_is_dropped_and_counted() {
    let (server, _gone) = streaming();
    let mut peer = Peer::of(&server);
    peer.call(ID, "stream", b"\x91\x02");
    assert_eq!(peer.event().name(), "STREAM");
    for name in [&b"OK"[..], b"ERR", b"STREAM", b"STREAM_DONE", b"plus"] {
        peer.say(ID, name, b"\x91\x05");
    }
    peer.more(ID, 5);
    assert_eq!(peer.event().name(), "STREAM");
    assert_eq!(peer.event().name(), "STREAM_DONE");
    let counters = server.finish();
    assert_eq!((counters.dropped, counters.calls), (5, 1));
}

#[test]
fn a_stream_of_nothing_is_its_end() {
    let (server, _gone) = streaming();
    let mut peer = Peer::of(&server);
    peer.call(ID, "stream", b"\x91\x00");
    assert_eq!(peer.event().name(), "STREAM_DONE");
    assert_eq!(server.finish().open, 0);
}

#[test]
fn a_stream_may_fail_on_its_way() {
    let (server, _gone) = streaming();
    let mut peer = Peer::of(&server);
    peer.call(ID, "stream", b"\x92\x05\x01");
    assert_eq!(peer.event().name(), "STREAM");
    // What went wrong is an event too, and waits to be taken.
    peer.call(b"\x02", "plus", b"\x91\x05");
    assert_eq!(peer.event().response_to(), b"\x02");
    peer.more(ID, 1);
    let event = peer.event();
    assert_eq!((event.name(), event.response_to()), ("ERR", ID));
    assert_eq!(event.fault().name, "Broken");
    assert_eq!(server.finish().open, 0);
}

#[test]
fn other_callers_get_a_streams_list() {
    let (server, _gone) = streaming();
    let mut peer = Peer::of(&server);
    let list = b"\x93\xce\x00\x00\x00\x00\xce\x00\x00\x00\x01\xce\x00\x00\x00\x02";
    peer.send(b"\x82\xadfunction_name\xa6stream\xaaparameters\x91\x03");
    assert_eq!(peer.receive(), list);
    peer.send(b"\x94\x00\x07\xa6stream\x91\x03");
    assert_eq!(peer.receive(), [b"\x94\x01\x07\xc0", &list[..]].concat());
    peer.send(b"\x94\x00\x07\xa6stream\x91\x00");
    assert_eq!(peer.receive(), b"\x94\x01\x07\xc0\x90");
    peer.send(b"\x94\x00\x07\xa6stream\x92\x05\x02");
    assert!(peer.receive().starts_with(b"\x94\x01\x07\x83"));
    peer.send(b"\x93\x02\xa6stream\x91\x03");
    // The one that nobody is told of ends before this one, which goes on in turn with it.
    peer.send(b"\x94\x00\x07\xa6stream\x91\x03");
    assert_eq!(peer.receive(), [b"\x94\x01\x07\xc0", &list[..]].concat());
    assert_eq!(server.finish().open, 0);
}

#[test]
fn a_list_that_is_too_long_fails() {
    let (refused, told) = channel();
    let server = Running::with(move |server, taken| {
        if taken.function() != b"stream" {
            return false;
        }
        let item = vec![0_u8; 1 << 20];
        let item = [&b"\xc6\x00\x10\x00\x00"[..], &item].concat();
        let given = (0..100).map_while(|_| match server.stream(taken.token, &item) {
            Ok(room) => Some(room),
            Err(why) => {
                refused.send(why.to_string()).unwrap();
                None
            }
        });
        assert_eq!(given.count(), 15, "16 MiB are the limit");
        assert_eq!(server.answer(taken.token, b"\x01"), Err(Refused::Stream));
        server
            .fail(taken.token, &Fault::new(Code::TooLarge, ""))
            .unwrap();
        true
    });
    let mut peer = Peer::of(&server);
    peer.send(b"\x94\x00\x07\xa6stream\x90");
    assert!(
        peer.receive()
            .starts_with(b"\x94\x01\x07\x83\xa4code\xd1\x82\xfc")
    );
    assert!(told.recv_timeout(PATIENCE).unwrap().contains("16777216"));
}

#[test]
fn one_who_reads_no_further_holds_up_nobody() {
    let (server, _gone) = streaming();
    let mut stuck = Peer::of(&server);
    for id in 0..100_u8 {
        stuck.call(&[id], "stream", b"\x91\xcd\xff\xff");
    }
    let mut peer = Peer::of(&server);
    for _ in 0..100 {
        peer.call(ID, "plus", b"\x91\x05");
        assert_eq!(peer.event().name(), "OK");
    }
}

#[test]
fn a_channel_is_opened_once_and_belongs_to_its_connection() {
    let (server, _gone) = streaming();
    let mut first = Peer::of(&server);
    let mut second = Peer::of(&server);
    first.call(ID, "stream", b"\x91\x02");
    // Any answer to these would be taken for a part of the stream.
    for function in ["stream", "plus", "nobody's", "zroute.ping", "_zerorpc_ping"] {
        first.call(ID, function, b"\x91\x02");
    }
    first.call(ID, "stream", b"\x05");
    second.call(ID, "stream", b"\x91\x02");
    assert_eq!(first.event().name(), "STREAM");
    assert_eq!(second.event().name(), "STREAM");
    second.more(ID, 5);
    assert_eq!(second.event().name(), "STREAM");
    assert_eq!(second.event().name(), "STREAM_DONE");
    first.more(ID, 5);
    assert_eq!(first.event().name(), "STREAM");
    assert_eq!(first.event().name(), "STREAM_DONE");
    let counters = server.finish();
    assert_eq!((counters.calls, counters.dropped, counters.open), (2, 6, 0));
    assert_eq!(counters.refused, 0);
}

/// A server whose `held` answers when it is told to. Over libzmq nothing is sent
/// while a handler runs.
fn holding() -> (Running, Sender<()>) {
    let (release, released) = channel();
    let mut options = Options::default();
    options.transport.kind = Some(Kind::Zmtp);
    let server = Running::of(options, &["held"], move |server, taken| {
        let Some(taken) = taken.filter(|taken| taken.function() == b"held") else {
            return false;
        };
        // As a host does that runs a handler on its own thread.
        server.leave().unwrap();
        let _ = released.recv_timeout(PATIENCE);
        server.back();
        server.answer(taken.token, b"\x01").unwrap();
        true
    });
    (server, release)
}

#[test]
fn heartbeats_go_out_while_a_handler_runs() {
    let (server, release) = holding();
    let mut peer = Peer::of(&server);
    peer.call(ID, "held", b"\x90");
    for _ in 0..3 {
        let event = peer.event_or_heartbeat();
        assert_eq!((event.name(), event.response_to()), ("_zpc_hb", ID));
        assert_eq!(event.args(), b"\x91\x00");
        peer.say(ID, b"_zpc_hb", b"\x91\x00");
    }
    release.send(()).unwrap();
    let event = peer.event();
    assert_eq!((event.name(), event.args()), ("OK", &b"\x91\x01"[..]));
}

#[test]
fn heartbeats_go_to_a_caller_whose_call_waits_for_another_handler() {
    let (server, release) = holding();
    let mut first = Peer::of(&server);
    // In the plain dialect no channel is open.
    first.send(b"\x82\xadfunction_name\xa4held\xaaparameters\x90");
    let mut waiting = Peer::of(&server);
    waiting.call(ID, "plus", b"\x92\x01\x02");
    for _ in 0..2 {
        let event = waiting.event_or_heartbeat();
        assert_eq!((event.name(), event.response_to()), ("_zpc_hb", ID));
    }
    release.send(()).unwrap();
    assert_eq!(first.receive(), b"\x01");
    let event = waiting.event();
    assert_eq!((event.name(), event.args()), ("OK", &b"\x91\x03"[..]));
    assert_eq!(server.finish().open, 0);
}

fn cancelled(counters: &Counters) -> u64 {
    let place = Code::NAMED.iter().position(|code| *code == Code::Cancelled);
    counters.faults[place.unwrap()]
}

#[test]
fn a_caller_that_beats_and_takes_nothing_is_let_go_in_time() {
    let stall = Duration::from_secs(5);
    let (server, gone) = streaming_with(Options {
        stream_stall: stall,
        ..Options::default()
    });
    let mut stuck = Peer::of(&server);
    let mut slow = Peer::of(&server);
    slow.call(ID, "stream", b"\x91\xcd\xff\xff");
    assert_eq!(slow.event().name(), "STREAM");
    let began = Instant::now();
    stuck.call(ID, "stream", b"\x91\x64");
    assert_eq!(stuck.event().name(), "STREAM");
    let fault = loop {
        stuck.say(ID, b"_zpc_hb", b"\x91\x00");
        // Room for nothing is no room.
        stuck.more(ID, 0);
        slow.more(ID, 1);
        assert_eq!(slow.event().name(), "STREAM");
        let event = stuck.event_within(Duration::from_millis(20));
        if let Some(event) = event.filter(|event| !event.is_heartbeat()) {
            assert_eq!(event.name(), "ERR");
            break event.fault();
        }
    };
    assert!(began.elapsed() >= stall);
    assert_eq!(fault.code, Code::Cancelled);
    assert!(fault.message.contains("5000 ms"), "{fault}");
    gone.recv_timeout(PATIENCE).unwrap();
    assert!(
        gone.try_recv().is_err(),
        "who takes an item now and then stays"
    );
    slow.more(ID, 1);
    assert_eq!(slow.event().name(), "STREAM");
    let counters = server.finish();
    // The other one's, by the server's end.
    assert_eq!((counters.open, cancelled(&counters)), (1, 1));
}

/// A server of `stream` whose items are `SIZE` bytes and whose callers may leave little
/// unread; tells how many it has drawn, and which streams have lost their callers.
struct Large {
    server: Running,
    drawn: Arc<AtomicU32>,
    gone: Receiver<u64>,
}

const SIZE: u32 = 1 << 10;
const ALL: u32 = u32::MAX;

impl Large {
    fn of(stall: Duration) -> Self {
        let mut options = Options {
            stream_stall: stall,
            ..Options::default()
        };
        options.transport.send_buffer = 1 << 20;
        let (lost, gone) = channel();
        let drawn = Arc::new(AtomicU32::new(0));
        let (count, mut streams) = (Arc::clone(&drawn), Vec::<Stream>::new());
        let server = Running::of(options, &["stream"], move |server, taken| {
            if let Some(taken) = taken {
                let streams_it = taken.function() == b"stream";
                streams.extend(streams_it.then(|| begin(taken)));
                return streams_it;
            }
            while let Some((token, news)) = server.take_news() {
                let place = streams.iter().position(|stream| stream.token == token);
                match (news, place) {
                    (StreamNews::Room(room), Some(place)) => streams[place].room = room,
                    (StreamNews::Gone, Some(place)) => {
                        streams.remove(place);
                        lost.send(token).unwrap();
                    }
                    (_, None) => {}
                }
            }
            streams.retain_mut(|stream| {
                if stream.room == 0 {
                    return true;
                }
                if stream.next == stream.end {
                    server.end_stream(stream.token).unwrap();
                    return false;
                }
                let Ok(room) = server.stream(stream.token, &large(stream.next)) else {
                    lost.send(stream.token).unwrap();
                    return false;
                };
                stream.room = room;
                stream.next += 1;
                count.fetch_add(1, Ordering::Relaxed);
                true
            });
            streams.iter().any(|stream| stream.room > 0)
        });
        Self {
            server,
            drawn,
            gone,
        }
    }

    /// Waits until it draws no further item.
    fn wait_until_it_waits(&self) -> u32 {
        let until = Instant::now() + PATIENCE;
        let (mut drawn, mut since) = (0, Instant::now());
        while drawn == 0 || since.elapsed() < Duration::from_millis(500) {
            assert!(Instant::now() < until, "it draws on: {drawn} items");
            std::thread::yield_now();
            let now = self.drawn.load(Ordering::Relaxed);
            if now != drawn {
                (drawn, since) = (now, Instant::now());
            }
        }
        drawn
    }
}

fn large(number: u32) -> Vec<u8> {
    let mut item = b"\xc5".to_vec();
    item.extend_from_slice(&u16::try_from(SIZE).unwrap().to_be_bytes());
    item.extend_from_slice(&number.to_be_bytes());
    item.resize(item.len() + SIZE as usize - 4, 0);
    item
}

#[test]
fn who_grants_more_than_it_reads_gets_all_of_it_and_fills_no_memory() {
    const ITEMS: u32 = 20_000;
    let large_one = Large::of(Duration::from_secs(300));
    let mut slow: Vec<_> = (0..8).map(|_| Peer::of(&large_one.server)).collect();
    for peer in &mut slow {
        peer.call(
            ID,
            "stream",
            &[&b"\x91\xce"[..], &ITEMS.to_be_bytes()].concat(),
        );
        peer.more(ID, ALL);
    }
    let drawn = large_one.wait_until_it_waits();
    assert!(drawn < 8 * ITEMS, "all of it was drawn unread");
    // Others are served meanwhile.
    let mut other = Peer::of(&large_one.server);
    for _ in 0..100 {
        other.call(b"\x02", "plus", b"\x91\x05");
        assert_eq!(other.event().name(), "OK");
    }
    for reader in 0..slow.len() {
        let mut number = 0;
        while number < ITEMS {
            if number % 1000 == 0 {
                for peer in &mut slow {
                    peer.say(ID, b"_zpc_hb", b"\x91\x00");
                }
            }
            let event = slow[reader].event();
            if event.name() != "_zpc_hb" {
                assert_eq!(event.name(), "STREAM");
                assert!(event.args() == large(number), "no item {number}");
                number += 1;
            }
        }
        assert_eq!(slow[reader].event().name(), "STREAM_DONE");
    }
    let counters = large_one.server.finish();
    assert_eq!((counters.open, counters.undeliverable), (0, 0));
}

#[test]
fn who_grants_and_reads_nothing_is_let_go() {
    let stall = Duration::from_millis(1500);
    let large_one = Large::of(stall);
    let mut deaf = Peer::of(&large_one.server);
    deaf.call(ID, "stream", b"\x91\xce\x7f\xff\xff\xff");
    deaf.more(ID, ALL);
    large_one.wait_until_it_waits();
    let until = Instant::now() + PATIENCE;
    while large_one.gone.try_recv().is_err() {
        assert!(Instant::now() < until, "nobody was let go");
        // It is alive, and grants on.
        deaf.say(ID, b"_zpc_hb", b"\x91\x00");
        deaf.more(ID, 1);
        std::thread::yield_now();
    }
    let fault = loop {
        let event = deaf.event();
        if event.name() == "ERR" {
            break event.fault();
        }
    };
    assert_eq!(fault.code, Code::Cancelled);
    assert!(fault.message.contains("read too little"), "{fault}");
    let counters = large_one.server.finish();
    assert_eq!((counters.open, cancelled(&counters)), (0, 1));
    assert_eq!((counters.callers_lost, counters.callers_stalled), (0, 1));
}

#[test]
fn who_goes_while_much_is_unread_is_given_up() {
    let large_one = Large::of(Duration::from_secs(300));
    let mut peer = Peer::of(&large_one.server);
    peer.call(ID, "stream", b"\x91\xce\x7f\xff\xff\xff");
    peer.more(ID, ALL);
    large_one.wait_until_it_waits();
    drop(peer);
    large_one.gone.recv_timeout(PATIENCE).unwrap();
    assert_eq!(large_one.server.finish().open, 0);
}

#[test]
fn the_end_of_a_stream_is_not_kept_for_ever_either() {
    let server = Running::of(
        Options {
            stream_stall: Duration::from_millis(100),
            ..Options::default()
        },
        &["stream"],
        |server, taken| {
            let Some(taken) = taken else { return false };
            for _ in 0..3 {
                server.push(taken.token, b"\x07").unwrap();
            }
            server.end_stream(taken.token).unwrap();
            true
        },
    );
    let mut peer = Peer::of(&server);
    peer.call(ID, "stream", b"\x90");
    assert_eq!(peer.event().name(), "STREAM");
    assert_eq!(peer.event().name(), "ERR");
    let counters = server.finish();
    // It was counted at its end.
    assert_eq!((counters.answers, cancelled(&counters)), (1, 0));
    assert_eq!((counters.open, counters.undeliverable), (0, 1));
}

#[test]
fn a_caller_that_says_nothing_is_given_up_and_its_stream_told() {
    let (server, gone) = streaming();
    let mut silent = Peer::of(&server);
    let mut alive = Peer::of(&server);
    silent.call(ID, "stream", b"\x91\x64");
    alive.call(ID, "stream", b"\x91\x64");
    assert_eq!(alive.event().name(), "STREAM");
    // One heartbeat, and no other.
    let last = Instant::now();
    silent.say(ID, b"_zpc_hb", b"\x91\x00");
    let until = Instant::now() + PATIENCE;
    while gone.try_recv().is_err() {
        assert!(Instant::now() < until, "nobody was given up");
        if alive.event_within(Duration::from_millis(100)).is_some() {
            alive.say(ID, b"_zpc_hb", b"\x91\x00");
        }
    }
    eprintln!("given up {:?} after its last sign of life", last.elapsed());
    assert!(last.elapsed() >= Duration::from_secs(10));
    assert!(gone.try_recv().is_err(), "the other one is alive");
    alive.more(ID, 1000);
    let mut event = alive.event();
    while event.name() != "STREAM_DONE" {
        event = alive.event();
    }
    let counters = server.finish();
    assert_eq!((counters.open, counters.undeliverable), (0, 1));
    assert_eq!((counters.callers_lost, counters.callers_stalled), (1, 0));
}

#[test]
fn a_caller_whose_connection_ends_is_given_up_at_the_next_heartbeat() {
    let (server, gone) = streaming();
    let mut peer = Peer::of(&server);
    peer.call(ID, "stream", b"\x91\x64");
    assert_eq!(peer.event().name(), "STREAM");
    let before = Instant::now();
    drop(peer);
    gone.recv_timeout(PATIENCE).unwrap();
    eprintln!("given up after {:?}", before.elapsed());
    assert_eq!(server.finish().open, 0);
}

#[test]
fn a_caller_whose_heartbeats_wait_behind_others_calls_is_not_given_up() {
    let mut options = Options::default();
    options.transport.kind = Some(Kind::Zmtp);
    let server = Running::of(options, &["stream", "work"], |server, taken| {
        match taken.map(|taken| (taken.function(), taken.token)) {
            Some((b"stream", token)) => server.push(token, b"\x07").unwrap(),
            Some((b"work", token)) => {
                server.leave().unwrap();
                std::thread::sleep(Duration::from_millis(60));
                server.back();
                server.answer(token, b"\x01").unwrap();
            }
            _ => return false,
        }
        true
    });
    let mut alive = Peer::of(&server);
    alive.call(ID, "stream", b"\x90");
    assert_eq!(alive.event().name(), "STREAM");
    let mut busy = Peer::of(&server);
    for _ in 0..300 {
        busy.send(b"\x82\xadfunction_name\xa4work\xaaparameters\x90");
    }
    for answer in 0..300 {
        if answer % 10 == 0 {
            alive.say(ID, b"_zpc_hb", b"\x91\x00");
        }
        assert_eq!(busy.receive(), b"\x01");
    }
    let counters = server.finish();
    assert_eq!((counters.open, counters.undeliverable), (1, 0));
}

#[test]
fn a_stream_that_nobody_takes_is_told_of_its_servers_end() {
    let cut_short = Fault::new(
        Code::Cancelled,
        "the server stopped before the stream ended",
    );
    // Whether its host tells it before, as one does that stops, or not, or refuses
    // what it has not begun.
    let stops: [fn(&mut Server, u64, &Fault); 3] = [
        |server, token, fault| server.fail(token, fault).unwrap(),
        |_, _, _| (),
        |server, _, _| server.refuse_open().unwrap(),
    ];
    for stop in stops {
        let (told, stopped) = channel();
        let (begun, fault) = (told.clone(), cut_short.clone());
        let mut waits = None;
        let server = Running::of(
            Options::default(),
            &["stream", "stop"],
            move |server, taken| {
                let Some(taken) = taken else { return false };
                if taken.function() == b"stream" {
                    assert_eq!(server.stream(taken.token, b"\x01"), Ok(0));
                    waits = Some(taken.token);
                } else {
                    server.answer(taken.token, b"\xc0").unwrap();
                    stop(server, waits.take().unwrap(), &fault);
                }
                begun.send(()).unwrap();
                true
            },
        );
        let mut peer = Peer::of(&server);
        peer.call(ID, "stream", b"\x90");
        assert_eq!(peer.event().name(), "STREAM");
        peer.call(b"\xa4stop", "stop", b"\x90");
        assert_eq!(peer.event().name(), "OK");
        stopped.recv_timeout(PATIENCE).unwrap();
        stopped.recv_timeout(PATIENCE).unwrap();
        let counters = server.finish();
        let event = peer.event();
        assert_eq!((event.name(), event.response_to()), ("ERR", ID));
        assert_eq!(event.fault().code, Code::Cancelled, "{}", event.fault());
        assert_eq!(cancelled(&counters), u64::from(counters.open == 0));
    }
}
