//! What the serialize format does not tell about classes.

use std::collections::HashMap;

use crate::msgpack::php::text::Text;

/// What an object's properties are, in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// The object's own.
    Plain,
    /// What `__serialize()` returned.
    Serialize,
    /// Those that `__sleep()` named.
    Sleep,
}

/// What a case of an enum stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case<'a> {
    Pure,
    Integer(i64),
    Text(&'a [u8]),
}

/// What PHP has told about its classes and enum cases.
///
/// Told in the serialize format, pair after pair: `s:9:"App\Order";i:0;` for a
/// plain class, `i:1;` for one with `__serialize()`, `i:2;` for one with
/// `__sleep()`; `s:6:"Suit:H";s:1:"h";` for a case, with its value or `N;`.
#[derive(Debug)]
pub struct Known<'a> {
    told: &'a [u8],
    classes: HashMap<&'a [u8], Class>,
    cases: HashMap<&'a [u8], Case<'a>>,
    latest: Option<(&'a [u8], Class)>,
    missing: Vec<&'a [u8]>,
}

impl<'a> Known<'a> {
    /// Reads nothing until the first object is met. What is not written as told
    /// above counts as not told.
    #[must_use]
    pub fn new(told: &'a [u8]) -> Self {
        Self {
            told,
            classes: HashMap::new(),
            cases: HashMap::new(),
            latest: None,
            missing: Vec::new(),
        }
    }

    pub(super) fn class(&mut self, name: &'a [u8]) -> Class {
        if let Some((latest, class)) = self.latest
            && latest == name
        {
            return class;
        }
        self.read();
        let class = self.classes.get(name).copied();
        if class.is_none() {
            self.miss(name);
        }
        let class = class.unwrap_or(Class::Plain);
        self.latest = Some((name, class));
        class
    }

    pub(super) fn case(&mut self, name: &'a [u8]) -> Case<'a> {
        self.read();
        let case = self.cases.get(name).copied();
        if case.is_none() {
            self.miss(name);
        }
        case.unwrap_or(Case::Pure)
    }

    /// The classes and cases that were asked for and not told, each once.
    pub(super) fn missing(&self) -> &[&'a [u8]] {
        &self.missing
    }

    fn miss(&mut self, name: &'a [u8]) {
        if !self.missing.contains(&name) {
            self.missing.push(name);
        }
    }

    fn read(&mut self) {
        let mut text = Text::new(self.told, 0);
        self.told = &[];
        while let Some(name) = text.string() {
            // A class's name has no colon.
            let understood = if name.contains(&b':') {
                read_case(&mut text).map(|case| self.cases.insert(name, case).is_none())
            } else {
                read_class(&mut text).map(|class| self.classes.insert(name, class).is_none())
            };
            if understood.is_none() {
                return;
            }
        }
    }
}

fn read_class(text: &mut Text<'_>) -> Option<Class> {
    match text.integer()? {
        0 => Some(Class::Plain),
        1 => Some(Class::Serialize),
        2 => Some(Class::Sleep),
        _ => None,
    }
}

fn read_case<'a>(text: &mut Text<'a>) -> Option<Case<'a>> {
    match text.peek()? {
        b'N' => text.nil().map(|()| Case::Pure),
        b'i' => text.integer().map(Case::Integer),
        _ => text.string().map(Case::Text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_is_known_and_the_rest_is_missing() {
        let told =
            b"s:1:\"A\";i:0;s:1:\"B\";i:1;s:4:\"E:No\";N;s:3:\"E:X\";s:1:\"x\";s:3:\"E:Y\";i:7;";
        let mut known = Known::new(told);
        assert_eq!(known.class(b"B"), Class::Serialize);
        assert_eq!(known.class(b"A"), Class::Plain);
        assert_eq!(known.class(b"C"), Class::Plain);
        assert_eq!(known.case(b"E:X"), Case::Text(b"x"));
        assert_eq!(known.case(b"E:Y"), Case::Integer(7));
        assert_eq!(known.case(b"E:No"), Case::Pure);
        assert_eq!(known.case(b"E:Z"), Case::Pure);
        assert_eq!(known.class(b"C"), Class::Plain);
        assert_eq!(known.missing(), [&b"C"[..], b"E:Z"]);
    }

    #[test]
    fn nonsense_counts_as_not_told() {
        for told in [
            &b"x"[..],
            b"s:1:\"A\";",
            b"s:1:\"A\";i:9;",
            b"s:1:\"A\";s:1:\"b\";",
        ] {
            let mut known = Known::new(told);
            assert_eq!(known.class(b"A"), Class::Plain);
            assert_eq!(known.missing(), [b"A"]);
        }
    }
}
