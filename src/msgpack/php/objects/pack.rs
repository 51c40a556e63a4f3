//! What `serialize()` wrote, to the packed form.

use std::collections::HashSet;

use super::known::{Case, Class, Known};
use super::{CUSTOM, DEPTH, OBJECT_REFERENCE, REFERENCE, SAME_ARRAY, SAME_OBJECT, Settings};
use crate::msgpack::malformed::Malformed;
use crate::msgpack::pack;
use crate::msgpack::php::parse::list_to_map;
use crate::msgpack::php::text::Text;
use crate::msgpack::php::unserializable::Unserializable;

/// Without classes an object that stands at many places is written at each of
/// them, so a short text could ask for any number of bytes.
const LARGEST: usize = 1 << 30;

/// What became of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packed<'a> {
    /// The value was appended.
    Whole {
        /// An integer 0 stands somewhere in it, which may be a resource:
        /// `serialize()` writes one as `i:0;` without a word.
        zero: bool,
        /// A value in it stands at several places.
        references: bool,
        /// What a class wrote itself may go with this text only.
        shared: bool,
        /// What a class wrote itself may refer to what it is inside of.
        inward: bool,
    },
    /// These classes and enum cases are not known; nothing was appended.
    Unknown(Vec<&'a [u8]>),
}

/// Appends `serialized`, what `serialize()` made of one value, to `out` in the
/// packed form. On an error `out` is as it was.
///
/// Two things the text does not tell: which array or object is a reference that
/// stands at one place only, and in which of its places an object is one. The
/// first counts as none, and the second as all.
pub fn pack<'a>(
    serialized: &'a [u8],
    out: &mut Vec<u8>,
    settings: Settings,
    mut known: Known<'a>,
) -> Result<Packed<'a>, Unserializable> {
    let start = out.len();
    let mut slots = None;
    let mut references = HashSet::new();
    loop {
        let mut packer = Packer {
            text: Text::new(serialized, 0),
            out,
            settings,
            known,
            levels: DEPTH,
            ids: 0,
            slots,
            references,
            seen: HashSet::new(),
            open: Vec::new(),
            replayed: 0,
            values: 0,
            inside: Vec::new(),
            custom: Custom::default(),
            zero: false,
            bare: serialized.starts_with(b"i:"),
        };
        let result = packer.value();
        let result = match result {
            Ok(()) if packer.text.peek().is_some() => Err(Stop::Error(packer.text.syntax())),
            other => other,
        };
        let Packer {
            seen,
            references: marked,
            zero,
            known: read,
            slots: noted,
            custom,
            ..
        } = packer;
        let repeated = noted.is_some();
        known = read;
        match result {
            Ok(()) if seen == marked => {
                if known.missing().is_empty() {
                    return Ok(Packed::Whole {
                        zero,
                        references: repeated,
                        shared: custom.referring,
                        inward: custom.inward,
                    });
                }
                out.truncate(start);
                return Ok(Packed::Unknown(known.missing().to_vec()));
            }
            // What a reference leads to is told by the reference: so once more.
            Ok(()) => references = seen,
            Err(Stop::Reference) => references = HashSet::new(),
            Err(Stop::Error(error)) => {
                out.truncate(start);
                return Err(error);
            }
        }
        out.truncate(start);
        slots = Some(Vec::new());
    }
}

enum Stop {
    /// The first reference of a text whose slots were not noted.
    Reference,
    Error(Unserializable),
}

impl From<Unserializable> for Stop {
    fn from(error: Unserializable) -> Self {
        Self::Error(error)
    }
}

/// About classes that write themselves: what they write is a text of its own to
/// the extension, but `serialize()`, called inside of itself, goes on with the
/// numbers that references use.
// Each is a fact of its own; no two exclude each other.
#[allow(clippy::struct_excessive_bools)]
#[derive(Clone, Copy, Default)]
struct Custom {
    texts: usize,
    /// Something in such a text looks like a reference.
    referring: bool,
    /// And leads to what the object is inside of.
    inward: bool,
    /// How many values such a text holds is not known.
    uncounted: bool,
}

/// A value that a reference may lead to.
#[derive(Clone, Copy)]
struct Slot {
    /// Where it stands in the text.
    at: usize,
    /// The id of an array or object.
    id: u32,
}

struct Packer<'a, 'o> {
    text: Text<'a>,
    out: &'o mut Vec<u8>,
    settings: Settings,
    known: Known<'a>,
    /// How many more arrays and objects may be opened inside each other from here.
    levels: usize,
    /// The latest id.
    ids: u32,
    /// The values so far, by the numbers that references use, less 1. Most texts
    /// hold no reference, and do without.
    slots: Option<Vec<Slot>>,
    /// The slots that are known to be references, and those found in this pass.
    references: HashSet<usize>,
    seen: HashSet<usize>,
    /// Where the arrays and objects begin that are open.
    open: Vec<usize>,
    /// How many replays this is inside of: their values were counted before.
    replayed: usize,
    /// How many values references have numbered so far, at most.
    values: usize,
    /// The numbers of the arrays and objects that are open.
    inside: Vec<usize>,
    custom: Custom,
    zero: bool,
    bare: bool,
}

impl<'a> Packer<'a, '_> {
    #[inline]
    fn read<T>(
        &mut self,
        read: impl FnOnce(&mut Text<'a>) -> Option<T>,
    ) -> Result<T, Unserializable> {
        read(&mut self.text).ok_or_else(|| self.text.syntax())
    }

    fn value(&mut self) -> Result<(), Stop> {
        match self.text.peek() {
            Some(b'N' | b'b' | b'i' | b'd' | b's') => {
                self.note(0);
                self.scalar()?;
            }
            Some(b'a') => {
                let marked = self.begin();
                self.inside.push(self.values);
                self.array(marked)?;
                self.inside.pop();
            }
            Some(b'O') => {
                let marked = self.begin();
                self.inside.push(self.values);
                self.object(marked)?;
                self.inside.pop();
            }
            Some(b'C') => {
                self.begin();
                let (class, payload) = self.read(Text::custom_object)?;
                self.known.class(class);
                if !self.settings.isolated() {
                    self.look(payload);
                }
                pack::map(self.out, 2);
                pack::nil(self.out);
                pack::integer(self.out, CUSTOM);
                self.string(class)?;
                // A str8 whatever the settings are.
                pack::text(self.out, payload).map_err(too_long)?;
            }
            Some(b'E') => {
                let marked = self.begin();
                self.enum_case(marked)?;
            }
            Some(letter @ (b'R' | b'r')) => self.reference(letter)?,
            _ => return Err(self.text.syntax().into()),
        }
        if self.out.len() > LARGEST {
            return Err(Unserializable::TooLarge {
                size: self.out.len(),
                limit: LARGEST,
            }
            .into());
        }
        Ok(())
    }

    fn scalar(&mut self) -> Result<(), Unserializable> {
        match self.text.peek() {
            Some(b'N') => {
                self.read(Text::nil)?;
                pack::nil(self.out);
            }
            Some(b'b') => {
                let value = self.read(Text::boolean)?;
                pack::boolean(self.out, value);
            }
            Some(b'i') => {
                let value = self.read(Text::integer)?;
                self.zero |= value == 0 && !self.bare;
                pack::integer(self.out, value);
            }
            Some(b'd') => {
                let value = self.read(Text::float)?;
                if self.settings.force_f32() {
                    #[allow(clippy::cast_possible_truncation)] // What the setting asks for.
                    pack::float32(self.out, value as f32);
                } else {
                    pack::float64(self.out, value);
                }
            }
            _ => {
                let value = self.read(Text::string)?;
                self.string(value)?;
            }
        }
        Ok(())
    }

    #[inline]
    fn string(&mut self, value: &[u8]) -> Result<(), Unserializable> {
        match u8::try_from(value.len()) {
            Ok(length @ 32..) if !self.settings.str8() => {
                self.out.extend_from_slice(&[0xda, 0, length]);
                self.out.extend_from_slice(value);
                Ok(())
            }
            _ => pack::text(self.out, value).map_err(too_long),
        }
    }

    /// Numbers an array or object that begins here; says whether it is known to
    /// be a reference.
    #[inline]
    fn begin(&mut self) -> bool {
        if self.replayed > 0 {
            return false;
        }
        self.ids += 1;
        let slot = self.note(self.ids);
        self.settings.php_only() && slot.is_some_and(|slot| self.references.contains(&slot))
    }

    #[inline]
    fn note(&mut self, id: u32) -> Option<usize> {
        if self.replayed > 0 {
            return None;
        }
        self.values += 1;
        let at = self.text.position();
        let slots = self.slots.as_mut()?;
        slots.push(Slot { at, id });
        Some(slots.len())
    }

    /// Looks for references in what a class has written itself.
    fn look(&mut self, payload: &[u8]) {
        self.custom.texts += 1;
        let colons = payload
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte == b':');
        for at in colons.filter_map(|(colon, _)| colon.checked_sub(1)) {
            if !matches!(payload.get(at), Some(b'r' | b'R')) {
                continue;
            }
            let number = Text::new(payload, at).reference();
            self.custom.referring |= number.is_some();
            self.custom.inward |= number.is_some_and(|number| {
                let outside = self.custom.uncounted && number <= self.values;
                outside || number == self.values || self.inside.contains(&number)
            });
        }
        let values = Text::values(payload);
        self.custom.uncounted |= values.is_none();
        // At least two bytes a value, if it is another format.
        self.values += values.unwrap_or(payload.len() / 2);
    }

    fn array(&mut self, marked: bool) -> Result<(), Stop> {
        let at = self.text.position();
        let entries = self.read(Text::array)?;
        self.open.push(at);
        self.values(entries, marked)?;
        self.open.pop();
        Ok(())
    }

    /// The values of an array, or what `__serialize()` returned.
    fn values(&mut self, entries: usize, marked: bool) -> Result<(), Stop> {
        let count = self.enter(entries)?;
        if marked && count > 0 {
            self.map(count, 1)?;
            pack::nil(self.out);
            pack::integer(self.out, REFERENCE);
            self.pairs(count)?;
            return Ok(self.leave()?);
        }
        let header = self.out.len();
        pack::array(self.out, count);
        let first = self.out.len();
        for index in 0..count {
            let entry = self.text.rest;
            if self.text.integer() != Some(index.into()) {
                self.text.rest = entry;
                list_to_map(self.out, header, first, index);
                self.pairs(count - index)?;
                break;
            }
            self.value()?;
        }
        Ok(self.leave()?)
    }

    fn pairs(&mut self, count: u32) -> Result<(), Stop> {
        for _ in 0..count {
            if self.text.peek() == Some(b'i') {
                let key = self.read(Text::integer)?;
                pack::integer(self.out, key);
            } else {
                let key = self.read(Text::string)?;
                self.string(key)?;
            }
            self.value()?;
        }
        Ok(())
    }

    fn object(&mut self, marked: bool) -> Result<(), Stop> {
        self.open.push(self.text.position());
        self.instance(marked)?;
        self.open.pop();
        Ok(())
    }

    fn instance(&mut self, marked: bool) -> Result<(), Stop> {
        let class = self.read(Text::class)?;
        let entries = self.read(Text::properties)?;
        match self.known.class(class) {
            Class::Serialize => {
                self.class(2, false, class)?;
                pack::nil(self.out);
                if self.replayed == 0 {
                    // The returned array's own.
                    self.ids += 1;
                }
                self.values(entries, false)
            }
            Class::Sleep => {
                let count = self.enter(entries)?;
                self.class(count + 1, false, class)?;
                self.pairs(count)?;
                Ok(self.leave()?)
            }
            Class::Plain => {
                let count = self.enter(entries)?;
                if self.properties(count, marked, class)? {
                    self.pairs(count)?;
                } else {
                    for _ in 0..count {
                        self.read(Text::key)?;
                        self.value()?;
                    }
                }
                Ok(self.leave()?)
            }
        }
    }

    /// Begins an object without hooks; says whether its properties have names.
    fn properties(
        &mut self,
        count: u32,
        marked: bool,
        class: &[u8],
    ) -> Result<bool, Unserializable> {
        let php_only = self.settings.php_only();
        if !self.settings.assoc() && (!php_only || class == b"stdClass") {
            pack::map(self.out, count);
        } else if php_only {
            self.class(count + 1, marked, class)?;
        } else {
            pack::array(self.out, count);
            return Ok(false);
        }
        Ok(true)
    }

    /// A map of `pairs` whose first is the class, after the mark of a reference.
    fn class(&mut self, pairs: u32, marked: bool, class: &[u8]) -> Result<(), Unserializable> {
        self.map(pairs, u32::from(marked))?;
        if marked {
            pack::nil(self.out);
            pack::integer(self.out, REFERENCE);
        }
        pack::nil(self.out);
        self.string(class)
    }

    fn map(&mut self, pairs: u32, more: u32) -> Result<(), Unserializable> {
        let pairs = pairs.checked_add(more).ok_or_else(|| self.text.syntax())?;
        pack::map(self.out, pairs);
        Ok(())
    }

    fn enum_case(&mut self, marked: bool) -> Result<(), Unserializable> {
        let case = self.read(Text::enum_case)?;
        let value = self.known.case(case);
        let Some(colon) = case.iter().position(|byte| *byte == b':') else {
            return Err(self.text.syntax());
        };
        let (class, case) = case.split_at(colon);
        let count = if value == Case::Pure { 1 } else { 2 };
        let named = self.properties(count, marked, class)?;
        if named {
            self.string(b"name")?;
        }
        self.string(case.get(1..).unwrap_or_default())?;
        if named && value != Case::Pure {
            self.string(b"value")?;
        }
        match value {
            Case::Pure => {}
            Case::Integer(value) => pack::integer(self.out, value),
            Case::Text(value) => self.string(value)?,
        }
        Ok(())
    }

    /// A value that came before: `R` is a reference to it, `r` the same object.
    fn reference(&mut self, letter: u8) -> Result<(), Stop> {
        let number = self.read(Text::reference)?;
        if self.custom.texts > 0 {
            // Its number counts values that are not seen here: the text is no good.
            self.custom.referring = true;
            pack::nil(self.out);
            return Ok(());
        }
        let Some(slots) = &mut self.slots else {
            return Err(Stop::Reference);
        };
        let Some(slot) = number.checked_sub(1).and_then(|index| slots.get(index)) else {
            return Err(self.text.syntax().into());
        };
        let slot = *slot;
        if letter == b'r' && self.replayed == 0 {
            self.values += 1;
            slots.push(slot);
            self.ids += 1;
        }
        let kind = if !self.settings.php_only() || slot.id == 0 {
            return self.replay(slot);
        } else if letter == b'r' {
            SAME_OBJECT
        } else {
            self.seen.insert(number);
            let mut target = self.text.at(slot.at);
            if target.array().is_some() {
                SAME_ARRAY
            } else {
                OBJECT_REFERENCE
            }
        };
        pack::map(self.out, 2);
        pack::nil(self.out);
        pack::integer(self.out, kind);
        pack::integer(self.out, 0);
        pack::unsigned(self.out, slot.id.into());
        Ok(())
    }

    /// Writes a value that came before once more.
    fn replay(&mut self, slot: Slot) -> Result<(), Stop> {
        if self.open.contains(&slot.at) {
            // As the extension does with an array; with an object it has no end.
            if self.text.at(slot.at).array().is_none() {
                return Err(Unserializable::TooDeep { limit: DEPTH }.into());
            }
            pack::nil(self.out);
            return Ok(());
        }
        let after = self.text.rest;
        self.text = self.text.at(slot.at);
        self.replayed += 1;
        self.value()?;
        self.replayed -= 1;
        self.text.rest = after;
        Ok(())
    }

    fn enter(&mut self, entries: usize) -> Result<u32, Unserializable> {
        self.levels = self
            .levels
            .checked_sub(1)
            .ok_or(Unserializable::TooDeep { limit: DEPTH })?;
        // A few more may be added: the class, and marks.
        u32::try_from(entries)
            .ok()
            .filter(|entries| *entries < u32::MAX - 4)
            .ok_or_else(|| self.text.syntax())
    }

    fn leave(&mut self) -> Result<(), Unserializable> {
        self.levels += 1;
        self.read(Text::close)
    }
}

fn too_long(error: Malformed) -> Unserializable {
    match error {
        Malformed::TooLarge { size, limit } => Unserializable::TooLarge { size, limit },
        _ => Unserializable::Syntax { offset: 0 },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::msgpack::php::objects::with_stack;

    const DEFAULT: u32 = Settings::PHP_ONLY | Settings::STR8 | Settings::ASSOC;

    fn packed(text: &str, settings: u32, known: &str) -> Result<Vec<u8>, Unserializable> {
        let mut out = Vec::new();
        let known = Known::new(known.as_bytes());
        match pack(text.as_bytes(), &mut out, Settings(settings), known)? {
            Packed::Whole { .. } => Ok(out),
            Packed::Unknown(names) => Ok(names.concat()),
        }
    }

    #[test]
    fn objects_have_their_class_and_what_their_hooks_say() {
        let known =
            "s:1:\"A\";i:0;s:1:\"B\";i:1;s:1:\"C\";i:2;s:3:\"S:h\";s:1:\"v\";s:3:\"S:n\";N;";
        let cases: [(&str, &[u8]); 8] = [
            ("O:1:\"A\":0:{}", b"\x81\xc0\xa1A"),
            (
                "O:1:\"A\":1:{s:4:\"\0*\0x\";i:1;}",
                b"\x82\xc0\xa1A\xa4\0*\0x\x01",
            ),
            ("O:1:\"B\":1:{i:0;i:5;}", b"\x82\xc0\xa1B\xc0\x91\x05"),
            (
                "O:1:\"B\":1:{s:1:\"k\";i:5;}",
                b"\x82\xc0\xa1B\xc0\x81\xa1k\x05",
            ),
            ("O:1:\"C\":1:{s:1:\"x\";i:1;}", b"\x82\xc0\xa1C\xa1x\x01"),
            ("C:1:\"A\":2:{xy}", b"\x82\xc0\x03\xa1A\xa2xy"),
            ("E:3:\"S:h\";", b"\x83\xc0\xa1S\xa4name\xa1h\xa5value\xa1v"),
            ("E:3:\"S:n\";", b"\x82\xc0\xa1S\xa4name\xa1n"),
        ];
        for (text, bytes) in cases {
            assert_eq!(packed(text, DEFAULT, known).as_deref(), Ok(bytes), "{text}");
        }
        assert_eq!(
            packed("a:2:{i:0;O:1:\"A\":0:{}i:1;E:3:\"S:x\";}", DEFAULT, "").as_deref(),
            Ok(&b"AS:x"[..])
        );
    }

    #[test]
    fn references_name_ids_of_arrays_and_objects() {
        let known = "s:1:\"A\";i:0;s:1:\"B\";i:1;";
        let cases: [(&str, &[u8]); 5] = [
            (
                "a:2:{i:0;O:1:\"A\":0:{}i:1;r:2;}",
                b"\x92\x81\xc0\xa1A\x82\xc0\x04\x00\x02",
            ),
            (
                "a:2:{i:0;a:1:{i:0;i:1;}i:1;R:2;}",
                b"\x92\x82\xc0\x01\x00\x01\x82\xc0\x02\x00\x02",
            ),
            (
                "a:2:{i:0;O:1:\"A\":0:{}i:1;R:2;}",
                b"\x92\x82\xc0\x01\xc0\xa1A\x82\xc0\x05\x00\x02",
            ),
            ("a:2:{i:0;i:7;i:1;R:2;}", b"\x92\x07\x07"),
            // The array that __serialize() returned has an id, and no slot.
            (
                "a:3:{i:0;O:1:\"B\":1:{i:0;a:0:{}}i:1;O:1:\"A\":0:{}i:2;r:4;}",
                b"\x93\x82\xc0\xa1B\xc0\x91\x90\x81\xc0\xa1A\x82\xc0\x04\x00\x05",
            ),
        ];
        for (text, bytes) in cases {
            assert_eq!(packed(text, DEFAULT, known).as_deref(), Ok(bytes), "{text}");
        }
        for text in ["a:1:{i:0;R:9;}", "a:1:{i:0;r:0;}", "R:1;"] {
            assert!(packed(text, DEFAULT, known).is_err(), "{text}");
        }
    }

    #[test]
    fn without_classes_what_stands_twice_is_written_twice() {
        let known = "s:1:\"A\";i:0;";
        let twice = "a:2:{i:0;O:1:\"A\":1:{s:1:\"x\";i:1;}i:1;r:2;}";
        assert_eq!(
            packed(twice, Settings::ASSOC, known).as_deref(),
            Ok(&b"\x92\x91\x01\x91\x01"[..])
        );
        assert_eq!(
            packed(twice, 0, known).as_deref(),
            Ok(&b"\x92\x81\xa1x\x01\x81\xa1x\x01"[..])
        );
        assert_eq!(
            packed("a:1:{i:0;a:1:{i:0;R:2;}}", Settings::ASSOC, known).as_deref(),
            Ok(&b"\x91\x91\xc0"[..])
        );
        assert_eq!(
            packed("O:1:\"A\":1:{s:1:\"x\";r:1;}", 0, known),
            Err(Unserializable::TooDeep { limit: DEPTH })
        );
    }

    #[test]
    fn depth_has_an_end() {
        with_stack(|| {
            let deep = |levels| "a:1:{i:0;".repeat(levels) + "N;" + &"}".repeat(levels);
            assert!(packed(&deep(DEPTH), DEFAULT, "").is_ok());
            assert_eq!(
                packed(&deep(DEPTH + 1), DEFAULT, ""),
                Err(Unserializable::TooDeep { limit: DEPTH })
            );
        });
    }

    #[test]
    fn no_cut_text_is_taken() {
        let text = "a:3:{i:0;O:1:\"A\":1:{s:1:\"x\";a:0:{}}i:1;C:1:\"A\":1:{x}i:2;r:2;}";
        for end in 0..text.len() {
            let mut out = b"before".to_vec();
            let known = Known::new(b"s:1:\"A\";i:0;");
            assert!(pack(&text.as_bytes()[..end], &mut out, Settings(DEFAULT), known).is_err());
            assert_eq!(out, b"before");
        }
    }
}
