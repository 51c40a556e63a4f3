//! CURVE key pairs.

use std::ffi::c_char;

use super::gate::gate;
use super::pointer::Output;
use super::status::zroute_status;
use crate::transport::KeyPair;

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
