//! libzmq's contexts, sockets and messages as they are, for the plain patterns.
//!
//! A thin layer over libzmq's own functions, because the zmq crate panics where
//! it meets an errno that it does not know, and waits without end where it is
//! interrupted. What the calls mean is said in libzmq's manual, `zmq(7)`.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::fmt;
use std::mem::MaybeUninit;

/// An error number of libzmq or of the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Errno(pub c_int);

impl Errno {
    /// What the latest call of this thread has left.
    fn latest() -> Self {
        // SAFETY: it reads the thread's errno.
        Self(unsafe { zmq_sys::zmq_errno() })
    }

    /// A socket that cannot do this now, such as a REQ that waits for its answer.
    pub const BAD_STATE: Self = Self(zmq_sys::errno::EFSM);
    /// The context was shut down.
    pub const STOPPED: Self = Self(zmq_sys::errno::ETERM);
    /// A transport that sockets of this type have not.
    pub const OTHER_TYPES: Self = Self(zmq_sys::errno::ENOCOMPATPROTO);

    /// libzmq's words for it.
    #[must_use]
    pub fn text(self) -> &'static CStr {
        // SAFETY: it returns a static text for every number.
        unsafe { CStr::from_ptr(zmq_sys::zmq_strerror(self.0)) }
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text().to_string_lossy())
    }
}

fn done(result: c_int) -> Result<(), Errno> {
    if result >= 0 {
        Ok(())
    } else {
        Err(Errno::latest())
    }
}

/// A context. Whoever drops it has ended it, or leaves it to the end of the
/// process.
#[derive(Debug)]
pub struct Context(*mut c_void);

// SAFETY: libzmq's contexts may be used by any thread, and by several at once.
unsafe impl Send for Context {}
// SAFETY: as above.
unsafe impl Sync for Context {}

impl Context {
    /// A context with no thread yet.
    pub fn new() -> Result<Self, Errno> {
        // SAFETY: it has no conditions.
        let context = unsafe { zmq_sys::zmq_ctx_new() };
        if context.is_null() {
            return Err(Errno::latest());
        }
        Ok(Self(context))
    }

    /// Sets an option by its number.
    pub fn set(&self, option: c_int, value: c_int) -> Result<(), Errno> {
        // SAFETY: the context is open until it is dropped.
        done(unsafe { zmq_sys::zmq_ctx_set(self.0, option, value) })
    }

    /// An option by its number.
    pub fn get(&self, option: c_int) -> Result<c_int, Errno> {
        // SAFETY: as above.
        let value = unsafe { zmq_sys::zmq_ctx_get(self.0, option) };
        if value < 0 {
            Err(Errno::latest())
        } else {
            Ok(value)
        }
    }

    /// Ends every call that waits in one of its sockets, with ETERM.
    pub fn shut_down(&self) -> Result<(), Errno> {
        // SAFETY: as above.
        done(unsafe { zmq_sys::zmq_ctx_shutdown(self.0) })
    }

    /// Ends it, once its sockets are closed: waits for what their linger holds.
    /// EINTR says that a signal came; then it has to be called again.
    pub fn terminate(&self) -> Result<(), Errno> {
        // SAFETY: as above; its owner calls nothing else after a success.
        done(unsafe { zmq_sys::zmq_ctx_term(self.0) })
    }
}

/// A message: one frame.
pub struct Message(zmq_sys::zmq_msg_t);

// SAFETY: a message may go from thread to thread.
unsafe impl Send for Message {}

impl Message {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        let mut message = MaybeUninit::uninit();
        // SAFETY: zmq_msg_init() writes the whole message and never fails.
        Self(unsafe {
            zmq_sys::zmq_msg_init(message.as_mut_ptr());
            message.assume_init()
        })
    }

    /// Takes over bytes; `release` is called with them and `hint`, by any
    /// thread, when they are not needed any more.
    ///
    /// # Safety
    /// The bytes stay, unchanged, until `release` is called, which may be done
    /// by any thread.
    pub unsafe fn owning(
        data: *mut c_void,
        size: usize,
        release: unsafe extern "C" fn(*mut c_void, *mut c_void),
        hint: *mut c_void,
    ) -> Result<Self, Errno> {
        let mut message = MaybeUninit::uninit();
        // SAFETY: as the caller promises; on success the message is written.
        unsafe {
            done(zmq_sys::zmq_msg_init_data(
                message.as_mut_ptr(),
                data,
                size,
                Some(release),
                hint,
            ))?;
            Ok(Self(message.assume_init()))
        }
    }

    /// The same bytes once more, shared when they are many.
    pub fn share(&mut self) -> Result<Self, Errno> {
        let mut copy = Self::new();
        // SAFETY: both messages are whole.
        done(unsafe { zmq_sys::zmq_msg_copy(&raw mut copy.0, &raw mut self.0) })?;
        Ok(copy)
    }

    /// Whether other frames of the same message follow.
    #[must_use]
    pub fn has_more(&self) -> bool {
        // SAFETY: the message is whole.
        unsafe { zmq_sys::zmq_msg_more(&raw const self.0) != 0 }
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: the message is whole, its bytes stay as long as it does, and
        // zmq_msg_data() changes nothing in spite of its signature. An empty one
        // may have no bytes to point at.
        unsafe {
            let size = zmq_sys::zmq_msg_size(&raw const self.0);
            let data = zmq_sys::zmq_msg_data((&raw const self.0).cast_mut());
            if size == 0 || data.is_null() {
                return &[];
            }
            std::slice::from_raw_parts(data.cast(), size)
        }
    }
}

impl Default for Message {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Message {
    fn drop(&mut self) {
        // SAFETY: the message is whole, and nobody uses it after this.
        unsafe { zmq_sys::zmq_msg_close(&raw mut self.0) };
    }
}

/// A socket. Dropping it closes it, which never waits.
#[derive(Debug)]
pub struct Socket(*mut c_void);

// SAFETY: a socket may go from thread to thread, as long as one at a time uses
// it; exclusive ownership sees to the barrier that libzmq asks for.
unsafe impl Send for Socket {}

impl Socket {
    /// A socket of a type by its number.
    pub fn new(context: &Context, kind: c_int) -> Result<Self, Errno> {
        // SAFETY: the context is open, as it is borrowed.
        let socket = unsafe { zmq_sys::zmq_socket(context.0, kind) };
        if socket.is_null() {
            return Err(Errno::latest());
        }
        Ok(Self(socket))
    }

    /// Accepts peers.
    pub fn bind(&self, endpoint: &CStr) -> Result<(), Errno> {
        // SAFETY: the socket is open, and the text outlives the call.
        done(unsafe { zmq_sys::zmq_bind(self.0, endpoint.as_ptr()) })
    }

    /// Connects, now and again.
    pub fn connect(&self, endpoint: &CStr) -> Result<(), Errno> {
        // SAFETY: as above.
        done(unsafe { zmq_sys::zmq_connect(self.0, endpoint.as_ptr()) })
    }

    /// Takes back a bind.
    pub fn unbind(&self, endpoint: &CStr) -> Result<(), Errno> {
        // SAFETY: as above.
        done(unsafe { zmq_sys::zmq_unbind(self.0, endpoint.as_ptr()) })
    }

    /// Takes back a connect.
    pub fn disconnect(&self, endpoint: &CStr) -> Result<(), Errno> {
        // SAFETY: as above.
        done(unsafe { zmq_sys::zmq_disconnect(self.0, endpoint.as_ptr()) })
    }

    /// Sets an option by its number, in libzmq's own form.
    pub fn set(&self, option: c_int, value: &[u8]) -> Result<(), Errno> {
        // SAFETY: the socket is open, and the bytes are read during the call.
        done(unsafe { zmq_sys::zmq_setsockopt(self.0, option, value.as_ptr().cast(), value.len()) })
    }

    /// Reads an option by its number into `room`; returns how much was written.
    pub fn get(&self, option: c_int, room: &mut [u8]) -> Result<usize, Errno> {
        let mut size = room.len();
        // SAFETY: the socket is open, and no more than `size` bytes are written.
        done(unsafe {
            zmq_sys::zmq_getsockopt(self.0, option, room.as_mut_ptr().cast(), &raw mut size)
        })?;
        Ok(size.min(room.len()))
    }

    /// Sends a copy of one frame.
    pub fn send(&self, bytes: &[u8], flags: c_int) -> Result<(), Errno> {
        // SAFETY: the socket is open, and the bytes are copied during the call.
        done(unsafe { zmq_sys::zmq_send(self.0, bytes.as_ptr().cast(), bytes.len(), flags) })
    }

    /// Sends a frame and leaves an empty one; on failure it stays as it was.
    pub fn send_message(&self, message: &mut Message, flags: c_int) -> Result<(), Errno> {
        // SAFETY: the socket is open and the message whole, which both stay.
        done(unsafe { zmq_sys::zmq_msg_send(&raw mut message.0, self.0, flags) })
    }

    /// Receives a frame into `message`.
    pub fn receive(&self, message: &mut Message, flags: c_int) -> Result<(), Errno> {
        // SAFETY: as above.
        done(unsafe { zmq_sys::zmq_msg_recv(&raw mut message.0, self.0, flags) })
    }

    /// Reports its events at an inproc endpoint; with none, not any more.
    pub fn monitor(&self, endpoint: Option<&CStr>, events: c_int) -> Result<(), Errno> {
        let endpoint = endpoint.map_or(std::ptr::null(), CStr::as_ptr);
        // SAFETY: the socket is open, and the text outlives the call.
        done(unsafe { zmq_sys::zmq_socket_monitor(self.0, endpoint, events) })
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // SAFETY: the socket is open, and nobody uses it after this.
        unsafe { zmq_sys::zmq_close(self.0) };
    }
}

/// What a poll looks at, and what it found.
#[repr(transparent)]
pub struct Polled(zmq_sys::zmq_pollitem_t);

impl Polled {
    /// A socket, which has to outlive the poll.
    #[must_use]
    pub fn socket(socket: &Socket, events: i16) -> Self {
        Self(zmq_sys::zmq_pollitem_t {
            socket: socket.0,
            fd: 0,
            events,
            revents: 0,
        })
    }

    /// A file descriptor.
    #[must_use]
    pub fn descriptor(descriptor: c_int, events: i16) -> Self {
        Self(zmq_sys::zmq_pollitem_t {
            socket: std::ptr::null_mut(),
            fd: descriptor,
            events,
            revents: 0,
        })
    }

    /// What is ready.
    #[must_use]
    pub fn ready(&self) -> i16 {
        self.0.revents
    }
}

/// Waits until one is ready or the time is over; returns how many are. -1
/// waits for ever.
///
/// # Safety
/// The sockets are open, and nobody else is in them, until it returns.
pub unsafe fn poll(items: &mut [Polled], milliseconds: i64) -> Result<usize, Errno> {
    let count = c_int::try_from(items.len()).map_err(|_| Errno(libc::EINVAL))?;
    // SAFETY: the items are libzmq's own behind a transparent name, and the
    // sockets are as the caller promises.
    let ready = unsafe { zmq_sys::zmq_poll(items.as_mut_ptr().cast(), count, milliseconds) };
    usize::try_from(ready).map_err(|_| Errno::latest())
}

unsafe extern "C" {
    // zmq-sys declares it only for a libzmq that it builds itself.
    fn zmq_curve_public(public: *mut c_char, secret: *const c_char) -> c_int;
}

/// The public key that belongs to a secret one, both as 40 characters of Z85.
pub fn public_key(secret: &CStr) -> Result<[u8; 41], Errno> {
    let mut public = [0_u8; 41];
    if secret.to_bytes().len() != 40 {
        return Err(Errno(libc::EINVAL));
    }
    // SAFETY: 41 bytes are written, and 41 read.
    done(unsafe { zmq_curve_public(public.as_mut_ptr().cast(), secret.as_ptr()) })?;
    Ok(public)
}
