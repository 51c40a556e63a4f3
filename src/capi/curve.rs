//! CURVE key pairs.

use std::ffi::{CStr, c_char, c_void};

use super::gate::{Failure, gate};
use super::handle;
use super::pointer::{Output, bytes, text};
use super::server::{Server, zroute_server};
use super::status::{Status, zroute_status};
use crate::transport::{KeyPair, plain, z85};

/// The size of a CURVE key as text: 40 characters of Z85 and a NUL.
const KEY: usize = 41;

/// Makes a CURVE key pair: 40 characters of Z85 and a NUL each. The secret key
/// goes into a server's option `curve_secret_key` and nowhere else, the public
/// one into its clients' `curve_server_key`.
///
/// Any thread may call this.
///
/// # Safety
/// `public_key` and `secret_key` are NULL or have room for 41 bytes each.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_curve_keypair(
    public_key: *mut c_char,
    secret_key: *mut c_char,
) -> zroute_status {
    gate("zroute_curve_keypair", || {
        // SAFETY: as the caller promises.
        let outputs = unsafe {
            (
                Output::new("public_key", public_key.cast::<[u8; KEY]>())?,
                Output::new("secret_key", secret_key.cast::<[u8; KEY]>())?,
            )
        };
        let pair = KeyPair::generate()?;
        outputs.0.write(terminated(&pair.public_key));
        outputs.1.write(terminated(&pair.secret_key));
        Ok(())
    })
}

fn terminated(key: &str) -> [u8; KEY] {
    let mut text = [0; KEY];
    for (to, from) in text.iter_mut().zip(key.bytes().take(KEY - 1)) {
        *to = from;
    }
    text
}

/// The public key that belongs to a secret one: 40 characters of Z85 and a NUL.
///
/// ZROUTE_BAD_ARGUMENT when the secret key is not 40 characters of Z85;
/// ZROUTE_UNSUPPORTED when libzmq was built without CURVE. Any thread.
///
/// # Safety
/// `secret_key` is NULL or a NUL-terminated text; `public_key` is NULL or has
/// room for 41 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_curve_public_key(
    secret_key: *const c_char,
    public_key: *mut c_char,
) -> zroute_status {
    gate("zroute_curve_public_key", || {
        // SAFETY: as the caller promises; `text` has looked for NULL.
        let (secret, output) = unsafe {
            text("secret_key", secret_key)?;
            (
                CStr::from_ptr(secret_key),
                Output::new("public_key", public_key.cast::<[u8; KEY]>())?,
            )
        };
        let public = plain::public_key(secret).map_err(|number| {
            let status = match number.0 {
                libc::ENOTSUP => Status::ZROUTE_UNSUPPORTED,
                _ => Status::ZROUTE_BAD_ARGUMENT,
            };
            let text = format!("a secret key of 40 characters of Z85 is expected: {number}");
            Failure::new(status, text).numbered(number.0)
        })?;
        output.write(public);
        Ok(())
    })
}

/// Reads the file of a server's option `curve_allowed_keys_file` again. Clients that
/// are connected stay so: a key is looked at when a connection is made. Without that
/// option it does nothing.
///
/// ZROUTE_BAD_OPTION when the file cannot be read, or is no list of keys: the list
/// is then as it was. One thread at a time.
#[unsafe(no_mangle)]
pub extern "C" fn zroute_server_reload_keys(server: *mut zroute_server) -> zroute_status {
    gate("zroute_server_reload_keys", || {
        let server = handle::enter::<Server>(server.cast())?;
        server
            .engine
            .reload_keys()
            .map_err(|why| Failure::new(Status::ZROUTE_BAD_OPTION, why.to_string()))
    })
}

/// Writes bytes as Z85, five characters for every four bytes and a NUL, by
/// rfc.zeromq.org/spec/32.
///
/// ZROUTE_BAD_ARGUMENT when `size` is not divisible by 4 or `room` is less than
/// is written. Any thread.
///
/// # Safety
/// `data` leads to `size` bytes; `text` is NULL or has room for `room` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_z85_encode(
    data: *const c_void,
    size: usize,
    text: *mut c_char,
    room: usize,
) -> zroute_status {
    gate("zroute_z85_encode", || {
        // SAFETY: as the caller promises.
        let (data, _) = unsafe { (bytes("data", data, size)?, Output::new("text", text)?) };
        let mut encoded = z85::encode(data).ok_or_else(|| {
            Failure::argument(format!(
                "the size is expected to be divisible by 4, got {size}"
            ))
        })?;
        encoded.push('\0');
        // SAFETY: as the caller promises.
        unsafe { copy(encoded.as_bytes(), text.cast(), room) }
    })
}

/// Reads Z85: four bytes for every five characters.
///
/// ZROUTE_BAD_ARGUMENT when the text is not Z85 or `room` is less than is
/// written. Any thread.
///
/// # Safety
/// `text` is NULL or a NUL-terminated text; `data` is NULL or has room for `room`
/// bytes, `size` is NULL or has room for its value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_z85_decode(
    text: *const c_char,
    data: *mut c_void,
    room: usize,
    size: *mut usize,
) -> zroute_status {
    gate("zroute_z85_decode", || {
        // SAFETY: as the caller promises.
        let (given, _, size) = unsafe {
            (
                self::text("text", text)?,
                Output::new("data", data)?,
                Output::new("size", size)?,
            )
        };
        let decoded = z85::decode(given.as_bytes()).ok_or_else(|| {
            Failure::argument("expected Z85: characters of its alphabet, five by five")
        })?;
        // SAFETY: as the caller promises.
        unsafe { copy(&decoded, data, room)? };
        size.write(decoded.len());
        Ok(())
    })
}

/// # Safety
/// `to` has room for `room` bytes.
unsafe fn copy(from: &[u8], to: *mut c_void, room: usize) -> Result<(), Failure> {
    if room < from.len() {
        let needed = from.len();
        return Err(Failure::argument(format!(
            "room for {needed} bytes is expected, got {room}"
        )));
    }
    // SAFETY: there is room, and the bytes are another place.
    unsafe { std::ptr::copy_nonoverlapping(from.as_ptr(), to.cast(), from.len()) };
    Ok(())
}
