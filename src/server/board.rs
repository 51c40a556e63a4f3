//! What a supervisor and one worker tell each other without a message: a page
//! of memory that both map.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// A page of 64-bit words; [`Board`]'s constants say what each holds. They are
/// signed, because PHP's integers are.
pub struct Board {
    words: NonNull<AtomicI64>,
}

// SAFETY: it is memory that outlives every use of it, and is only used through
// atomics.
unsafe impl Send for Board {}

impl Board {
    /// Its size in bytes.
    pub const SIZE: usize = 4096;
    /// What the first word holds, or the page is no board: "zroutebd".
    pub const MAGIC: i64 = i64::from_be_bytes(*b"zroutebd");
    /// Written by the worker before a handler runs: the number of its call.
    pub const BEGUN: usize = 1;
    /// Written by the supervisor: calls with this number or a higher one must
    /// not be begun; [`Board::NONE`] if none.
    pub const REVOKED: usize = 2;
    /// Written by the worker when it can be called: its process id.
    pub const PROCESS: usize = 3;
    /// Written by the worker after each batch: PHP's memory in bytes.
    pub const MEMORY: usize = 4;
    /// Written by the worker after each batch: how long its handlers have run
    /// since it was started, in nanoseconds.
    pub const WORKED: usize = 5;
    /// Higher than the number of any call.
    pub const NONE: i64 = i64::MAX;

    /// Makes the file that both map.
    pub fn create(path: &Path) -> io::Result<Self> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(path)?;
        // Written and not only made so long: touching a page that a full disk
        // has no room for would end the process.
        if let Err(error) = file.write_all(&[0; Self::SIZE]) {
            let _ = std::fs::remove_file(path);
            return Err(error);
        }
        let board = Self::of(&file)?;
        board.write(Self::REVOKED, Self::NONE);
        board.write(0, Self::MAGIC);
        Ok(board)
    }

    /// Maps what the supervisor has made, and lets the supervisor's barriers
    /// reach this process.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        if file.metadata()?.len() < Self::SIZE as u64 {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "it is smaller than a page",
            ));
        }
        let board = Self::of(&file)?;
        if board.read(0) != Self::MAGIC {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "it does not begin as a board does",
            ));
        }
        // Without it the supervisor's other ways take longer, that is all.
        membarrier(libc::MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED);
        Ok(board)
    }

    fn of(file: &File) -> io::Result<Self> {
        // SAFETY: a fresh mapping, at an address of the system's choice.
        let address = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                Self::SIZE,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                file.as_raw_fd(),
                0,
            )
        };
        if address == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let words = NonNull::new(address.cast());
        Ok(Self {
            words: words.ok_or_else(io::Error::last_os_error)?,
        })
    }

    fn word(&self, index: usize) -> &AtomicI64 {
        let last = Self::SIZE / size_of::<AtomicI64>() - 1;
        // SAFETY: within the page, which is mapped as long as `self` lives and
        // aligned for every type.
        unsafe { self.words.add(index.min(last)).as_ref() }
    }

    /// The value of a word.
    #[must_use]
    pub fn read(&self, index: usize) -> i64 {
        self.word(index).load(Ordering::SeqCst)
    }

    /// Changes a word.
    pub fn write(&self, index: usize, value: i64) {
        self.word(index).store(value, Ordering::SeqCst);
    }

    /// After this, whatever the worker has written is seen here, and whatever
    /// it reads next is what was written here. The worker pays for no barrier:
    /// the supervisor, which needs one seldom, has the system do it for both.
    pub fn synchronize() {
        let barrier = membarrier(libc::MEMBARRIER_CMD_GLOBAL_EXPEDITED)
            || membarrier(libc::MEMBARRIER_CMD_GLOBAL);
        if !barrier {
            // No processor keeps a store to itself for as long.
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Leaves the page mapped until the process ends, and tells where it is.
    #[must_use]
    pub fn into_words(self) -> NonNull<AtomicI64> {
        let words = self.words;
        std::mem::forget(self);
        words
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        // SAFETY: nobody uses this mapping but `self`, which ends here.
        unsafe { libc::munmap(self.words.as_ptr().cast(), Self::SIZE) };
    }
}

fn membarrier(command: libc::c_int) -> bool {
    // SAFETY: the call takes numbers alone.
    unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) == 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_see_the_same_words() {
        let path = std::env::temp_dir().join(format!("zroute-board-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let supervisor = Board::create(&path).unwrap();
        let worker = Board::open(&path).unwrap();
        assert!(Board::create(&path).is_err(), "it is one worker's");
        worker.write(Board::BEGUN, 7);
        assert_eq!(supervisor.read(Board::BEGUN), 7);
        assert_eq!(worker.read(Board::REVOKED), Board::NONE);
        supervisor.write(Board::REVOKED, 8);
        Board::synchronize();
        assert_eq!(worker.read(Board::REVOKED), 8);
        std::fs::write(&path, [0; Board::SIZE]).unwrap();
        assert!(Board::open(&path).is_err());
        std::fs::remove_file(&path).unwrap();
    }
}
