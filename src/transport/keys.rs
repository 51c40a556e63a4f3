//! CURVE keys as people keep them: in files, and lists of whom to let in.
//!
//! A file holds keys as 40 characters of Z85, one at the beginning of each line; what
//! follows a blank is a name for people. Lines of CZMQ's certificates,
//! `public-key = "…"` and `secret-key = "…"`, are understood too. A line that begins
//! with `#` is a comment: no key does, as five characters of Z85 that begin with the
//! last of its alphabet are more than 32 bits.

use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use super::z85;

/// Characters of a key's text.
const LENGTH: usize = 40;

/// Why a file or a text gives no keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoKey {
    /// The file cannot be read.
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why, in the system's words.
        reason: String,
    },
    /// A line is no key. It is not shown: it may be a secret.
    Line(usize),
    /// There is no key at all.
    Empty,
    /// A file that can be read gives none.
    InFile {
        /// Which.
        path: PathBuf,
        /// Why.
        why: Box<NoKey>,
    },
}

impl NoKey {
    fn in_file(self, path: &Path) -> Self {
        let path = path.to_path_buf();
        let why = Box::new(self);
        Self::InFile { path, why }
    }
}

impl fmt::Display for NoKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { path, reason } => {
                write!(f, "cannot read {}: {reason}", path.display())
            }
            Self::Line(line) => write!(
                f,
                "line {line} is expected to begin with a CURVE key: 40 characters of Z85"
            ),
            Self::Empty => f.write_str("no CURVE key is there: 40 characters of Z85 are expected"),
            Self::InFile { path, why } => write!(f, "{}: {why}", path.display()),
        }
    }
}

impl std::error::Error for NoKey {}

/// Which half of a pair a file is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    /// What others may know.
    Public,
    /// What nobody else may know.
    Secret,
}

/// The first key in a file.
pub fn read_key(path: &Path, half: Half) -> Result<String, NoKey> {
    let keys = lines(&read(path)?, half).map_err(|why| why.in_file(path))?;
    let first = keys.into_iter().next();
    first.ok_or_else(|| NoKey::Empty.in_file(path))
}

fn read(path: &Path) -> Result<String, NoKey> {
    std::fs::read_to_string(path).map_err(|error| NoKey::Unreadable {
        path: path.to_path_buf(),
        reason: error.to_string(),
    })
}

fn lines(text: &str, half: Half) -> Result<Vec<String>, NoKey> {
    let wanted = match half {
        Half::Public => "public-key",
        Half::Secret => "secret-key",
    };
    let mut keys = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let key = match line.split_once('=') {
            Some((name, value)) if name.trim() == wanted => value.trim().trim_matches('"'),
            // Another entry of a certificate, or the head of a section.
            Some((name, value)) if value.trim().starts_with('"') && !name.trim().is_empty() => {
                continue;
            }
            _ if matches!(line, "metadata" | "curve") => continue,
            _ => line.split_whitespace().next().unwrap_or_default(),
        };
        if key.len() != LENGTH || z85::decode(key.as_bytes()).is_none() {
            return Err(NoKey::Line(index + 1));
        }
        keys.push(key.to_string());
    }
    Ok(keys)
}

/// The public keys of the clients that may connect. Copies are one list: what
/// changes in one, changes in all.
#[derive(Clone, Default)]
pub struct AllowedKeys {
    keys: Arc<RwLock<HashSet<Vec<u8>>>>,
    /// Those that no list names and no reload forgets.
    own: Arc<RwLock<HashSet<Vec<u8>>>>,
    file: Option<PathBuf>,
}

impl fmt::Debug for AllowedKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AllowedKeys")
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}

impl AllowedKeys {
    /// The keys in a text.
    pub fn from_text(text: &str) -> Result<Self, NoKey> {
        let allowed = Self::default();
        allowed.set(text)?;
        Ok(allowed)
    }

    /// The keys in a file, which [`AllowedKeys::reload`] reads again.
    pub fn from_file(path: &Path) -> Result<Self, NoKey> {
        let allowed = Self {
            file: Some(path.to_path_buf()),
            ..Self::default()
        };
        allowed.reload()?;
        Ok(allowed)
    }

    /// Reads its file again; does nothing without one. After an error the list is as
    /// it was. Who is connected stays so: a key is looked at when a connection is made.
    pub fn reload(&self) -> Result<(), NoKey> {
        match &self.file {
            Some(path) => self.set(&read(path)?).map_err(|why| why.in_file(path)),
            None => Ok(()),
        }
    }

    /// An empty list is as good as any: it lets nobody in.
    fn set(&self, text: &str) -> Result<(), NoKey> {
        let keys = lines(text, Half::Public)?;
        let keys = keys.iter().filter_map(|key| z85::decode(key.as_bytes()));
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys.collect();
        Ok(())
    }

    /// Lets in one more, which stays when the list is read again: a key of the
    /// server's own.
    pub fn let_in(&self, key: &str) {
        let mut own = self.own.write().unwrap_or_else(PoisonError::into_inner);
        own.extend(z85::decode(key.as_bytes()));
    }

    /// Whether this one may connect; the key as 32 bytes.
    #[must_use]
    pub fn contains(&self, key: &[u8]) -> bool {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let own = self.own.read().unwrap_or_else(PoisonError::into_inner);
        keys.contains(key) || own.contains(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7";
    const OTHER: &str = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID";

    fn bytes(key: &str) -> Vec<u8> {
        z85::decode(key.as_bytes()).unwrap()
    }

    #[test]
    fn a_list_has_a_key_a_line() {
        let text = format!("# whom we know\n\n{ONE} the shop\n  {OTHER}\t# the till\n#\n");
        let allowed = AllowedKeys::from_text(&text).unwrap();
        assert!(allowed.contains(&bytes(ONE)) && allowed.contains(&bytes(OTHER)));
        assert!(!allowed.contains(&[0; 32]) && !allowed.contains(b""));
        assert!(!format!("{allowed:?}").contains(&ONE[..8]));
    }

    #[test]
    fn a_key_of_the_servers_own_stays() {
        let allowed = AllowedKeys::from_text(ONE).unwrap();
        allowed.clone().let_in(OTHER);
        allowed.set("").unwrap();
        assert!(allowed.contains(&bytes(OTHER)) && !allowed.contains(&bytes(ONE)));
    }

    #[test]
    fn no_key_begins_with_what_begins_a_comment() {
        assert!(z85::decode(b"#0000").is_none() && z85::decode(b"$0000").is_none());
        let text = format!("#{}\n#a comment\n{OTHER}\n", &ONE[1..]);
        assert_eq!(lines(&text, Half::Public).unwrap(), [OTHER]);
    }

    #[test]
    fn what_is_no_key_is_told_by_its_line_alone() {
        let wrong = AllowedKeys::from_text(&format!("{ONE}\nsecret stuff\n")).unwrap_err();
        assert_eq!(wrong, NoKey::Line(2));
        assert!(!wrong.to_string().contains("stuff"));
        assert!(AllowedKeys::from_text("").is_ok_and(|none| !none.contains(&bytes(ONE))));
    }

    #[test]
    fn certificates_are_read_by_their_halves() {
        let text = format!(
            "#   ZeroMQ CURVE\n\nmetadata\n    name = \"a\"\ncurve\n    public-key = \"{ONE}\"\n    secret-key = \"{OTHER}\"\n"
        );
        assert_eq!(lines(&text, Half::Public).unwrap(), [ONE]);
        assert_eq!(lines(&text, Half::Secret).unwrap(), [OTHER]);
    }

    #[test]
    fn a_file_is_read_again() {
        let path = std::env::temp_dir().join(format!("zroute-keys-{}", std::process::id()));
        std::fs::write(&path, ONE).unwrap();
        let allowed = AllowedKeys::from_file(&path).unwrap();
        let copy = allowed.clone();
        std::fs::write(&path, OTHER).unwrap();
        assert!(copy.contains(&bytes(ONE)));
        allowed.reload().unwrap();
        assert!(copy.contains(&bytes(OTHER)) && !copy.contains(&bytes(ONE)));
        std::fs::write(&path, "nonsense").unwrap();
        let wrong = NoKey::Line(1).in_file(&path);
        assert!(wrong.to_string().starts_with(&*path.to_string_lossy()));
        assert_eq!(allowed.reload(), Err(wrong.clone()));
        assert!(
            copy.contains(&bytes(OTHER)),
            "after an error it is as it was"
        );
        assert_eq!(read_key(&path, Half::Public), Err(wrong));
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(allowed.reload(), Err(NoKey::Unreadable { .. })));
    }
}
