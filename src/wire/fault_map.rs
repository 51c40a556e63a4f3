//! A fault as a map: `{"code", "name", "message"}`, the same in every dialect that
//! has room for one.

use super::{Code, Fault};
use crate::msgpack::pack::{self, text};
use crate::msgpack::{Malformed, Reader};

/// Writes the map.
pub fn write(out: &mut Vec<u8>, fault: &Fault) {
    pack::map(out, 3);
    let _ = text(out, b"code");
    pack::integer(out, fault.code.number());
    for (key, sentence) in [(&b"name"[..], &fault.name), (b"message", &fault.message)] {
        let _ = text(out, key);
        let _ = text(out, shortened(sentence).as_bytes());
    }
}

/// A fault is for reading; nobody reads more than this.
pub fn shortened(sentence: &str) -> &str {
    const LONGEST: usize = 64 << 10;
    if sentence.len() <= LONGEST {
        return sentence;
    }
    let end = (0..=LONGEST)
        .rev()
        .find(|end| sentence.is_char_boundary(*end));
    sentence.get(..end.unwrap_or(0)).unwrap_or(sentence)
}

/// Reads the map leniently: what is missing stays empty, and a server that sends
/// something else in its place has failed all the same.
pub fn read(reader: &mut Reader<'_>) -> Result<Fault, Malformed> {
    let mut fault = Fault::new(Code::Other(0), "");
    let Ok(entries) = reader.map() else {
        fault.message = "the server sent a fault that is no map".to_string();
        return Ok(fault);
    };
    for _ in 0..entries {
        let key = reader.slice()?;
        let mut value = Reader::new(reader.slice()?);
        match Reader::new(key).text_or_binary() {
            Ok(b"code") => fault.code = value.integer().map_or(fault.code, Code::from_number),
            Ok(b"name") => fault.name = sentence(&mut value),
            Ok(b"message") => fault.message = sentence(&mut value),
            _ => {}
        }
    }
    Ok(fault)
}

/// A text for people, whatever its bytes are.
pub fn sentence(value: &mut Reader<'_>) -> String {
    let bytes = value.text_or_binary().unwrap_or_default();
    String::from_utf8_lossy(bytes).into_owned()
}
