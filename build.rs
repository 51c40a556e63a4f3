//! Finds the system's libzmq and sets what the shared library must carry:
//! a SONAME, and `nodelete`, because libzmq's threads and our fork handler
//! would outlive an unloaded library (PHP drops FFI libraries at shutdown).

const OLDEST_LIBZMQ: &str = "4.3.3";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if let Err(error) = pkg_config::Config::new()
        .atleast_version(OLDEST_LIBZMQ)
        .cargo_metadata(true)
        .probe("libzmq")
    {
        println!("cargo:warning=zroute needs libzmq {OLDEST_LIBZMQ} or later, with its headers.");
        println!("cargo:warning=Debian and Ubuntu: apt-get install libzmq3-dev pkg-config");
        println!(
            "cargo:warning=Elsewhere: point PKG_CONFIG_PATH at the folder that holds libzmq.pc"
        );
        eprintln!("{error}");
        std::process::exit(1);
    }
    let major = std::env::var("CARGO_PKG_VERSION_MAJOR").unwrap_or_default();
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libzroute.so.{major}");
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
}
