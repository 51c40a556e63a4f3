//! The two headers are what the source says. `make headers` writes them.

use std::path::PathBuf;

const VERSION: &str = env!("CARGO_PKG_VERSION");

const TOP: &str = "/* zroute {version}: RPC for PHP and C over ZeroMQ and MessagePack.
 *
 * Made from src/capi by `make headers`; do not edit.
 *
 * The contract of every function here; docs/c.md has it at length.
 *
 *  1. Names are zroute_<object>_<verb>, arguments are the object, then inputs, then
 *     outputs. Bytes are a pointer and a size; texts are NUL-terminated UTF-8.
 *  2. A function that can fail returns a zroute_status, 0 for success. The text of this
 *     thread's latest failure is in zroute_last_error. Three things stay apart: the call
 *     failed here (a status), the function failed there (a fault), an answer.
 *  3. Outputs are written on success alone. What is returned to own has one function that
 *     frees it, named with it; every free accepts NULL.
 *  4. A handle that is stale, freed twice, foreign or of the wrong type is answered with
 *     ZROUTE_BAD_HANDLE, never with undefined behaviour.
 *  5. A defect inside is answered with ZROUTE_PANIC.
 *  6. A callback is a function, its userdata and a finalizer. It runs on the thread that
 *     runs the server, with no lock held.
 *  7. A handle belongs to one thread at a time; a second one inside gets ZROUTE_BUSY.
 *     Any thread may call zroute_server_stop, any signal handler too, and what takes a
 *     zroute_context: zroute_context_shutdown ends the waits of other threads.
 *  8. After fork, in the child, inherited handles answer ZROUTE_FORKED and are not freed;
 *     new ones work.
 *  9. A signal ends a wait with ZROUTE_INTERRUPTED; nothing is lost and nothing waits on.
 * 10. Loading the library makes nothing: no thread, no socket, no handler.
 */";

const MACROS: &str = "#define ZROUTE_VERSION \"{version}\"
#define ZROUTE_VERSION_NUMBER {number}";

fn number() -> u32 {
    VERSION
        .split('.')
        .map(|part| part.parse::<u32>().unwrap())
        .fold(0, |number, part| number * 100 + part)
}

fn fill(template: &str) -> String {
    template
        .replace("{number}", &number().to_string())
        .replace("{version}", VERSION)
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn generate(change: impl FnOnce(&mut cbindgen::Config)) -> String {
    let mut config = cbindgen::Config::from_file(root().join("cbindgen.toml")).unwrap();
    change(&mut config);
    let mut header = Vec::new();
    cbindgen::Builder::new()
        .with_crate(root())
        .with_config(config)
        .generate()
        .expect("the source can be parsed")
        .write(&mut header);
    String::from_utf8(header).unwrap()
}

/// Rust's section on what makes a call safe is said by the prose already.
fn without_safety_sections(header: &str) -> String {
    let mut out = String::new();
    let mut skipping = false;
    for line in header.lines() {
        if line.trim() == "* # Safety" {
            skipping = true;
            while out.ends_with(" *\n") {
                out.truncate(out.len() - 3);
            }
        }
        if line.trim() == "*/" {
            skipping = false;
        }
        if !skipping {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

fn compare(name: &str, generated: &str) {
    let path = root().join("include").join(name);
    if std::env::var_os("ZROUTE_WRITE_HEADERS").is_some() {
        std::fs::write(&path, generated).unwrap();
        return;
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == generated,
        "include/{name} differs from the source: run 'make headers' and commit"
    );
}

#[test]
fn the_c_header_is_what_the_source_says() {
    let header = generate(|config| {
        config.header = Some(fill(TOP));
        config.after_includes = Some(fill(MACROS));
    });
    compare("zroute.h", &without_safety_sections(&header));
}

/// To PHP, plain sockets are numbers: a pointer would be an object with an id,
/// and shift those that scripts see.
fn with_handles_as_numbers(header: &str) -> String {
    let mut header = header.to_string();
    for name in ["zroute_context", "zroute_socket"] {
        header = header
            .replace(&format!("const struct {name} *"), "uintptr_t ")
            .replace(&format!("struct {name} **"), "uintptr_t *")
            .replace(&format!("struct {name} *"), "uintptr_t ");
    }
    header
}

/// PHP's parser knows no preprocessor: everything but declarations is left
/// out. It takes its library's name from the second line.
#[test]
fn the_php_header_is_what_the_source_says() {
    let header = generate(|config| {
        config.cpp_compat = false;
        config.include_guard = None;
        config.documentation = false;
        config.no_includes = true;
        config.sys_includes.clear();
    });
    let header = with_handles_as_numbers(&header);
    let major = VERSION.split('.').next().unwrap();
    compare(
        "zroute-php.h",
        &format!(
            "#define FFI_SCOPE \"ZROUTE\"\n#define FFI_LIB \"libzroute.so.{major}\"\n{header}"
        ),
    );
}

#[test]
fn the_headers_version_number_can_be_compared() {
    let mut parts = VERSION.split('.').map(|part| part.parse::<u32>().unwrap());
    let (major, minor, patch) = (
        parts.next().unwrap(),
        parts.next().unwrap(),
        parts.next().unwrap(),
    );
    assert_eq!(number(), major * 10_000 + minor * 100 + patch);
    let header = std::fs::read_to_string(root().join("include/zroute.h")).unwrap();
    assert!(header.contains(&format!("#define ZROUTE_VERSION_NUMBER {}\n", number())));
    assert!(header.contains(&format!("#define ZROUTE_VERSION \"{VERSION}\"\n")));
}
