//! The packed form, to what `unserialize()` reads.

use std::collections::HashSet;

use super::allowed::{Allowed, Verdict};
use super::key::{Key, float_key, is_property};
use super::{CUSTOM, DEPTH, ENUM_CASE, OBJECT_REFERENCE, SAME_ARRAY, SAME_OBJECT, Settings};
use crate::msgpack::limits::Limits;
use crate::msgpack::malformed::Malformed;
use crate::msgpack::php::collisions::{Budget, Table, numeric};
use crate::msgpack::php::write;
use crate::msgpack::reader::{Item, Reader};

/// What there is to be said about a message, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Remarks(pub u32);

impl Remarks {
    /// Bytes follow the value.
    pub const EXTRA_BYTES: u32 = 4;
    /// A map key is neither an integer nor a string.
    pub const ILLEGAL_KEY: u32 = 8;
    /// A back reference leads nowhere.
    pub const INVALID_REFERENCE: u32 = 16;
    /// The text names allowed classes other than stdClass.
    pub const CLASSES: u32 = 32;
    /// An object reads itself (`Serializable`).
    pub const CUSTOM: u32 = 64;
    /// Classes were named that are not allowed.
    pub const REFUSED: u32 = 128;
    /// Classes that look like enums: the text holds them as objects.
    pub const UNDECIDED: u32 = 256;
    /// The text holds stdClass objects.
    pub const OBJECTS: u32 = 512;
}

/// What came of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unpacked<'a> {
    /// What there is to be said.
    pub remarks: Remarks,
    /// The classes to which REFUSED applies, each once; or, when there are any,
    /// those to which UNDECIDED applies.
    pub names: Vec<&'a [u8]>,
}

/// What PHP takes for a string besides its bytes, for an array or object besides its
/// entries, for each place in a hash table, of which there are at least 8, and for
/// each value while `unserialize()` is at work.
const STRING: usize = 32;
const OBJECT: usize = 112;
const PLACE: usize = 36;
const SLOT: usize = 9;

/// A class that is always allowed.
const PLAIN: &[u8] = b"stdClass";

/// The property that keeps the name of a class that was not allowed.
const INCOMPLETE: &[u8] = b"__PHP_Incomplete_Class_Name";

/// Appends the first value of `bytes` to `out` as the text that `unserialize()`
/// turns into the same value. On an error `out` is as it was.
///
/// An object whose class is not allowed becomes a stdClass object that keeps its
/// properties and, first of them, its class's name. An extension becomes null, an
/// integer above PHP's largest the string of its digits. What would take PHP more
/// than about `memory` bytes is refused.
pub fn unpack<'a>(
    bytes: &'a [u8],
    out: &mut Vec<u8>,
    settings: Settings,
    allowed: Allowed<'_>,
    memory: usize,
) -> Result<Unpacked<'a>, Malformed> {
    let start = out.len();
    let mut unpacker = Unpacker {
        reader: Reader::new(bytes),
        out,
        settings,
        allowed,
        levels: DEPTH,
        memory,
        held: 0,
        slots: 0,
        targets: Vec::new(),
        collisions: Budget::new(Limits::default().collisions),
        remarks: 0,
        refused: Names::default(),
        undecided: Names::default(),
    };
    let result = if bytes.is_empty() {
        Err(Malformed::Empty)
    } else {
        unpacker.value().and_then(|()| unpacker.hold(0))
    };
    if !unpacker.reader.is_at_end() {
        unpacker.remarks |= Remarks::EXTRA_BYTES;
    }
    let Unpacker {
        remarks,
        refused,
        undecided,
        ..
    } = unpacker;
    if let Err(error) = result {
        out.truncate(start);
        return Err(error);
    }
    let names = if remarks & Remarks::UNDECIDED == 0 {
        refused
    } else {
        undecided
    };
    Ok(Unpacked {
        remarks: Remarks(remarks),
        names: names.list,
    })
}

/// Names in the order in which they came, each once.
#[derive(Default)]
struct Names<'a> {
    list: Vec<&'a [u8]>,
    set: HashSet<&'a [u8]>,
}

impl<'a> Names<'a> {
    fn add(&mut self, name: &'a [u8]) {
        if self.set.insert(name) {
            self.list.push(name);
        }
    }
}

/// Where a back reference leads.
#[derive(Clone, Copy)]
struct Target {
    /// The number of the value in the text; 0 for one that is not there.
    slot: usize,
    object: bool,
}

const NOWHERE: Target = Target {
    slot: 0,
    object: false,
};

struct Unpacker<'a, 'c, 'o> {
    reader: Reader<'a>,
    out: &'o mut Vec<u8>,
    settings: Settings,
    allowed: Allowed<'c>,
    /// How many more arrays and maps may be opened inside each other from here.
    levels: usize,
    /// How many bytes the value may take in PHP, and takes so far.
    memory: usize,
    held: usize,
    /// How many values the text holds so far, as `unserialize()` counts them.
    slots: usize,
    /// By id, less 1.
    targets: Vec<Target>,
    collisions: Budget,
    remarks: u32,
    refused: Names<'a>,
    undecided: Names<'a>,
}

impl<'a> Unpacker<'a, '_, '_> {
    fn value(&mut self) -> Result<(), Malformed> {
        let item = self.reader.read()?;
        match item {
            Item::Array(values) => return self.array(values),
            Item::Map(pairs) => return self.map(pairs),
            Item::Nil | Item::Extension(..) => write::nil(self.out),
            Item::Boolean(value) => write::boolean(self.out, value),
            Item::Integer(value) => write::integer(self.out, value),
            Item::Unsigned(value) => {
                write::string(self.out, itoa::Buffer::new().format(value).as_bytes());
            }
            Item::Float32(value) => write::float(self.out, value.into()),
            Item::Float64(value) => write::float(self.out, value),
            Item::Text(value) | Item::Binary(value) => {
                self.hold(STRING + value.len())?;
                write::string(self.out, value);
            }
        }
        self.slots += 1;
        Ok(())
    }

    /// Takes what a part of the value needs from the memory that is left, with the
    /// text so far, which PHP has a copy of.
    fn hold(&mut self, bytes: usize) -> Result<(), Malformed> {
        self.held = self.held.saturating_add(bytes);
        let size = self.held.saturating_add(self.out.len());
        if size > self.memory {
            return Err(Malformed::TooLarge {
                size,
                limit: self.memory,
            });
        }
        Ok(())
    }

    fn array(&mut self, values: u32) -> Result<(), Malformed> {
        self.enter(values)?;
        self.slots += 1;
        self.targets.push(Target {
            slot: self.slots,
            object: false,
        });
        write::array(self.out, values);
        for index in 0..values {
            write::integer(self.out, index.into());
            self.value()?;
        }
        self.out.push(b'}');
        self.leave();
        Ok(())
    }

    fn map(&mut self, pairs: u32) -> Result<(), Malformed> {
        self.enter(pairs)?;
        let id = self.targets.len();
        self.targets.push(NOWHERE);
        let (php_only, assoc) = (self.settings.php_only(), self.settings.assoc());
        if pairs > 0 && php_only && self.at_nil() {
            self.marked(id, pairs)?;
        } else if !assoc || (pairs == 0 && php_only) {
            self.object(id, PLAIN, pairs)?;
        } else {
            self.pairs(id, pairs)?;
        }
        self.leave();
        Ok(())
    }

    /// A map whose first key is nil.
    fn marked(&mut self, id: usize, pairs: u32) -> Result<(), Malformed> {
        let mut left = pairs;
        while left > 0 && self.at_nil() {
            self.reader.nil()?;
            left -= 1;
            let before = self.reader.clone();
            match self.reader.read()? {
                Item::Text(class) | Item::Binary(class) => {
                    return self.instance(id, bare(class), left);
                }
                Item::Integer(
                    kind @ (SAME_ARRAY | CUSTOM | SAME_OBJECT | OBJECT_REFERENCE | ENUM_CASE),
                ) if left > 0 && !self.at_nil() => {
                    left -= 1;
                    match kind {
                        CUSTOM => self.custom(id)?,
                        ENUM_CASE => self.enum_case(id)?,
                        kind => self.back_reference(id, kind)?,
                    }
                    return self.drop_pairs(left);
                }
                Item::Array(_) | Item::Map(_) => {
                    self.reader = before;
                    self.drop_value()?;
                }
                // REFERENCE is one: but only another place makes a reference of it.
                _ => {}
            }
        }
        if left == 0 {
            self.nothing(id);
            return Ok(());
        }
        if self.settings.assoc() {
            self.pairs(id, left)
        } else {
            self.object(id, PLAIN, left)
        }
    }

    /// Null, in the place of what cannot be had.
    fn nothing(&mut self, id: usize) {
        self.begin(id, false);
        self.aim(id, NOWHERE);
        write::nil(self.out);
    }

    fn back_reference(&mut self, id: usize, kind: i64) -> Result<(), Malformed> {
        self.reader.skip()?;
        let target = match self.reader.peek()? {
            Item::Integer(number) => usize::try_from(number)
                .ok()
                .and_then(|number| number.checked_sub(1))
                .and_then(|index| self.targets.get(index))
                .copied(),
            _ => None,
        };
        self.reader.skip()?;
        let same_object = kind == SAME_OBJECT;
        match target {
            Some(target) if target.slot > 0 && same_object && target.object => {
                self.slots += 1;
                write::same_object(self.out, target.slot);
                self.aim(id, target);
            }
            Some(target) if target.slot > 0 => {
                write::reference(self.out, target.slot);
                self.aim(id, target);
            }
            _ => {
                self.remarks |= Remarks::INVALID_REFERENCE;
                self.nothing(id);
            }
        }
        if !same_object {
            // The writer gives it no id.
            self.targets.truncate(id);
        }
        Ok(())
    }

    /// An object that reads `payload` itself.
    fn custom(&mut self, id: usize) -> Result<(), Malformed> {
        let (Some(class), Some(payload)) = (self.text()?, self.text()?) else {
            self.nothing(id);
            return Ok(());
        };
        let class = bare(class);
        self.begin(id, true);
        if self.allow(class) {
            self.remarks |= Remarks::CUSTOM;
            write::custom_object(self.out, class, payload);
        } else {
            self.refuse(class, 1);
            self.property(b"serialized", payload);
            self.out.push(b'}');
        }
        Ok(())
    }

    fn enum_case(&mut self, id: usize) -> Result<(), Malformed> {
        let (Some(class), Some(case)) = (self.text()?, self.text()?) else {
            self.nothing(id);
            return Ok(());
        };
        self.case(id, bare(class), case);
        Ok(())
    }

    fn case(&mut self, id: usize, class: &'a [u8], case: &[u8]) {
        self.begin(id, true);
        if self.allow(class) {
            write::enum_case(self.out, class, case);
        } else {
            self.refuse(class, 1);
            self.property(b"name", case);
            self.out.push(b'}');
        }
    }

    /// An object with a class, of which `pairs` are left.
    fn instance(&mut self, id: usize, class: &'a [u8], pairs: u32) -> Result<(), Malformed> {
        if !self.allow(class) {
            return self.refused(id, class, pairs);
        }
        if let Some(case) = self.case_name(pairs)
            && !class.eq_ignore_ascii_case(PLAIN)
        {
            match self.allowed.kind(class) {
                Verdict::Enum => {
                    self.case(id, class, case);
                    return self.drop_pairs(pairs);
                }
                Verdict::Either => {
                    self.remarks |= Remarks::UNDECIDED;
                    self.undecided.add(class);
                }
                Verdict::Class => {}
            }
        }
        if pairs == 1 && self.at_nil() {
            self.reader.nil()?;
            return self.data(id, class);
        }
        self.object(id, class, pairs)
    }

    /// The case, if the next `pairs` are what an enum's case has.
    fn case_name(&self, pairs: u32) -> Option<&'a [u8]> {
        let mut ahead = self.reader.clone();
        if pairs == 0 || pairs > 2 || ahead.text_or_binary() != Ok(b"name") {
            return None;
        }
        let case = ahead.text_or_binary().ok()?;
        (pairs == 1 || ahead.text_or_binary() == Ok(b"value")).then_some(case)
    }

    /// What `__serialize()` had returned, of an allowed class.
    fn data(&mut self, id: usize, class: &[u8]) -> Result<(), Malformed> {
        self.begin(id, true);
        let before = self.reader.clone();
        match self.reader.read()? {
            Item::Array(values) => {
                self.enter(values)?;
                self.targets.push(NOWHERE);
                write::object(self.out, class, values);
                for index in 0..values {
                    write::integer(self.out, index.into());
                    self.value()?;
                }
                self.leave();
            }
            Item::Map(pairs) => {
                self.enter(pairs)?;
                self.targets.push(NOWHERE);
                let header = self.out.len();
                write::object(self.out, class, pairs);
                let written = self.entries(pairs)?;
                if written != pairs {
                    self.correct(header, |out| write::object(out, class, written));
                }
                self.leave();
            }
            _ => {
                self.reader = before;
                self.drop_value()?;
                write::object(self.out, class, 0);
            }
        }
        self.out.push(b'}');
        Ok(())
    }

    /// An object of a class that is not allowed.
    fn refused(&mut self, id: usize, class: &'a [u8], pairs: u32) -> Result<(), Malformed> {
        self.begin(id, true);
        let header = self.out.len();
        let returned = if pairs == 1 && self.at_nil() {
            self.reader.nil()?;
            let before = self.reader.clone();
            let returned = self.reader.read()?;
            if !matches!(returned, Item::Array(_) | Item::Map(_)) {
                self.reader = before;
            }
            Some(returned)
        } else {
            None
        };
        let (pairs, written) = match returned {
            Some(Item::Array(values)) => {
                self.enter(values)?;
                self.targets.push(NOWHERE);
                self.refuse(class, values);
                for index in 0..values {
                    write::string(self.out, itoa::Buffer::new().format(index).as_bytes());
                    self.value()?;
                }
                self.leave();
                (values, values)
            }
            Some(Item::Map(pairs)) => {
                self.enter(pairs)?;
                self.targets.push(NOWHERE);
                self.refuse(class, pairs);
                let written = self.properties(pairs, Some(class))?;
                self.leave();
                (pairs, written)
            }
            Some(_) => {
                self.drop_value()?;
                self.refuse(class, 0);
                (0, 0)
            }
            None => {
                self.refuse(class, pairs);
                (pairs, self.properties(pairs, Some(class))?)
            }
        };
        if written != pairs {
            let properties = written.saturating_add(1);
            self.correct(header, |out| write::object(out, PLAIN, properties));
        }
        self.out.push(b'}');
        Ok(())
    }

    /// Begins a stdClass object that keeps the name of a class that is not allowed.
    fn refuse(&mut self, class: &'a [u8], properties: u32) {
        // What `enter` made room for, and one more, may need twice the places.
        self.held += 2 * (STRING + INCOMPLETE.len() + PLACE * properties as usize) + 8 * PLACE;
        self.remarks |= Remarks::REFUSED | Remarks::OBJECTS;
        self.refused.add(class);
        write::object(self.out, PLAIN, properties.saturating_add(1));
        self.property(INCOMPLETE, class);
    }

    fn property(&mut self, name: &[u8], value: &[u8]) {
        write::string(self.out, name);
        write::string(self.out, value);
        self.slots += 1;
    }

    fn object(&mut self, id: usize, class: &[u8], pairs: u32) -> Result<(), Malformed> {
        self.begin(id, true);
        self.remarks |= Remarks::OBJECTS;
        let header = self.out.len();
        write::object(self.out, class, pairs);
        let written = self.properties(pairs, None)?;
        if written != pairs {
            self.correct(header, |out| write::object(out, class, written));
        }
        self.out.push(b'}');
        Ok(())
    }

    /// Properties, of a class that is not allowed if one is given. How many were written.
    fn properties(&mut self, pairs: u32, refused: Option<&[u8]>) -> Result<u32, Malformed> {
        let mut table = Table::new(pairs, true);
        let mut written = 0;
        for _ in 0..pairs {
            let key = self.key()?;
            let mut digits = itoa::Buffer::new();
            let name = match &key {
                Key::Text(name) => name,
                Key::Integer(number) => digits.format(*number).as_bytes(),
                Key::Digits(text) | Key::Illegal(Some(text)) => text.as_bytes(),
                Key::Mark | Key::Illegal(None) => &[],
            };
            if matches!(key, Key::Mark | Key::Illegal(None)) || !is_property(name) {
                self.remarks |= Remarks::ILLEGAL_KEY;
                self.drop_value()?;
                continue;
            }
            let name = refused.map_or(name, |class| unmangled(name, class));
            if let Some(table) = &mut table {
                table.string(name, &mut self.collisions)?;
            }
            write::string(self.out, name);
            self.value()?;
            written += 1;
        }
        Ok(written)
    }

    /// A map that is an array to PHP.
    fn pairs(&mut self, id: usize, pairs: u32) -> Result<(), Malformed> {
        self.begin(id, false);
        let header = self.out.len();
        write::array(self.out, pairs);
        let written = self.entries(pairs)?;
        if written != pairs {
            self.correct(header, |out| write::array(out, written));
        }
        self.out.push(b'}');
        Ok(())
    }

    /// The entries of an array. How many were written.
    fn entries(&mut self, pairs: u32) -> Result<u32, Malformed> {
        let mut table = Table::new(pairs, false);
        let mut written = 0;
        // The index of a value that is put in without one.
        let mut free = Some(0);
        let insert = self.settings.illegal_key_insert();
        for _ in 0..pairs {
            let start = self.reader.clone();
            match self.key()? {
                Key::Integer(key) => {
                    if let Some(table) = &mut table {
                        table.integer(key, &mut self.collisions)?;
                    }
                    write::integer(self.out, key);
                    free = after(free, key);
                }
                Key::Text(key) => {
                    if let Some(table) = &mut table {
                        table.string(key, &mut self.collisions)?;
                    }
                    write::string(self.out, key);
                    if insert && let Some(key) = numeric(key) {
                        free = after(free, key);
                    }
                }
                Key::Illegal(_) if insert => {
                    let Some((key, next)) = free.and_then(|key| Some((key, key.checked_add(1)?)))
                    else {
                        self.drop_value()?;
                        continue;
                    };
                    let value = std::mem::replace(&mut self.reader, start);
                    write::integer(self.out, key);
                    self.value()?;
                    self.reader = value;
                    write::integer(self.out, next);
                    free = after(free, next);
                    written += 1;
                }
                Key::Digits(text) | Key::Illegal(Some(text)) => {
                    if let Some(table) = &mut table {
                        table.string(text.as_bytes(), &mut self.collisions)?;
                    }
                    write::string(self.out, text.as_bytes());
                }
                Key::Mark | Key::Illegal(None) => {
                    self.drop_value()?;
                    continue;
                }
            }
            self.value()?;
            written += 1;
        }
        Ok(written)
    }

    /// Reads a key, and remarks on one that PHP does not have.
    fn key(&mut self) -> Result<Key<'a>, Malformed> {
        let start = self.reader.clone();
        let text = match self.reader.read()? {
            Item::Integer(key) => return Ok(Key::Integer(key)),
            Item::Text(key) | Item::Binary(key) => {
                self.hold(STRING + key.len())?;
                return Ok(Key::Text(key));
            }
            Item::Unsigned(key) => return Ok(Key::Digits(key.to_string())),
            Item::Nil if self.settings.php_only() => {
                self.remarks |= Remarks::ILLEGAL_KEY;
                return Ok(Key::Mark);
            }
            Item::Nil | Item::Boolean(false) | Item::Extension(..) => Some(String::new()),
            Item::Boolean(true) => Some("1".to_owned()),
            Item::Float32(key) => Some(float_key(key.into())),
            Item::Float64(key) => Some(float_key(key)),
            item @ (Item::Array(_) | Item::Map(_)) => {
                self.reader = start;
                self.drop_value()?;
                // An array is "Array" as a string; an object is none.
                let object = matches!(item, Item::Map(0));
                (!object).then(|| "Array".to_owned())
            }
        };
        self.remarks |= Remarks::ILLEGAL_KEY;
        Ok(Key::Illegal(text))
    }

    /// Reads a str or a bin; `None` for anything else, which is skipped.
    fn text(&mut self) -> Result<Option<&'a [u8]>, Malformed> {
        match self.reader.peek()? {
            Item::Text(text) | Item::Binary(text) => {
                self.reader.skip()?;
                Ok(Some(text))
            }
            _ => {
                self.drop_value()?;
                Ok(None)
            }
        }
    }

    fn drop_pairs(&mut self, pairs: u32) -> Result<(), Malformed> {
        for _ in 0..pairs {
            self.drop_value()?;
            self.drop_value()?;
        }
        Ok(())
    }

    /// Reads a value that has no place in the text. What refers to it leads nowhere.
    fn drop_value(&mut self) -> Result<(), Malformed> {
        let (length, slots, id) = (self.out.len(), self.slots, self.targets.len());
        self.value()?;
        self.out.truncate(length);
        self.slots = slots;
        for target in self.targets.get_mut(id..).unwrap_or_default() {
            *target = NOWHERE;
        }
        Ok(())
    }

    /// Puts another header over the one at `header`, whose count has proved wrong.
    fn correct(&mut self, header: usize, write: impl FnOnce(&mut Vec<u8>)) {
        let mut right = Vec::new();
        write(&mut right);
        // The brace that opens: no class has one in its name.
        let rest = self.out.get(header..).unwrap_or_default();
        let Some(brace) = rest.iter().position(|byte| *byte == b'{') else {
            return;
        };
        self.out.splice(header..=header + brace, right);
    }

    /// Whether bytes may name the class, and `unserialize()` can read its name.
    fn allow(&mut self, class: &[u8]) -> bool {
        let plain = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'\\' | 0x7f..);
        if class.eq_ignore_ascii_case(PLAIN) {
            self.remarks |= Remarks::OBJECTS;
            return true;
        }
        let allowed = !matches!(class.first(), None | Some(b'\\'))
            && class.iter().all(plain)
            && self.allowed.class(class);
        if allowed {
            self.remarks |= Remarks::CLASSES;
        }
        allowed
    }

    /// Counts a value whose id is given, and notes where it is.
    fn begin(&mut self, id: usize, object: bool) {
        self.slots += 1;
        let slot = self.slots;
        self.aim(id, Target { slot, object });
    }

    fn aim(&mut self, id: usize, target: Target) {
        if let Some(place) = self.targets.get_mut(id) {
            *place = target;
        }
    }

    fn at_nil(&self) -> bool {
        self.reader.remaining().first() == Some(&0xc0)
    }

    fn enter(&mut self, entries: u32) -> Result<(), Malformed> {
        if entries > 0 {
            let places = (entries as usize).next_power_of_two().max(8);
            self.hold(PLACE * places + SLOT * entries as usize)?;
        }
        self.hold(OBJECT)?;
        self.levels = self
            .levels
            .checked_sub(1)
            .ok_or(Malformed::TooDeep { limit: DEPTH })?;
        Ok(())
    }

    fn leave(&mut self) {
        self.levels += 1;
    }
}

/// The next index after `key` was put in; `None` when there is none.
fn after(free: Option<i64>, key: i64) -> Option<i64> {
    Some(free?.max(key.checked_add(1)?))
}

/// A class's name without the backslash that PHP drops where it looks for a class.
fn bare(class: &[u8]) -> &[u8] {
    class.strip_prefix(b"\\").unwrap_or(class)
}

/// The name of a property without what makes it protected, or private to `class`.
///
/// One that is private to another class keeps its form: the object may have two
/// properties of the same name.
fn unmangled<'n>(name: &'n [u8], class: &[u8]) -> &'n [u8] {
    if let Some(name) = name.strip_prefix(b"\0*\0") {
        return name;
    }
    name.strip_prefix(b"\0")
        .and_then(|rest| rest.strip_prefix(class))
        .and_then(|rest| rest.strip_prefix(b"\0"))
        .unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::msgpack::php::objects::with_stack;
    use proptest::prelude::*;

    const DEFAULT: Settings = Settings(Settings::PHP_ONLY | Settings::ASSOC);
    const ALLOWED: &[u8] = b"\0stdclass\0a\0";

    fn text(bytes: &[u8], enums: &[u8]) -> Result<(String, u32), Malformed> {
        let mut out = Vec::new();
        let allowed = Allowed::new(Some(ALLOWED), enums);
        let unpacked = unpack(bytes, &mut out, DEFAULT, allowed, usize::MAX)?;
        Ok((
            String::from_utf8_lossy(&out).into_owned(),
            unpacked.remarks.0,
        ))
    }

    #[test]
    fn objects_are_built_of_allowed_classes_alone() {
        let cases: [(&[u8], &str, u32); 9] = [
            (b"\x80", "O:8:\"stdClass\":0:{}", Remarks::OBJECTS),
            // The nil is none of the empty map's.
            (
                b"\x92\x80\xc0",
                "a:2:{i:0;O:8:\"stdClass\":0:{}i:1;N;}",
                Remarks::OBJECTS,
            ),
            (
                b"\x82\xc0\xa1A\xa1x\x01",
                "O:1:\"A\":1:{s:1:\"x\";i:1;}",
                Remarks::CLASSES | Remarks::OBJECTS,
            ),
            (
                b"\x82\xc0\xa1A\xc0\x91\x05",
                "O:1:\"A\":1:{i:0;i:5;}",
                Remarks::CLASSES,
            ),
            (
                b"\x82\xc0\xa1B\xa4\0*\0x\x01",
                "O:8:\"stdClass\":2:{s:27:\"__PHP_Incomplete_Class_Name\";s:1:\"B\";s:1:\"x\";i:1;}",
                Remarks::REFUSED | Remarks::OBJECTS,
            ),
            (
                b"\x82\xc0\x03\xa1A\xa1p",
                "C:1:\"A\":1:{p}",
                Remarks::CLASSES | Remarks::CUSTOM,
            ),
            (b"\x82\xc0\x06\xa1A\xa1c", "E:3:\"A:c\";", Remarks::CLASSES),
            (b"\x81\xc0\x02", "N;", 0),
            (b"\xc0\xc0", "N;", Remarks::EXTRA_BYTES),
        ];
        for (bytes, expected, remarks) in cases {
            assert_eq!(text(bytes, b""), Ok((expected.to_owned(), remarks)));
        }
    }

    #[test]
    fn an_enum_is_asked_for_and_then_is_one() {
        let case = b"\x83\xc0\xa1A\xa4name\xa1c\xa5value\x01";
        let (_, remarks) = text(case, b"").expect("a value");
        assert_eq!(remarks & Remarks::UNDECIDED, Remarks::UNDECIDED);
        let (is, _) = text(case, b"\0=a\0").expect("a value");
        assert_eq!(is, "E:3:\"A:c\";");
        let (is_not, _) = text(case, b"\0!a\0").expect("a value");
        assert_eq!(
            is_not,
            "O:1:\"A\":2:{s:4:\"name\";s:1:\"c\";s:5:\"value\";i:1;}"
        );
    }

    #[test]
    fn references_have_the_numbers_of_unserialize() {
        let cases: [(&[u8], &str); 4] = [
            (
                b"\x92\x81\xc0\xa1A\x82\xc0\x04\x00\x02",
                "a:2:{i:0;O:1:\"A\":0:{}i:1;r:2;}",
            ),
            (
                b"\x94\x82\xc0\x01\x00\x01\x82\xc0\x02\x00\x02\x82\xc0\x01\x00\x02\x82\xc0\x02\x00\x03",
                "a:4:{i:0;a:1:{i:0;i:1;}i:1;R:2;i:2;a:1:{i:0;i:2;}i:3;R:4;}",
            ),
            // What was dropped leads nowhere, and does not count.
            (
                b"\x93\x81\x90\x01\x91\xc0\x82\xc0\x02\x00\x04",
                "a:3:{i:0;a:1:{s:5:\"Array\";i:1;}i:1;a:1:{i:0;N;}i:2;R:4;}",
            ),
            (b"\x92\x90\x82\xc0\x02\x00\x09", "a:2:{i:0;a:0:{}i:1;N;}"),
        ];
        for (bytes, expected) in cases {
            assert_eq!(
                text(bytes, b"").map(|(text, _)| text).as_deref(),
                Ok(expected)
            );
        }
    }

    #[test]
    fn dropped_entries_are_not_counted() {
        assert_eq!(
            text(b"\x82\x80\x01\xa1x\x02", b""),
            Ok((
                "a:1:{s:1:\"x\";i:2;}".to_owned(),
                Remarks::ILLEGAL_KEY | Remarks::OBJECTS
            ))
        );
        let (is, _) = text(b"\x83\xc0\xa1A\xa2\0x\x01\xa1y\x02", b"").expect("a value");
        assert_eq!(is, "O:1:\"A\":1:{s:1:\"y\";i:2;}");
    }

    #[test]
    fn depth_and_memory_have_an_end() {
        with_stack(|| {
            let deep = |levels| [vec![0x91; levels], vec![0xc0]].concat();
            assert!(text(&deep(DEPTH), b"").is_ok());
            assert_eq!(
                text(&deep(DEPTH + 1), b""),
                Err(Malformed::TooDeep { limit: DEPTH })
            );
        });
        let mut out = b"before".to_vec();
        let allowed = Allowed::new(None, b"");
        let refused = unpack(&[0x91, 0x91, 0xa0], &mut out, DEFAULT, allowed, 700);
        assert!(matches!(
            refused,
            Err(Malformed::TooLarge { limit: 700, .. })
        ));
        assert_eq!(out, b"before");
    }

    proptest! {
        #[test]
        fn any_bytes_end_well(
            bytes in proptest::collection::vec(
                prop_oneof![
                    any::<u8>(), Just(0xc0), 0x80_u8..=0x84, 0x90_u8..=0x93, 0xa0_u8..=0xa2, 0_u8..8,
                    Just(b'A'), Just(0),
                ],
                0..60,
            ),
            settings in 0_u32..32,
        ) {
            let mut out = Vec::new();
            let allowed = Allowed::new(Some(ALLOWED), b"");
            if unpack(&bytes, &mut out, Settings(settings), allowed, usize::MAX).is_ok() {
                let mut whole = crate::msgpack::php::text::Text::new(&out, 0);
                prop_assert!(whole.skip().is_some());
                prop_assert!(whole.peek().is_none());
            } else {
                prop_assert!(out.is_empty());
            }
        }
    }
}
