//! Decides which CURVE clients may connect to a router on libzmq.
//!
//! libzmq asks at an inproc endpoint of the same context whenever a client has proved
//! its key; the protocol is ZAP, <https://rfc.zeromq.org/spec/27>. A thread answers,
//! because the router's owner may be away for long.

use std::thread::JoinHandle;

use super::keys::AllowedKeys;
use super::{Error, background};

/// Where libzmq asks.
const ENDPOINT: &str = "inproc://zeromq.zap.01";
/// How the thread is told to end.
const BELL: &str = "inproc://zroute-gatekeeper";
/// Of all domains there is this one: with it, and because it is enforced, nobody gets
/// in while there is nobody to ask.
const DOMAIN: &str = "zroute";

/// See the module. Dropping it ends the thread.
pub struct Gatekeeper {
    bell: zmq::Socket,
    thread: Option<JoinHandle<()>>,
}

impl Gatekeeper {
    /// Stands before the router, which is not bound yet.
    pub fn before(
        router: &mut zmq::Socket,
        context: &zmq::Context,
        allowed: AllowedKeys,
    ) -> Result<Self, Error> {
        let failed = |error: zmq::Error| Error::System {
            operation: "look after CURVE keys",
            reason: error.message().to_string(),
        };
        router
            .set_zap_domain(DOMAIN)
            .and_then(|()| enforce_domain(router))
            .map_err(failed)?;
        let pair = || -> Result<_, zmq::Error> {
            let questions = context.socket(zmq::REP)?;
            questions.set_linger(0)?;
            questions.bind(ENDPOINT)?;
            let rung = context.socket(zmq::PAIR)?;
            rung.bind(BELL)?;
            let bell = context.socket(zmq::PAIR)?;
            bell.set_linger(0)?;
            bell.connect(BELL)?;
            Ok((questions, rung, bell))
        };
        let (questions, rung, bell) = pair().map_err(failed)?;
        let thread = background::spawn("zroute-gatekeeper", move || {
            keep(&questions, &rung, &allowed);
        })
        .map_err(|error| Error::System {
            operation: "look after CURVE keys",
            reason: error.to_string(),
        })?;
        Ok(Self {
            bell,
            thread: Some(thread),
        })
    }
}

impl Drop for Gatekeeper {
    fn drop(&mut self) {
        // The one message that is ever sent here always fits.
        let _ = self.bell.send("", 0);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Sets `ZMQ_ZAP_ENFORCE_DOMAIN`, which the crate does not know.
fn enforce_domain(router: &mut zmq::Socket) -> Result<(), zmq::Error> {
    const ENFORCE_DOMAIN: std::ffi::c_int = 93;
    let yes: std::ffi::c_int = 1;
    // SAFETY: the socket is open, as it is borrowed, and the option is an int.
    let result = unsafe {
        zmq_sys::zmq_setsockopt(
            router.as_mut_ptr(),
            ENFORCE_DOMAIN,
            (&raw const yes).cast(),
            size_of_val(&yes),
        )
    };
    if result == 0 {
        return Ok(());
    }
    // SAFETY: it reads the thread's errno.
    Err(zmq::Error::from_raw(unsafe { zmq_sys::zmq_errno() }))
}

/// The thread.
fn keep(questions: &zmq::Socket, rung: &zmq::Socket, allowed: &AllowedKeys) {
    loop {
        let mut items = [
            rung.as_poll_item(zmq::POLLIN),
            questions.as_poll_item(zmq::POLLIN),
        ];
        match zmq::poll(&mut items, -1) {
            Ok(_) | Err(zmq::Error::EINTR) => {}
            Err(_) => return,
        }
        let [bell, question] = items;
        if bell.is_readable() {
            return;
        }
        if question.is_readable()
            && let Ok(frames) = questions.recv_multipart(zmq::DONTWAIT)
        {
            // One who asks and has gone needs no answer.
            let _ = questions.send_multipart(answer(&frames, allowed), 0);
        }
    }
}

/// By ZAP: version, request id, domain, address, identity, mechanism and, with CURVE,
/// the client's key; answered with version, request id, status, its text, a name for
/// the user, metadata.
fn answer(question: &[Vec<u8>], allowed: &AllowedKeys) -> [Vec<u8>; 6] {
    const VERSION: &[u8] = b"1.0";
    let part = |index: usize| question.get(index).map(Vec::as_slice).unwrap_or_default();
    let let_in = part(0) == VERSION && part(5) == b"CURVE" && allowed.contains(part(6));
    let (status, text): (&[u8], &[u8]) = if let_in {
        (b"200", b"OK")
    } else {
        (b"400", b"this key is not allowed here")
    };
    [VERSION, part(1), status, text, b"", b""].map(<[u8]>::to_vec)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7";

    fn asked(version: &[u8], mechanism: &[u8], key: &[u8]) -> Vec<u8> {
        let allowed = AllowedKeys::from_text(KEY).unwrap();
        let question = [version, b"7", b"zroute", b"::1", b"", mechanism, key];
        let [_, id, status, ..] = answer(&question.map(<[u8]>::to_vec), &allowed);
        assert_eq!(id, b"7");
        status
    }

    #[test]
    fn only_who_is_on_the_list_gets_in() {
        let key = crate::transport::z85::decode(KEY.as_bytes()).unwrap();
        assert_eq!(asked(b"1.0", b"CURVE", &key), b"200");
        for (version, mechanism, key) in [
            (&b"1.0"[..], &b"CURVE"[..], &[0; 32][..]),
            (b"1.0", b"CURVE", b""),
            (b"1.0", b"NULL", &key),
            (b"1.0", b"PLAIN", &key),
            (b"2.0", b"CURVE", &key),
        ] {
            assert_eq!(asked(version, mechanism, key), b"400");
        }
        assert_eq!(answer(&[], &AllowedKeys::default())[2], b"400");
    }
}
