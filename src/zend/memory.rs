//! How much memory PHP may still take.

use std::ffi::CStr;

use super::engine::attached;

/// Whether a value that takes about so many bytes fits what PHP's memory limit
/// leaves, with a part of it to spare. PHP runs on this thread.
#[must_use]
pub fn has_room_for(bytes: usize) -> bool {
    attached().is_some_and(|engine| {
        let name = c"memory_limit";
        let symbols = &engine.symbols;
        // SAFETY: PHP's functions, which look something up and allocate nothing. The
        // setting is NULL or a terminated text that stays for now.
        let (taken, limit) = unsafe {
            let setting = (symbols.setting)(name.as_ptr(), name.count_bytes(), 0);
            if setting.is_null() {
                return false;
            }
            ((symbols.taken)(true), limit(CStr::from_ptr(setting)))
        };
        bytes <= limit.saturating_sub(taken) / 8 * 7
    })
}

/// A size as php.ini has it, such as 128M; 0 where it is not understood.
fn limit(setting: &CStr) -> usize {
    let text = setting.to_bytes().trim_ascii();
    if text.starts_with(b"-") {
        return usize::MAX;
    }
    let (digits, shift) = match text.split_last() {
        Some((b'k' | b'K', digits)) => (digits, 10),
        Some((b'm' | b'M', digits)) => (digits, 20),
        Some((b'g' | b'G', digits)) => (digits, 30),
        _ => (text, 0),
    };
    std::str::from_utf8(digits)
        .ok()
        .and_then(|digits| digits.parse::<usize>().ok())
        .and_then(|size| size.checked_mul(1 << shift))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_as_php_writes_them() {
        for (setting, size) in [
            (c"-1", usize::MAX),
            (c"134217728", 128 << 20),
            (c"128M", 128 << 20),
            (c" 1g ", 1 << 30),
            (c"16k", 16 << 10),
            (c"", 0),
            (c"0x10", 0),
            (c"99999999999G", 0),
        ] {
            assert_eq!(limit(setting), size, "{setting:?}");
        }
        assert!(!has_room_for(0), "without PHP there is none");
    }
}
