//! Looks for changes of files, for `--watch`: it takes its time in a thread of
//! its own, and asks for a reload as anybody would, by SIGHUP.

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

/// How many PHP files there are, and when the newest was changed.
fn look(paths: &[PathBuf]) -> (usize, Option<SystemTime>) {
    let mut seen = (0, None);
    for path in paths {
        visit(path, true, &mut seen);
    }
    seen
}

fn visit(path: &Path, named: bool, seen: &mut (usize, Option<SystemTime>)) {
    let Ok(about) = fs::symlink_metadata(path).or_else(|_| fs::metadata(path)) else {
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
        seen.0 += 1;
        seen.1 = seen.1.max(about.modified().ok());
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
        let file = fs::File::options()
            .write(true)
            .open(folder.join("src/A.php"));
        let later = SystemTime::now() + Duration::from_secs(5);
        file.unwrap().set_modified(later).unwrap();
        assert_ne!(look(&paths), one);
        fs::remove_dir_all(&folder).unwrap();
    }
}
