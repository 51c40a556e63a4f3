//! A configuration file that is checked before it replaces the old one.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use super::{Command, Error, Language, Services, Template};

/// A file that is made from a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFile {
    /// What its text is made of.
    pub template: Template,
    /// Where it is. A symbolic link stays, and the file it leads to is replaced.
    pub file: PathBuf,
    /// What checks the text before it is put in place: `{file}` stands for the
    /// file that the text is in by then.
    pub check: Option<Command>,
    /// Whether a mark beside it says, from before it is replaced until
    /// [`ConfigFile::reload_is_done`], that a reload is due.
    pub(super) is_marked: bool,
}

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It says already what it should.
    Unchanged,
    /// It was replaced.
    Replaced,
}

impl ConfigFile {
    /// A file, checked with `php -l` if its name ends in `.php`.
    #[must_use]
    pub fn new(template: Template, file: impl Into<PathBuf>) -> Self {
        let file = file.into();
        let is_php = Language::of(&file) == Language::Php;
        Self {
            check: is_php.then(|| Command::new(["php", "-l", "{file}"])),
            template,
            file,
            is_marked: false,
        }
    }

    /// Renders the text; if it is new, writes it beside the file, checks it
    /// there and puts it in the file's place in one step. After an error the
    /// old file is as it was. Permissions and, where that is allowed, the owner
    /// stay those of the old file.
    pub fn update(&self, services: &Services) -> Result<Written, Error> {
        let text = self.template.render(services, Language::of(&self.file))?;
        let file = self.place();
        // A pipe would not return, and a device not end.
        if fs::metadata(&file).is_ok_and(|old| !old.is_file()) {
            let error = io::Error::new(io::ErrorKind::InvalidInput, "it is no file");
            return Err(failed("replace", &file, &error));
        }
        if fs::read(&file).is_ok_and(|old| old == text.as_bytes()) {
            return Ok(Written::Unchanged);
        }
        let staged = Staged::write(&file, &text)?;
        if let Some(check) = &self.check {
            check.run(&staged.path)?;
        }
        if self.is_marked {
            mark(&beside(&file, "reload")?)?;
        }
        staged.put_in_place(&file)?;
        Ok(Written::Replaced)
    }

    /// Whether somebody was ended between replacing it and its reload.
    pub(super) fn reload_is_due(&self) -> bool {
        beside(&self.place(), "reload").is_ok_and(|mark| fs::symlink_metadata(mark).is_ok())
    }

    /// A reload has succeeded.
    pub(super) fn reload_is_done(&self) {
        if let Ok(mark) = beside(&self.place(), "reload") {
            let _ = fs::remove_file(mark);
        }
    }

    /// Where it is, or is to be made, behind all symbolic links.
    fn place(&self) -> PathBuf {
        fs::canonicalize(&self.file).unwrap_or_else(|_| match fs::read_link(&self.file) {
            Ok(to) => self.file.with_file_name(to),
            Err(_) => self.file.clone(),
        })
    }
}

/// A name beside a file. It begins with a dot and does not end as the file's does,
/// so that nobody who reads the folder takes it for one of theirs.
fn beside(file: &Path, end: &str) -> Result<PathBuf, Error> {
    let mut name = std::ffi::OsString::from(".");
    name.push(file.file_name().ok_or_else(|| {
        Error::unusable(&file.display().to_string(), "expected the name of a file")
    })?);
    name.push(".");
    name.push(end);
    Ok(file.with_file_name(name))
}

/// Makes an empty file, or leaves what is there alone, wherever it leads.
fn mark(path: &Path) -> Result<(), Error> {
    let made = File::options().write(true).create_new(true).open(path);
    match made {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(failed("create", path, &error))
        }
        _ => Ok(()),
    }
}

/// A text that is not in its place yet; removed unless it gets there.
struct Staged {
    path: PathBuf,
}

impl Staged {
    fn write(file: &Path, text: &str) -> Result<Self, Error> {
        let path = beside(file, "staged")?;
        // One that was left behind by a process that was killed.
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(failed("remove", &path, &error));
            }
            _ => {}
        }
        let mut opened = File::options()
            .write(true)
            .create_new(true)
            .mode(0o644)
            .open(&path)
            .map_err(|error| failed("create", &path, &error))?;
        let staged = Self { path };
        like_the_old(file, &opened)
            .and_then(|()| opened.write_all(text.as_bytes()))
            .and_then(|()| opened.sync_all())
            .map_err(|error| failed("write", &staged.path, &error))?;
        Ok(staged)
    }

    fn put_in_place(self, file: &Path) -> Result<(), Error> {
        fs::rename(&self.path, file).map_err(|error| failed("replace", file, &error))?;
        std::mem::forget(self);
        // So that a crash of the machine does not bring the old one back; a file
        // system that cannot do it has done what it can.
        if let Some(folder) = file.parent()
            && let Ok(folder) = File::open(folder)
        {
            let _ = folder.sync_all();
        }
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

fn like_the_old(file: &Path, staged: &File) -> io::Result<()> {
    let Ok(old) = fs::metadata(file) else {
        return Ok(());
    };
    let new = staged.metadata()?;
    if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
        // Only root may; for others the file becomes theirs.
        let _ = fchown(staged, Some(old.uid()), Some(old.gid()));
    }
    staged.set_permissions(Permissions::from_mode(old.mode() & 0o777))
}

fn failed(verb: &str, path: &Path, error: &io::Error) -> Error {
    Error::system(format!("{verb} {}", path.display()), error)
}
