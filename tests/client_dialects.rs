//! A client that speaks MessagePack-RPC or zerorpc, against servers written by
//! hand.

use std::time::{Duration, Instant};

use zroute::client::{Client, Dialect, Item, Options, Outcome, Terms};
use zroute::msgpack::{Limits, Reader};
use zroute::transport::{self, Body, Endpoint, Kind, Sent, Transport};
use zroute::wire::messagepack_rpc::{self, Message};
use zroute::wire::{Code, Envelope, Fault, zerorpc};

const PATIENCE: Duration = Duration::from_secs(60);
/// From one heartbeat to the next, where they matter: twice as long nobody may be
/// without time, neither a thread of the test nor the client's.
const BEAT: Duration = Duration::from_secs(1);
const NOTHING: [(&[u8], &[u8]); 0] = [];
const IDEMPOTENT: Terms = Terms {
    idempotent: true,
    one_way: false,
    stream: false,
};
const ONE_WAY: Terms = Terms {
    idempotent: false,
    one_way: true,
    stream: false,
};
const STREAM: Terms = Terms {
    idempotent: false,
    one_way: false,
    stream: true,
};

/// A server's socket, and nothing behind it.
struct Peer {
    socket: Box<dyn Transport>,
}

/// What came from a client.
struct Came {
    envelope: Envelope,
    body: Vec<u8>,
}

impl Peer {
    /// With a client of it.
    fn with(dialect: Dialect) -> (Self, Client) {
        Self::with_heartbeat(dialect, Duration::from_secs(5))
    }

    fn with_heartbeat(dialect: Dialect, zerorpc_heartbeat: Duration) -> (Self, Client) {
        let options = transport::Options {
            kind: Some(Kind::Zmtp),
            ..transport::Options::default()
        };
        let mut socket = transport::router(&options).unwrap();
        let endpoint = Endpoint::parse("tcp://127.0.0.1:*").unwrap();
        let endpoint = socket.bind(&endpoint).unwrap();
        let mut client = Client::new(Options {
            dialect,
            zerorpc_heartbeat,
            retry_base: Duration::from_millis(1),
            ..Options::default()
        });
        client.connect(&endpoint).unwrap();
        (Self { socket }, client)
    }

    fn receive(&mut self, client: &mut Client) -> Option<Came> {
        client.health(0).unwrap();
        self.listen()
    }

    /// A message that comes within a moment, without the client being called.
    fn listen(&mut self) -> Option<Came> {
        self.listen_for(Duration::from_millis(2))
    }

    fn listen_for(&mut self, moment: Duration) -> Option<Came> {
        let moment = Instant::now() + moment;
        self.socket.wait(None, Some(moment), false).unwrap();
        let incoming = self.socket.receive().unwrap()?;
        let Body::One(frame) = incoming.body else {
            panic!("{:?}", incoming.body);
        };
        Some(Came {
            envelope: incoming.envelope,
            body: frame.as_ref().to_vec(),
        })
    }

    /// The next message without the client being called.
    fn expect_alone(&mut self) -> Came {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if let Some(came) = self.listen() {
                return came;
            }
        }
        panic!("nothing came");
    }

    /// The next message, whatever it is.
    fn expect(&mut self, client: &mut Client) -> Came {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if let Some(came) = self.receive(client) {
                return came;
            }
        }
        panic!("nothing came");
    }

    /// The next event of zerorpc that is no heartbeat.
    fn expect_event(&mut self, client: &mut Client) -> Came {
        loop {
            let came = self.expect(client);
            if came.event().name != zerorpc::HEARTBEAT {
                return came;
            }
        }
    }

    fn send(&mut self, to: &Came, body: &[u8]) {
        assert_eq!(self.socket.send(&to.envelope, body).unwrap(), Sent::Done);
        self.socket.flush().unwrap();
    }

    /// An event on the channel that this call has begun.
    fn event(&mut self, call: &Came, name: &[u8], args: &[u8]) {
        let mut body = Vec::new();
        let channel = call.event().message_id.unwrap();
        zerorpc::begin(
            &mut body,
            b"\xa1x",
            Some(channel),
            NOTHING.into_iter(),
            name,
        )
        .unwrap();
        body.extend_from_slice(args);
        self.send(call, &body);
    }
}

impl Came {
    fn event(&self) -> zerorpc::Event<'_> {
        zerorpc::read(&self.body, &Limits::default())
            .unwrap()
            .unwrap()
    }

    fn request(&self) -> (&[u8], &[u8], &[u8]) {
        match messagepack_rpc::read(&self.body, &Limits::default()).unwrap() {
            Message::Request { id, call } => (id, call.function, call.parameters),
            other => panic!("{other:?}"),
        }
    }

    fn answer(&self, value: &[u8]) -> Vec<u8> {
        let mut body = Vec::new();
        messagepack_rpc::write_answer(&mut body, self.request().0, value);
        body
    }
}

fn value_of(outcome: Outcome) -> Vec<u8> {
    match outcome {
        Outcome::Answer(value) => value.as_ref().to_vec(),
        other => panic!("{other:?}"),
    }
}

fn fault_of(outcome: Outcome) -> Fault {
    match outcome {
        Outcome::Fault(fault) => fault,
        other => panic!("{other:?}"),
    }
}

fn next_item(client: &mut Client, stream: u64) -> Item {
    let until = Some(Instant::now() + PATIENCE);
    client.stream_next(stream, until).unwrap().expect("no item")
}

fn next_value(client: &mut Client, stream: u64) -> Vec<u8> {
    match next_item(client, stream) {
        Item::Value(value) => value.as_ref().to_vec(),
        other => panic!("{other:?}"),
    }
}

fn number(value: &[u8]) -> u64 {
    Reader::new(value).unsigned().unwrap()
}

fn packed(number: u16) -> Vec<u8> {
    let [high, low] = number.to_be_bytes();
    vec![0xcd, high, low]
}

#[test]
fn messagepack_rpc_answers_come_in_any_order() {
    let (mut peer, mut client) = Peer::with(Dialect::MessagePackRpc);
    let one = client.submit("one", b"\x91\x01", PATIENCE).unwrap();
    let two = client.submit("two", b"\x90", PATIENCE).unwrap();
    let first = peer.expect(&mut client);
    let second = peer.expect(&mut client);
    assert_eq!(first.request().1, b"one");
    assert_eq!(first.request().2, b"\x91\x01");
    assert_eq!(second.request().1, b"two");
    assert!(number(first.request().0) <= u32::MAX.into());
    peer.send(&second, &second.answer(b"\xa1b"));
    peer.send(&first, &first.answer(b"\xa1a"));
    assert_eq!(value_of(client.collect(one).unwrap()), b"\xa1a");
    assert_eq!(value_of(client.collect(two).unwrap()), b"\xa1b");
    // Once more, and from nobody.
    peer.send(&first, &first.answer(b"\xa1a"));
    peer.send(&first, b"\x94\x01\xa1x\xc0\xc0");
    peer.send(&first, b"\x01");
    let third = client.submit("three", b"\x90", PATIENCE).unwrap();
    let came = peer.expect(&mut client);
    peer.send(&came, &came.answer(b"\x03"));
    assert_eq!(value_of(client.collect(third).unwrap()), b"\x03");
    assert_eq!(client.counters().unmatched, 3);
}

#[test]
fn messagepack_rpc_errors_are_faults_whatever_they_are() {
    let (mut peer, mut client) = Peer::with(Dialect::MessagePackRpc);
    for (error, message) in [
        (&b"\xa3odd"[..], "odd"),
        (b"\x92\x01\xa3odd", "odd (error 1)"),
        (
            b"\xc3",
            "the server sent an error that says nothing of itself",
        ),
    ] {
        let call = client.submit("f", b"\x90", PATIENCE).unwrap();
        let came = peer.expect(&mut client);
        let body = [b"\x94\x01", came.request().0, error, b"\xc0"].concat();
        peer.send(&came, &body);
        assert_eq!(fault_of(client.collect(call).unwrap()).message, message);
    }
    let ours = Fault::named(Code::Application(7), "NoMoney", "it is all gone");
    let call = client.submit("f", b"\x90", PATIENCE).unwrap();
    let came = peer.expect(&mut client);
    let mut body = Vec::new();
    messagepack_rpc::write_fault(&mut body, came.request().0, &ours);
    peer.send(&came, &body);
    assert_eq!(fault_of(client.collect(call).unwrap()), ours);
    // What is no answer is told at once to the call that it is for.
    let call = client.submit("f", b"\x90", PATIENCE).unwrap();
    let came = peer.expect(&mut client);
    peer.send(&came, b"\x94\x01");
    let outcome = client.collect(call).unwrap();
    assert!(matches!(outcome, Outcome::Invalid(_)), "{outcome:?}");
}

#[test]
fn a_messagepack_rpc_notification_wants_no_answer() {
    let (mut peer, mut client) = Peer::with(Dialect::MessagePackRpc);
    client
        .submit_on(ONE_WAY, "log", b"\x91\x01", PATIENCE)
        .unwrap();
    assert_eq!(peer.expect(&mut client).body, b"\x93\x02\xa3log\x91\x01");
    assert_eq!(client.counters().in_flight, 0);
}

#[test]
fn what_a_dialect_has_no_place_for_is_not_sent() {
    let (mut peer, mut client) = Peer::with(Dialect::MessagePackRpc);
    let refused = |client: &mut Client, terms, parameters: &[u8]| {
        let call = client.submit_on(terms, "f", parameters, PATIENCE).unwrap();
        let outcome = if terms.stream {
            match next_item(client, call) {
                Item::Broken(outcome) => outcome,
                other => panic!("{other:?}"),
            }
        } else {
            client.collect(call).unwrap()
        };
        assert!(matches!(outcome, Outcome::Unsendable(_)), "{outcome:?}");
    };
    refused(&mut client, Terms::default(), b"\x80");
    refused(&mut client, STREAM, b"\x90");
    client.set_meta(b"\x81\xa1k\x01").unwrap();
    refused(&mut client, Terms::default(), b"\x90");
    client.set_meta(b"").unwrap();
    client.submit("g", b"\x90", PATIENCE).unwrap();
    assert_eq!(peer.expect(&mut client).request().1, b"g");

    let (_peer, mut client) = Peer::with(Dialect::Zerorpc);
    refused(&mut client, Terms::default(), b"\xc0");
    client.set_meta(b"\x81\xa1v\x01").unwrap();
    refused(&mut client, Terms::default(), b"\x90");

    let (_peer, mut client) = Peer::with(Dialect::Plain);
    refused(&mut client, STREAM, b"\x90");
    assert_eq!(client.counters().in_flight, 0);
}

#[test]
fn a_zerorpc_call_is_an_event_and_its_heartbeat_no_answer() {
    let (mut peer, mut client) = Peer::with(Dialect::Zerorpc);
    client.set_meta(b"\x81\xaaaccess_key\xa3xyz").unwrap();
    let call = client.submit("plus", b"\x92\x01\x02", PATIENCE).unwrap();
    let came = peer.expect(&mut client);
    let event = came.event();
    assert_eq!(came.envelope.frames().skip(1).collect::<Vec<_>>(), [b""]);
    assert_eq!(
        (event.name, event.args),
        (&b"plus"[..], &b"\x92\x01\x02"[..])
    );
    assert_eq!((event.version, event.response_to), (3, None));
    let meta: Vec<_> = event.meta().collect();
    assert_eq!(meta, [(&b"\xaaaccess_key"[..], &b"\xa3xyz"[..])]);
    peer.event(&came, zerorpc::HEARTBEAT, b"\x91\x00");
    peer.event(&came, zerorpc::MORE, b"\x91\x64");
    peer.event(&came, b"_zpc_new", b"\xc0");
    peer.event(&came, zerorpc::OK, b"\x91\x03");
    assert_eq!(value_of(client.collect(call).unwrap()), b"\x03");
    // Both ends may still say something.
    peer.event(&came, zerorpc::MORE, b"\x91\x64");
    let call = client.submit("fail", b"\x90", PATIENCE).unwrap();
    let came = peer.expect(&mut client);
    peer.event(&came, zerorpc::ERROR, b"\x93\xa4Oops\xa3odd\xc0");
    let fault = fault_of(client.collect(call).unwrap());
    assert_eq!((&*fault.name, &*fault.message), ("Oops", "odd"));
    assert_eq!(client.counters().unmatched, 2);
    let call = client.submit("odd", b"\x90", PATIENCE).unwrap();
    let came = peer.expect(&mut client);
    peer.event(&came, zerorpc::OK, b"\xc0");
    let outcome = client.collect(call).unwrap();
    assert!(matches!(outcome, Outcome::Invalid(_)), "{outcome:?}");
}

#[test]
fn after_a_call_that_timed_out_the_next_gets_its_own_answer() {
    for dialect in Dialect::ALL {
        let (mut peer, mut client) = Peer::with(dialect);
        let answer = |peer: &mut Peer, came: &Came, value: &[u8]| match dialect {
            Dialect::Plain => peer.send(came, value),
            Dialect::MessagePackRpc => peer.send(came, &came.answer(value)),
            Dialect::Zerorpc => peer.event(came, zerorpc::OK, &[b"\x91", value].concat()),
        };
        let slow = client.submit("slow", b"\x90", PATIENCE).unwrap();
        let late = peer.expect(&mut client);
        assert!(client.cancel(slow));
        let brief = Duration::from_millis(1);
        let timed = client.submit("slow", b"\x90", brief).unwrap();
        let outcome = client.collect(timed).unwrap();
        assert!(matches!(outcome, Outcome::TimedOut { .. }), "{outcome:?}");
        let later = peer.expect(&mut client);
        let fast = client.submit("fast", b"\x90", PATIENCE).unwrap();
        let came = peer.expect(&mut client);
        answer(&mut peer, &late, b"\x01");
        answer(&mut peer, &later, b"\x02");
        answer(&mut peer, &came, b"\x03");
        assert_eq!(value_of(client.collect(fast).unwrap()), b"\x03");
        assert_eq!(client.counters().unmatched, 2, "{}", dialect.name());
    }
}

#[test]
fn heartbeats_keep_a_call_and_their_absence_ends_it() {
    let (mut peer, mut client) = Peer::with_heartbeat(Dialect::Zerorpc, BEAT);
    let call = client.submit("slow", b"\x90", PATIENCE).unwrap();
    let came = peer.expect(&mut client);
    for _ in 0..3 {
        let beat = peer.expect(&mut client);
        assert_eq!(beat.event().name, zerorpc::HEARTBEAT);
        assert_eq!(beat.event().response_to, came.event().message_id);
        assert_ne!(beat.event().message_id, came.event().message_id);
        peer.event(&came, zerorpc::HEARTBEAT, b"\x91\x00");
    }
    let Outcome::ConnectionLost { trouble, .. } = client.collect(call).unwrap() else {
        panic!("it ended otherwise");
    };
    assert!(trouble.contains("no heartbeat for 2000 ms"), "{trouble}");
    assert_eq!(client.counters().unknown, 1);
    // Its answer, when it comes at last, is nobody's.
    peer.event(&came, zerorpc::OK, b"\x91\x01");
    let next = client.submit("quick", b"\x90", PATIENCE).unwrap();
    let came = peer.expect_event(&mut client);
    peer.event(&came, zerorpc::OK, b"\x91\x02");
    assert_eq!(value_of(client.collect(next).unwrap()), b"\x02");
}

#[test]
fn an_idempotent_call_is_sent_again_on_a_channel_of_its_own() {
    let (mut peer, mut client) = Peer::with_heartbeat(Dialect::Zerorpc, BEAT);
    let call = client
        .submit_on(IDEMPOTENT, "f", b"\x90", PATIENCE)
        .unwrap();
    let first = peer.expect(&mut client);
    let again = peer.expect_event(&mut client);
    assert_eq!(again.event().name, b"f");
    assert_ne!(again.event().message_id, first.event().message_id);
    peer.event(&first, zerorpc::OK, b"\x91\x01");
    peer.event(&again, zerorpc::OK, b"\x91\x02");
    assert_eq!(value_of(client.collect(call).unwrap()), b"\x02");
    assert_eq!(client.counters().unmatched, 1);
}

#[test]
fn a_host_that_was_away_finds_its_calls_as_they_were() {
    let (mut peer, mut client) = Peer::with_heartbeat(Dialect::Zerorpc, BEAT);
    let call = client.submit("f", b"\x90", PATIENCE).unwrap();
    let came = peer.expect(&mut client);
    // It is there long before the host is back.
    peer.event(&came, zerorpc::HEARTBEAT, b"\x91\x00");
    let away = Instant::now() + BEAT * 3;
    while Instant::now() < away {
        peer.socket.wait(None, Some(away), false).unwrap();
    }
    assert!(client.collect_any(Some(Instant::now())).unwrap().is_none());
    peer.event(&came, zerorpc::OK, b"\x91\x01");
    assert_eq!(value_of(client.collect(call).unwrap()), b"\x01");
}

/// The credit that comes next on this channel.
fn credit(peer: &mut Peer, client: &mut Client) -> u64 {
    peer.expect_event(client).event().credit().unwrap()
}

#[test]
fn a_stream_is_complete_in_order_and_never_more_than_was_granted() {
    let (mut peer, mut client) = Peer::with(Dialect::Zerorpc);
    let stream = client
        .submit_on(STREAM, "count", b"\x90", PATIENCE)
        .unwrap();
    let call = peer.expect(&mut client);
    let (mut sent, mut granted, mut read) = (0, 1, 0);
    while sent < 1000 {
        while granted > 0 && sent < 1000 {
            peer.event(&call, zerorpc::STREAM, &packed(sent));
            sent += 1;
            granted -= 1;
        }
        if granted == 0 {
            // The host reads until more is granted.
            let more = loop {
                if let Some(came) = peer.receive(&mut client) {
                    if came.event().name != zerorpc::HEARTBEAT {
                        break came.event().credit().unwrap();
                    }
                    peer.event(&call, zerorpc::HEARTBEAT, b"\x91\x00");
                }
                let now = Some(Instant::now());
                match client.stream_next(stream, now).unwrap() {
                    Some(Item::Value(value)) => {
                        assert_eq!(number(value.as_ref()), read);
                        read += 1;
                    }
                    None => {}
                    other => panic!("{other:?}"),
                }
            };
            assert!((1..=100).contains(&more), "{more}");
            granted += more;
        }
    }
    peer.event(&call, zerorpc::STREAM_DONE, b"\xc0");
    for expected in read..1000 {
        assert_eq!(number(&next_value(&mut client, stream)), expected);
    }
    assert!(matches!(next_item(&mut client, stream), Item::End));
    let known = next_item(&mut client, stream);
    assert!(matches!(known, Item::Broken(Outcome::Unknown)), "{known:?}");
    assert_eq!(client.counters().in_flight, 0);
    assert_eq!(client.counters().answers, 1);
}

#[test]
fn a_host_that_does_not_read_is_sent_no_more() {
    let (mut peer, mut client) = Peer::with_heartbeat(Dialect::Zerorpc, BEAT);
    let stream = client
        .submit_on(STREAM, "count", b"\x90", PATIENCE)
        .unwrap();
    let call = peer.expect(&mut client);
    peer.event(&call, zerorpc::STREAM, &packed(0));
    let granted = u16::try_from(credit(&mut peer, &mut client)).unwrap();
    for item in 1..=granted {
        peer.event(&call, zerorpc::STREAM, &packed(item));
    }
    // All are here, and heartbeats are all that it says.
    for _ in 0..2 {
        let came = peer.expect(&mut client);
        assert_eq!(came.event().name, zerorpc::HEARTBEAT);
        peer.event(&call, zerorpc::HEARTBEAT, b"\x91\x00");
    }
    for _ in 0..granted {
        next_value(&mut client, stream);
    }
    assert!(credit(&mut peer, &mut client) > 0);
}

#[test]
fn what_a_full_connection_does_not_take_goes_out_when_it_does() {
    let (mut peer, mut client) = Peer::with(Dialect::Zerorpc);
    let stream = client
        .submit_on(STREAM, "count", b"\x90", PATIENCE)
        .unwrap();
    let call = peer.expect(&mut client);
    // Longer than what the system takes for a peer that reads nothing.
    let mut large = b"\x91\xc5\x27\x10".to_vec();
    large.resize(large.len() + 10_000, 0);
    for _ in 0..3000 {
        client.submit("f", &large, PATIENCE).unwrap();
    }
    peer.event(&call, zerorpc::STREAM, &packed(0));
    assert_eq!(next_value(&mut client, stream), packed(0));
    let more = loop {
        let came = peer.expect_event(&mut client);
        if came.event().name == zerorpc::MORE {
            break came.event().credit();
        }
    };
    assert_eq!(more, Some(100));
}

#[test]
fn a_host_that_is_busy_with_each_item_says_that_it_is_there() {
    let (mut peer, mut client) = Peer::with_heartbeat(Dialect::Zerorpc, BEAT);
    let stream = client
        .submit_on(STREAM, "count", b"\x90", PATIENCE)
        .unwrap();
    let call = peer.expect(&mut client);
    peer.event(&call, zerorpc::STREAM, b"\x00");
    // With the item the server is told that it may send more.
    assert_eq!(next_value(&mut client, stream), b"\x00");
    let granted = peer.expect_alone().event().credit().unwrap();
    for _ in 0..granted {
        peer.event(&call, zerorpc::STREAM, b"\x01");
    }
    // No item has to be waited for, and all are taken in a long time.
    let mut beats = 0;
    for _ in 0..granted {
        assert_eq!(next_value(&mut client, stream), b"\x01");
        peer.event(&call, zerorpc::HEARTBEAT, b"\x91\x00");
        beats += usize::from(peer.listen_for(BEAT / 20).is_some());
    }
    assert!(beats > 1, "{beats}");
}

#[test]
fn large_items_come_in_small_numbers() {
    let (mut peer, mut client) = Peer::with(Dialect::Zerorpc);
    client.submit_on(STREAM, "f", b"\x90", PATIENCE).unwrap();
    let call = peer.expect(&mut client);
    let large = [&b"\xc6\x00\x0f\x00\x00"[..], &vec![7; 0x000f_0000]].concat();
    peer.event(&call, zerorpc::STREAM, &large);
    assert_eq!(credit(&mut peer, &mut client), 4);
}

#[test]
fn a_stream_that_is_left_falls_silent() {
    let (mut peer, mut client) = Peer::with_heartbeat(Dialect::Zerorpc, BEAT);
    let stream = client
        .submit_on(STREAM, "count", b"\x90", PATIENCE)
        .unwrap();
    let call = peer.expect(&mut client);
    peer.event(&call, zerorpc::STREAM, b"\x01");
    assert_eq!(next_value(&mut client, stream), b"\x01");
    assert!(client.cancel(stream));
    assert!(!client.cancel(stream));
    peer.event(&call, zerorpc::STREAM, b"\x02");
    peer.event(&call, zerorpc::STREAM_DONE, b"\xc0");
    // A second call, whose heartbeats are the only ones after it.
    client.submit("f", b"\x90", PATIENCE).unwrap();
    let second = loop {
        let came = peer.expect(&mut client);
        if came.event().name == b"f" {
            break came;
        }
    };
    for _ in 0..2 {
        let came = peer.expect(&mut client);
        assert_eq!(came.event().response_to, second.event().message_id);
        peer.event(&second, zerorpc::HEARTBEAT, b"\x91\x00");
    }
    assert_eq!(client.counters().unmatched, 2);
    let known = next_item(&mut client, stream);
    assert!(matches!(known, Item::Broken(Outcome::Unknown)), "{known:?}");
}

#[test]
fn a_fault_comes_after_the_items_before_it() {
    let (mut peer, mut client) = Peer::with(Dialect::Zerorpc);
    let terms = Terms {
        idempotent: true,
        ..STREAM
    };
    let stream = client.submit_on(terms, "count", b"\x90", PATIENCE).unwrap();
    let call = peer.expect(&mut client);
    peer.event(&call, zerorpc::STREAM, b"\x01");
    credit(&mut peer, &mut client);
    // Not even one that would have it begin again.
    peer.event(&call, zerorpc::ERROR, b"\x93\xaaOverloaded\xa3odd\xc0");
    assert_eq!(next_value(&mut client, stream), b"\x01");
    let Item::Broken(outcome) = next_item(&mut client, stream) else {
        panic!("it went on");
    };
    assert_eq!(fault_of(outcome).code, Code::Overloaded);
}

#[test]
fn a_function_without_a_stream_gives_one_item_and_a_call_gets_a_streams_list() {
    let (mut peer, mut client) = Peer::with(Dialect::Zerorpc);
    let stream = client.submit_on(STREAM, "f", b"\x90", PATIENCE).unwrap();
    let came = peer.expect(&mut client);
    peer.event(&came, zerorpc::OK, b"\x91\x92\x01\x02");
    assert_eq!(next_value(&mut client, stream), b"\x92\x01\x02");
    assert!(matches!(next_item(&mut client, stream), Item::End));

    let call = client.submit("count", b"\x90", PATIENCE).unwrap();
    let came = peer.expect(&mut client);
    peer.event(&came, zerorpc::STREAM, b"\x01");
    assert!(credit(&mut peer, &mut client) > 1);
    peer.event(&came, zerorpc::STREAM, b"\xa1x");
    peer.event(&came, zerorpc::STREAM_DONE, b"\x90");
    assert_eq!(value_of(client.collect(call).unwrap()), b"\x92\x01\xa1x");
    let call = client.submit("none", b"\x90", PATIENCE).unwrap();
    let came = peer.expect(&mut client);
    peer.event(&came, zerorpc::STREAM_DONE, b"\xc0");
    assert_eq!(value_of(client.collect(call).unwrap()), b"\x90");
}

#[test]
fn a_list_that_is_begun_again_holds_the_items_of_the_last_try_alone() {
    let (mut peer, mut client) = Peer::with(Dialect::Zerorpc);
    let call = client
        .submit_on(IDEMPOTENT, "count", b"\x90", PATIENCE)
        .unwrap();
    let first = peer.expect(&mut client);
    peer.event(&first, zerorpc::STREAM, b"\x01");
    credit(&mut peer, &mut client);
    peer.event(
        &first,
        zerorpc::ERROR,
        &error(&Fault::worker_died("it died")),
    );
    let again = peer.expect_event(&mut client);
    assert_ne!(again.event().message_id, first.event().message_id);
    peer.event(&again, zerorpc::STREAM, b"\x02");
    assert!(credit(&mut peer, &mut client) > 1);
    peer.event(&again, zerorpc::STREAM, b"\x03");
    peer.event(&again, zerorpc::STREAM_DONE, b"\xc0");
    assert_eq!(value_of(client.collect(call).unwrap()), b"\x92\x02\x03");
}

#[test]
fn a_call_of_which_an_item_came_has_begun_whatever_its_server_says() {
    let (mut peer, mut client) = Peer::with(Dialect::Zerorpc);
    // Sent again, it would wait as long for another server.
    let call = client.submit("count", b"\x90", PATIENCE * 10).unwrap();
    let came = peer.expect(&mut client);
    peer.event(&came, zerorpc::STREAM, b"\x01");
    credit(&mut peer, &mut client);
    let leaving = Fault::new(Code::ShuttingDown, "the server shuts down");
    peer.event(&came, zerorpc::ERROR, &error(&leaving));
    let ended = client.collect_any(Some(Instant::now() + PATIENCE)).unwrap();
    let (id, outcome) = ended.expect("its end");
    assert_eq!((id, fault_of(outcome).name), (call, "ShuttingDown".into()));
}

fn error(fault: &Fault) -> Vec<u8> {
    let mut args = Vec::new();
    zerorpc::error_args(&mut args, fault);
    args
}

#[test]
fn each_item_has_its_own_time() {
    let (mut peer, mut client) = Peer::with(Dialect::Zerorpc);
    let brief = Duration::from_secs(2);
    let stream = client.submit_on(STREAM, "f", b"\x90", brief).unwrap();
    let call = peer.expect(&mut client);
    let now = Instant::now();
    assert!(client.stream_next(stream, Some(now)).unwrap().is_none());
    peer.event(&call, zerorpc::STREAM, b"\x01");
    assert_eq!(next_value(&mut client, stream), b"\x01");
    let Item::Broken(outcome) = next_item(&mut client, stream) else {
        panic!("something came");
    };
    assert!(matches!(outcome, Outcome::TimedOut { .. }), "{outcome:?}");
    assert_eq!(client.counters().in_flight, 0);
}

#[test]
fn streams_and_calls_share_a_connection() {
    let (mut peer, mut client) = Peer::with(Dialect::Zerorpc);
    let one = client.submit_on(STREAM, "a", b"\x90", PATIENCE).unwrap();
    let two = client.submit_on(STREAM, "b", b"\x90", PATIENCE).unwrap();
    let call = client.submit("c", b"\x90", PATIENCE).unwrap();
    let [a, b, c] = [0; 3].map(|_| peer.expect(&mut client));
    peer.event(&b, zerorpc::STREAM, b"\x11");
    peer.event(&a, zerorpc::STREAM, b"\x01");
    peer.event(&c, zerorpc::OK, b"\x91\x21");
    let (id, outcome) = client.collect_any(None).unwrap().unwrap();
    assert_eq!((id, value_of(outcome)), (call, b"\x21".to_vec()));
    // Only streams are left, and they are not collected.
    assert!(client.collect_any(None).unwrap().is_none());
    peer.event(&a, zerorpc::STREAM, b"\x02");
    peer.event(&b, zerorpc::STREAM_DONE, b"\xc0");
    peer.event(&a, zerorpc::STREAM_DONE, b"\xc0");
    assert_eq!(next_value(&mut client, one), b"\x01");
    assert_eq!(next_value(&mut client, two), b"\x11");
    assert!(matches!(next_item(&mut client, two), Item::End));
    assert_eq!(next_value(&mut client, one), b"\x02");
    assert!(matches!(next_item(&mut client, one), Item::End));
}

#[test]
fn a_connection_that_ends_breaks_a_stream_off_behind_its_items() {
    let (mut peer, mut client) = Peer::with(Dialect::Zerorpc);
    let terms = Terms {
        idempotent: true,
        ..STREAM
    };
    let stream = client.submit_on(terms, "f", b"\x90", PATIENCE).unwrap();
    let call = peer.expect(&mut client);
    peer.event(&call, zerorpc::STREAM, b"\x01");
    credit(&mut peer, &mut client);
    drop(peer);
    assert_eq!(next_value(&mut client, stream), b"\x01");
    let Item::Broken(outcome) = next_item(&mut client, stream) else {
        panic!("it went on");
    };
    let lost = matches!(outcome, Outcome::ConnectionLost { .. });
    assert!(lost, "{outcome:?}");
}

#[test]
fn an_answer_in_another_dialect_is_told_as_such() {
    for dialect in [Dialect::MessagePackRpc, Dialect::Zerorpc] {
        let (mut peer, mut client) = Peer::with(dialect);
        // The second time too: nothing that was understood has come meanwhile.
        for body in [&b"\xc0"[..], b"\x81\xa9__error__\x80", b""] {
            let call = client.submit("f", b"\x90", PATIENCE).unwrap();
            let came = peer.expect_last(&mut client, dialect);
            peer.send(&came, body);
            let began = Instant::now();
            let outcome = client.collect(call).unwrap();
            let Outcome::Invalid(text) = outcome else {
                panic!("{outcome:?}");
            };
            assert!(text.contains("(option 'dialect')"), "{text}");
            assert!(began.elapsed() < PATIENCE / 2, "it waited for its time");
        }
        // Whose answer it is, nobody knows of several.
        if dialect == Dialect::Zerorpc {
            let calls = [1, 2].map(|_| client.submit("f", b"\x90", PATIENCE).unwrap());
            let came = calls.map(|_| peer.expect_last(&mut client, dialect));
            peer.send(&came[0], b"\xc0");
            for (call, came) in calls.into_iter().zip(&came) {
                peer.event(came, zerorpc::OK, b"\x91\x01");
                assert_eq!(value_of(client.collect(call).unwrap()), b"\x01");
            }
        }
    }
}

#[test]
fn who_never_said_anything_is_asked_about_its_dialect() {
    let moment = Duration::from_millis(50);
    for dialect in Dialect::ALL {
        let (mut peer, mut client) = Peer::with(dialect);
        let silent = client.submit("f", b"\x90", moment * 4).unwrap();
        let came = peer.expect_last(&mut client, dialect);
        let trouble = trouble_of(client.collect(silent).unwrap());
        let asks = format!("does it speak the dialect '{}'?", dialect.name());
        assert!(trouble.contains(&asks), "{trouble}");
        // It has said something, if too late.
        match dialect {
            Dialect::Zerorpc => peer.event(&came, zerorpc::OK, b"\x91\x01"),
            Dialect::MessagePackRpc => peer.send(&came, &came.answer(b"\x01")),
            Dialect::Plain => peer.send(&came, b"\x01"),
        }
        let end = Instant::now() + PATIENCE;
        while client.counters().unmatched == 0 {
            assert!(Instant::now() < end, "nothing came");
            client.health(0).unwrap();
        }
        let late = client.call("f", b"\x90", moment).unwrap();
        assert_eq!(trouble_of(late), "");
    }
}

fn trouble_of(outcome: Outcome) -> String {
    match outcome {
        Outcome::TimedOut { trouble, .. } => trouble,
        other => panic!("{other:?}"),
    }
}

#[test]
fn no_bytes_harm_a_client() {
    for dialect in [Dialect::MessagePackRpc, Dialect::Zerorpc] {
        let (mut peer, mut client) = Peer::with(dialect);
        // From a server that was understood once.
        let understood = client.submit("f", b"\x90", PATIENCE).unwrap();
        let came = peer.expect(&mut client);
        match dialect {
            Dialect::Zerorpc => peer.event(&came, zerorpc::OK, b"\x91\x01"),
            _ => peer.send(&came, &came.answer(b"\x01")),
        }
        assert_eq!(value_of(client.collect(understood).unwrap()), b"\x01");
        let first = client.submit("f", b"\x90", PATIENCE).unwrap();
        let came = peer.expect(&mut client);
        let mut whole = Vec::new();
        match dialect {
            Dialect::Zerorpc => {
                let id = came.event().message_id.unwrap();
                let nothing = NOTHING.into_iter();
                zerorpc::begin(&mut whole, b"\xa1x", Some(id), nothing, zerorpc::OK).unwrap();
                whole.extend_from_slice(b"\x91\x01");
            }
            _ => whole = came.answer(b"\x01"),
        }
        for end in 0..whole.len() {
            peer.send(&came, &whole[..end]);
        }
        for place in 0..whole.len() {
            let mut wrong = whole.clone();
            wrong[place] ^= 0xc1;
            peer.send(&came, &wrong);
        }
        client.collect(first).unwrap();
        let call = client.submit("f", b"\x90", PATIENCE).unwrap();
        let came = peer.expect_last(&mut client, dialect);
        match dialect {
            Dialect::Zerorpc => peer.event(&came, zerorpc::OK, b"\x91\x01"),
            _ => peer.send(&came, &came.answer(b"\x01")),
        }
        assert_eq!(value_of(client.collect(call).unwrap()), b"\x01");
    }
}

impl Peer {
    /// The next call.
    fn expect_last(&mut self, client: &mut Client, dialect: Dialect) -> Came {
        match dialect {
            Dialect::Zerorpc => loop {
                let came = self.expect_event(client);
                if came.event().name == b"f" {
                    return came;
                }
            },
            _ => self.expect(client),
        }
    }
}
