//! A server that is called in every dialect, by peers written by hand.

mod peer;

use peer::{Peer, Running};

const PLUS: &[u8] = b"\x82\xadfunction_name\xa4plus\xaaparameters\x92\x01\x02";

/// Ids of every MessagePack type.
const IDS: [&[u8]; 18] = [
    b"\x07",
    b"\xe0",
    b"\xcc\x07",
    b"\xcd\x00\x07",
    b"\xce\xff\xff\xff\xff",
    b"\xcf\x00\x00\x00\x00\x00\x00\x00\x07",
    b"\xd3\x80\x00\x00\x00\x00\x00\x00\x00",
    b"\xca\x3f\x80\x00\x00",
    b"\xcb\x3f\xf0\x00\x00\x00\x00\x00\x00",
    b"\xc0",
    b"\xc3",
    b"\xa3abc",
    b"\xd9\x03abc",
    b"\xc4\x03abc",
    b"\x92\x01\x02",
    b"\x81\xa1a\x01",
    b"\xd4\x05\x00",
    b"\xd6\xff\x00\x00\x00\x00",
];

#[test]
fn every_caller_is_answered_in_its_dialect() {
    let server = Running::start();
    let mut peer = Peer::of(&server);
    peer.send(PLUS);
    assert_eq!(peer.receive(), b"\x03");
    peer.send(b"\x94\x00\x07\xa4plus\x92\x01\x02");
    assert_eq!(peer.receive(), b"\x94\x01\x07\xc0\x03");
    peer.call(b"\xc4\x02ab", "plus", b"\x92\x01\x02");
    let answer = peer.event();
    assert_eq!((answer.name(), answer.args()), ("OK", &b"\x91\x03"[..]));
    assert_eq!(answer.response_to(), b"\xc4\x02ab");
    assert_eq!(server.finish().answers, 3);
}

#[test]
fn ids_of_every_type_come_back_byte_for_byte() {
    let server = Running::start();
    let mut peer = Peer::of(&server);
    for id in IDS {
        peer.send(&[b"\x94\x00", id, b"\xa4plus\x91\x05"].concat());
        assert_eq!(peer.receive(), [b"\x94\x01", id, b"\xc0\x05"].concat());
        peer.call(id, "plus", b"\x91\x05");
        assert_eq!(peer.event().response_to(), id);
    }
}

#[test]
fn a_failed_call_tells_its_fault_in_its_dialect() {
    let server = Running::start();
    let mut peer = Peer::of(&server);
    peer.send(b"\x94\x00\x07\xa4nope\x90");
    let answer = peer.receive();
    assert!(
        answer.starts_with(b"\x94\x01\x07\x83\xa4code\xd1\x80\xa7"),
        "{answer:x?}"
    );
    assert!(answer.ends_with(b"\xc0"));
    peer.send(b"\x94\x00\x08\xa4fail\x90");
    assert!(
        peer.receive()
            .starts_with(b"\x94\x01\x08\x83\xa4code\x07\xa4name\xa6Broken")
    );
    peer.call(b"\x01", "nope", b"\x90");
    assert_eq!(peer.event().fault().name, "UnknownFunction");
    peer.call(b"\x02", "fail", b"\x90");
    let event = peer.event();
    assert_eq!(
        (event.name(), event.fault().name.as_str()),
        ("ERR", "Broken")
    );
    assert_eq!(event.fault().message, "as asked");
}

#[test]
fn a_notification_runs_and_is_not_answered() {
    let server = Running::start();
    let mut peer = Peer::of(&server);
    peer.send(b"\x93\x02\xa4plus\x92\x01\x02");
    peer.send(b"\x93\x02\xa4nope\x90");
    peer.send(b"\x93\x02\xa4fail\x90");
    peer.send(b"\x93\x02\x01\x90");
    peer.send(PLUS);
    assert_eq!(peer.receive(), b"\x03");
    let counters = server.finish();
    assert_eq!((counters.calls, counters.dropped), (3, 3));
}

#[test]
fn answers_go_out_as_they_are_ready() {
    let server = Running::start();
    let mut peer = Peer::of(&server);
    peer.send(b"\x94\x00\x01\xa5later\x91\x01");
    peer.send(b"\x94\x00\x02\xa4plus\x91\x02");
    assert_eq!(peer.receive(), b"\x94\x01\x02\xc0\x02");
    peer.send(b"\x94\x00\x03\xa3now\x90");
    let mut both = [peer.receive(), peer.receive()];
    both.sort();
    assert_eq!(both[0], b"\x94\x01\x01\xc0\x91\x01");
}

#[test]
fn what_is_malformed_is_answered_where_its_dialect_can() {
    let server = Running::start();
    let mut peer = Peer::of(&server);
    // Truncated, with an id that can be read, and without one.
    peer.send(b"\x94\x00\x07\xa4plus");
    assert!(
        peer.receive()
            .starts_with(b"\x94\x01\x07\x83\xa4code\xd1\x80\x44")
    );
    peer.send(b"\x94\x00\xa9abc");
    assert!(peer.receive().starts_with(b"\x94\x01\xc0\x83"));
    peer.send(&[b"\x94\x00\xda\x07\xd0", &[b'x'; 2000][..], b"\xa4plus\x90"].concat());
    assert!(peer.receive().starts_with(b"\x94\x01\xc0\x83"));
    peer.send(b"\x93\x81\xaamessage_id\x07\xa4plus");
    assert_eq!(peer.event().fault().name, "ParseError");
    peer.call(b"\x07", "plus", b"\xc0");
    assert_eq!(peer.event().fault().name, "InvalidRequest");
    // Nobody can be told.
    peer.send(b"\x93\x02\xa4plus");
    peer.send(b"\x93\x80\xa4plus\x90");
    let long = [&b"\xda\x07\xd0"[..], &[b'x'; 2000]].concat();
    peer.call(&long, "plus", b"\x92\x01\x02");
    peer.send(b"\x93\x82\xaamessage_id\x01\xabresponse_to\x63\xa7_zpc_hb\x91\x00");
    peer.send(b"\x93\x82\xaamessage_id\x01\xabresponse_to\x63\xa9_zpc_more\x91\x64");
    peer.send(PLUS);
    assert_eq!(peer.receive(), b"\x03");
    assert_eq!(server.finish().dropped, 5);
}

#[test]
fn truncations_and_random_bytes_harm_nobody_and_each_is_counted() {
    let server = Running::start();
    let mut peer = Peer::of(&server);
    let mut honest = Peer::of(&server);
    let whole: [&[u8]; 4] = [
        b"\x94\x00\x07\xa4plus\x92\x01\x02",
        b"\x93\x02\xa4plus\x92\x01\x02",
        b"\x93\x82\xaamessage_id\xc4\x02ab\xa1v\x03\xa4plus\x92\x01\x02",
        b"\x93\x83\xaamessage_id\x09\xa1v\x03\xabresponse_to\xc4\x02ab\xa9_zpc_more\x91\xcd\xff\xff",
    ];
    let mut state = 7_u64;
    let mut sent = 0;
    for body in whole {
        for end in 0..=body.len() {
            peer.send(&body[..end]);
            sent += 1;
        }
        for _ in 0..2000 {
            let mut mutated = body.to_vec();
            for _ in 0..=(state % 3) {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                let place = (state >> 33) as usize % mutated.len();
                mutated[place] = state.to_be_bytes()[1];
            }
            peer.send(&mutated);
            sent += 1;
            while peer.receive_within(std::time::Duration::ZERO).is_some() {}
        }
    }
    for value in 0..100 {
        honest.send(&[b"\x94\x00", &[value][..], b"\xa4plus\x91", &[value]].concat());
        assert_eq!(
            honest.receive(),
            [b"\x94\x01", &[value][..], b"\xc0", &[value]].concat()
        );
        sent += 1;
    }
    // The last one of all.
    peer.send(b"\x94\x00\xa3end\xa4plus\x91\x05");
    sent += 1;
    while peer.receive() != b"\x94\x01\xa3end\xc0\x05" {}
    let counters = server.finish();
    let faults = counters.faults.iter().sum::<u64>() + counters.application_faults;
    let ended = counters.answers + faults + counters.dropped;
    assert_eq!((counters.requests, ended), (sent, sent), "{counters:?}");
    assert_eq!(counters.open, 0);
    assert!(counters.answers > 100 && faults > 1000 && counters.dropped > 1000);
}
