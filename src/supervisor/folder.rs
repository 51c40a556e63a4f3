//! The private folder that holds the workers' sockets and boards.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

const PREFIX: &str = "zroute-serve-";
const LOCK: &str = "lock";
const FRESH_LOCK: &str = "lock.new";

/// Removed at the end; one that a killed supervisor has left, by the next.
pub struct Folder {
    path: PathBuf,
    /// Held as long as this process lives.
    _lock: File,
}

impl Folder {
    /// Makes one where the system keeps what does not outlive a boot.
    pub fn create() -> io::Result<Self> {
        let parent = ["RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR", "TMPDIR"]
            .iter()
            .filter_map(std::env::var_os)
            .map(PathBuf::from)
            .find(|path| path.is_absolute() && path.is_dir())
            .unwrap_or_else(|| PathBuf::from("/tmp"));
        Self::create_in(&parent)
    }

    fn create_in(parent: &Path) -> io::Result<Self> {
        remove_left_behind(parent);
        for attempt in 0.. {
            let path = parent.join(format!("{PREFIX}{}-{attempt}", std::process::id()));
            match fs::DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => {
                    // It gets its name when it is locked: another supervisor that
                    // starts now would take it for one that was left behind.
                    let fresh = path.join(FRESH_LOCK);
                    let lock = lock(&fresh, true)?;
                    fs::rename(&fresh, path.join(LOCK))?;
                    return Ok(Self { path, _lock: lock });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && attempt < 100 => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left is removed by the next supervisor.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Whether it is a folder that this user has made: in `/tmp` anybody may put
/// something under such a name.
fn is_own_folder(path: &Path) -> bool {
    // SAFETY: the call has no arguments.
    let user = unsafe { libc::geteuid() };
    fs::symlink_metadata(path).is_ok_and(|about| about.is_dir() && about.uid() == user)
}

/// Takes a folder's lock; fails while its supervisor lives.
fn lock(file: &Path, create: bool) -> io::Result<File> {
    let file = OpenOptions::new()
        .write(true)
        .create_new(create)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(file)?;
    // SAFETY: a descriptor that is open.
    if unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(file)
}

/// Removes the folders of supervisors that were killed, as far as they are
/// ours. A folder without a lock is one that is being made.
fn remove_left_behind(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let named = entry.file_name().to_string_lossy().starts_with(PREFIX);
        if named
            && is_own_folder(&entry.path())
            && let Ok(_lock) = lock(&entry.path().join(LOCK), false)
        {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_start_at_once_leave_each_other_alone() {
        let parent = std::env::temp_dir().join(format!("zroute-at-once-{}", std::process::id()));
        fs::create_dir(&parent).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        let folder = Folder::create_in(&parent).unwrap();
                        assert!(folder.path().join(LOCK).exists());
                    }
                });
            }
        });
        fs::remove_dir_all(&parent).unwrap();
    }

    #[test]
    fn what_a_killed_supervisor_has_left_is_removed_and_nothing_else() {
        let parent = std::env::temp_dir().join(format!("zroute-folders-{}", std::process::id()));
        fs::create_dir(&parent).unwrap();
        let living = Folder::create_in(&parent).unwrap();
        let dead = parent.join(format!("{PREFIX}1-0"));
        fs::create_dir(&dead).unwrap();
        fs::write(dead.join(LOCK), "").unwrap();
        let other = parent.join("other");
        fs::create_dir(&other).unwrap();
        let next = Folder::create_in(&parent).unwrap();
        assert!(living.path().exists() && next.path().exists() && other.exists());
        assert!(!dead.exists());
        drop(next);
        drop(living);
        assert_eq!(fs::read_dir(&parent).unwrap().count(), 1);
        fs::remove_dir_all(&parent).unwrap();
    }
}
