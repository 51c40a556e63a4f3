//! Looks for changes of files, for `--watch`: it takes its time in a thread of
//! its own, and asks for a reload as anybody would, by SIGHUP.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::transport::background;

const PAUSE: Duration = Duration::from_millis(500);

/// Watches until the program ends.
pub fn start(paths: Vec<PathBuf>) -> io::Result<()> {
    background::spawn("zroute-watch", move || {
        let mut before = look(&paths);
        loop {
            std::thread::sleep(PAUSE);
            let now = look(&paths);
            if now != before {
                before = now;
                // SAFETY: both calls take numbers alone.
                unsafe { libc::kill(libc::getpid(), libc::SIGHUP) };
            }
        }
    })
    .map(drop)
}

/// The PHP files, their sizes and when each was changed: an older one may be
/// put in the place of a newer.
type Seen = BTreeMap<PathBuf, (u64, Option<SystemTime>)>;

fn look(paths: &[PathBuf]) -> Seen {
    let mut seen = Seen::new();
    for path in paths {
        visit(path, true, &mut seen);
    }
    seen
}

/// Follows links that are named, as `current` of a deployment may be one, and
/// below them none, which might lead in circles.
fn visit(path: &Path, named: bool, seen: &mut Seen) {
    let about = if named {
        fs::metadata(path)
    } else {
        fs::symlink_metadata(path)
    };
    let Ok(about) = about else {
        return;
    };
    if about.is_dir() {
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            let hidden = entry.file_name().to_string_lossy().starts_with('.');
            if !hidden {
                visit(&entry.path(), false, seen);
            }
        }
    } else if named || path.extension().is_some_and(|extension| extension == "php") {
        seen.insert(path.to_path_buf(), (about.len(), about.modified().ok()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn php_files_are_seen_to_change() {
        let folder = std::env::temp_dir().join(format!("zroute-watch-{}", std::process::id()));
        fs::create_dir_all(folder.join("src")).unwrap();
        let paths = [folder.clone()];
        let empty = look(&paths);
        fs::write(folder.join("src/A.php"), "").unwrap();
        let one = look(&paths);
        assert_ne!(one, empty);
        fs::write(folder.join("src/notes.txt"), "").unwrap();
        assert_eq!(look(&paths), one);
        for time in [Duration::from_secs(5), Duration::from_secs(1)] {
            let before = look(&paths);
            let file = fs::File::options()
                .write(true)
                .open(folder.join("src/A.php"));
            file.unwrap()
                .set_modified(SystemTime::UNIX_EPOCH + time)
                .unwrap();
            assert_ne!(look(&paths), before);
        }
        let link = folder.join("current");
        std::os::unix::fs::symlink("src", &link).unwrap();
        assert_eq!(look(&[link]).len(), 1);
        fs::remove_dir_all(&folder).unwrap();
    }
}
