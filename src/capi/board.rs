//! The worker's side of `zroute serve`.

use std::ffi::c_char;
use std::path::Path;

use super::gate::{Failure, gate};
use super::pointer::{Output, text};
use super::status::{Status, zroute_status};
use crate::server::Board;

/// Maps the page of memory that a supervisor has made for this worker, and
/// gives its words, which stay until the process ends. Before a handler runs,
/// the worker writes the call's token to `words[1]`; if `words[2]` is then not
/// greater, the handler must not run and the call fails with -32006. `words[3]`
/// is this process's id once it can be called; after each batch `words[4]` is
/// its memory in bytes, `words[5]` how many nanoseconds its handlers have run.
///
/// Any thread may call this. ZROUTE_BAD_ARGUMENT, ZROUTE_SYSTEM.
///
/// # Safety
/// `path` is NULL or a NUL-terminated text; `words` is NULL or has room for a
/// pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_board_map(
    path: *const c_char,
    words: *mut *mut i64,
) -> zroute_status {
    gate("zroute_board_map", || {
        // SAFETY: as the caller promises.
        let (path, output) = unsafe { (text("path", path)?, Output::new("words", words)?) };
        let board = Board::open(Path::new(path)).map_err(|error| {
            Failure::new(
                Status::ZROUTE_SYSTEM,
                format!("{path} cannot be mapped as a worker's board: {error}"),
            )
        })?;
        output.write(board.into_words().as_ptr().cast());
        Ok(())
    })
}
