//! Which classes bytes may name.

use std::collections::HashSet;

/// The classes that bytes may name, in lower case with NULs around:
/// `\0stdclass\0app\order\0`. And which are known to be enums, `\0=app\suit\0`,
/// and which not, `\0!app\order\0`.
#[derive(Clone, Debug)]
pub struct Allowed<'a> {
    /// `None`: any class.
    names: Option<Names<'a>>,
    enums: Names<'a>,
}

/// What is known of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Class,
    Enum,
    /// Allowed; nobody has said whether it is an enum.
    Either,
}

impl<'a> Allowed<'a> {
    /// `names` is `None` for any class. `enums` is what was found out about the
    /// classes that may be enums: `\0=suit\0!order\0`.
    #[must_use]
    pub fn new(names: Option<&'a [u8]>, enums: &'a [u8]) -> Self {
        Self {
            names: names.map(Names::new),
            enums: Names::new(enums),
        }
    }

    pub(super) fn class(&mut self, name: &[u8]) -> bool {
        match &mut self.names {
            None => true,
            Some(names) => names.contains(&name.to_ascii_lowercase()),
        }
    }

    /// Whether an allowed class is an enum.
    pub(super) fn kind(&mut self, name: &[u8]) -> Verdict {
        let folded = name.to_ascii_lowercase();
        let marked = |mark: u8| [&[mark], &folded[..]].concat();
        if self.enums.contains(&marked(b'!')) {
            Verdict::Class
        } else if self.enums.contains(&marked(b'=')) {
            Verdict::Enum
        } else {
            Verdict::Either
        }
    }
}

/// Names with NULs around. A hostile message may name a class of its own in every
/// object: so a long list is looked up in a table, made when it is first used.
#[derive(Clone, Debug)]
struct Names<'a> {
    list: &'a [u8],
    table: HashSet<&'a [u8]>,
}

impl<'a> Names<'a> {
    const SHORT: usize = 256;

    fn new(list: &'a [u8]) -> Self {
        Self {
            list,
            table: HashSet::new(),
        }
    }

    fn contains(&mut self, name: &[u8]) -> bool {
        if self.list.len() <= Self::SHORT {
            return self.list.split(|byte| *byte == 0).any(|one| one == name) && !name.is_empty();
        }
        if self.table.is_empty() {
            self.table = self.list.split(|byte| *byte == 0).collect();
        }
        self.table.contains(name) && !name.is_empty()
    }
}
