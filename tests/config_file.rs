//! A configuration file is replaced whole, by one that passed its check, or not
//! at all.
#![cfg(feature = "discovery")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use zroute::discovery::{Command, ConfigFile, Error, Services, Template, Written};

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("zroute-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(&self.0)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn php() -> std::ffi::OsString {
    std::env::var_os("PHP").unwrap_or("php".into())
}

fn config(source: &str, file: &Path) -> ConfigFile {
    let template = Template::Text {
        name: "test".to_string(),
        source: source.to_string(),
    };
    let mut config = ConfigFile::new(template, file);
    if let Some(check) = &mut config.check {
        assert_eq!(check.words[0], "php");
        check.words[0] = php();
    }
    config
}

fn update(source: &str, file: &Path) -> Result<Written, Error> {
    let services = Services {
        by_name: BTreeMap::from([("time".to_string(), Vec::new().into())]),
        warnings: Vec::new(),
    };
    config(source, file).update(&services)
}

const GOOD: &str = "<?php\nreturn [{{ services[0].name|php }}];\n";

#[test]
fn a_new_text_replaces_the_old_one_once() {
    let folder = Folder::new("replace");
    let file = folder.file("a.php");
    assert_eq!(update(GOOD, &file), Ok(Written::Replaced));
    assert_eq!(
        fs::read_to_string(&file).unwrap(),
        "<?php\nreturn ['time'];\n"
    );
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o133, 0);
    assert_eq!(update(GOOD, &file), Ok(Written::Unchanged));
    fs::write(&file, "<?php return 'by hand';").unwrap();
    assert_eq!(update(GOOD, &file), Ok(Written::Replaced));
    assert_eq!(folder.names(), ["a.php"]);
}

#[test]
fn what_fails_leaves_the_old_one() {
    let folder = Folder::new("fails");
    let file = folder.file("a.php");
    for (source, expected) in [
        ("<?php return [;", "syntax error"),
        ("<?php return [{{ nobody }}];", "undefined"),
        ("<?php return [{% if %}];", "line 1"),
    ] {
        let error = update(source, &file).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert_eq!(folder.names(), Vec::<String>::new());
    }
    fs::write(&file, "<?php return 'old';").unwrap();
    for source in ["<?php return [;", "<?php return [{{ nobody }}];"] {
        assert!(update(source, &file).is_err());
        assert_eq!(fs::read_to_string(&file).unwrap(), "<?php return 'old';");
        assert_eq!(folder.names(), ["a.php"]);
    }
}

#[test]
fn what_is_no_file_stays() {
    let folder = Folder::new("no-file");
    let socket = folder.file("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let error = update("new", &socket).unwrap_err().to_string();
    assert!(error.contains("it is no file"), "{error}");
    assert!(std::os::unix::net::UnixStream::connect(&socket).is_ok());
    assert_eq!(folder.names(), ["socket"]);
}

#[test]
fn a_check_sees_the_text_that_will_be_there() {
    let folder = Folder::new("check");
    let file = folder.file("a.txt");
    fs::write(&file, "old").unwrap();
    let mut config = config("new", &file);
    assert_eq!(config.check, None);
    config.check = Some(Command::new(["grep", "-qx", "new", "{file}"]));
    let services = Services::default();
    assert_eq!(config.update(&services), Ok(Written::Replaced));
    config.check = Some(Command::new(["false"]));
    assert_eq!(config.update(&services), Ok(Written::Unchanged));
    fs::write(&file, "old").unwrap();
    assert!(config.update(&services).is_err());
    config.check = Some(Command::new(["/no/such/check"]));
    let error = config.update(&services).unwrap_err().to_string();
    assert!(error.contains("/no/such/check"), "{error}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "old");
}

#[test]
fn permissions_and_links_stay() {
    let folder = Folder::new("stay");
    let file = folder.file("a.php");
    let link = folder.file("link.php");
    fs::write(&file, "old").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("a.php", &link).unwrap();
    assert_eq!(update(GOOD, &link), Ok(Written::Replaced));
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(
        fs::read_to_string(&file).unwrap(),
        "<?php\nreturn ['time'];\n"
    );
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);

    // What it leads to may be yet to come.
    let early = folder.file("early.php");
    symlink("late.php", &early).unwrap();
    assert_eq!(update(GOOD, &early), Ok(Written::Replaced));
    assert!(fs::symlink_metadata(&early).unwrap().is_symlink());
    assert!(folder.file("late.php").exists());
}

#[test]
fn what_lies_at_the_staged_files_place_is_not_written_through() {
    let folder = Folder::new("staged");
    let file = folder.file("a.php");
    let other = folder.file("other");
    fs::write(&other, "somebody's").unwrap();
    symlink("other", folder.file(".a.php.staged")).unwrap();
    assert_eq!(update(GOOD, &file), Ok(Written::Replaced));
    assert_eq!(fs::read_to_string(&other).unwrap(), "somebody's");
    assert_eq!(folder.names(), ["a.php", "other"]);
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let folder = Folder::new("place");
    let error = update(GOOD, &folder.file("none/a.php")).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("none/.a.php.staged"), "{text}");
    assert!(update(GOOD, Path::new("/")).is_err());
}
