//! The functions: their names, and what is known of each.

use std::collections::BTreeMap;

/// Whose call it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// The function of this number, counted from 0 in the order of adding.
    Function(u32),
    /// The handler for bodies that are no call.
    Raw,
}

/// What is known of a function besides its name.
#[derive(Default)]
pub struct Function {
    /// Its calls that went to the host.
    pub calls: u64,
    /// Those of them that ended with a fault.
    pub faults: u64,
    /// How it describes itself.
    pub description: Description,
}

/// The pairs of a checked MessagePack map.
#[derive(Default)]
pub struct Description {
    pub pairs: u32,
    pub bytes: Box<[u8]>,
}

#[derive(Default)]
pub struct Routes {
    /// Sorted, not hashed: a handful of comparisons is quicker than a hash
    /// that withstands chosen names, and needs to withstand nothing.
    numbers: BTreeMap<Box<[u8]>, u32>,
    /// Those that were removed keep their numbers.
    removed: BTreeMap<Box<[u8]>, u32>,
    /// By number.
    functions: Vec<Function>,
    raw: bool,
}

impl Routes {
    pub fn add(&mut self, name: &[u8]) -> Route {
        let next = u32::try_from(self.functions.len()).unwrap_or(u32::MAX);
        let known = self.removed.remove(name).unwrap_or(next);
        let number = *self.numbers.entry(name.into()).or_insert(known);
        if number == next {
            self.functions.push(Function::default());
        }
        Route::Function(number)
    }

    /// Calls of a function that was removed find none from now on; those that were
    /// taken go on.
    pub fn remove(&mut self, name: &[u8]) {
        if let Some((name, number)) = self.numbers.remove_entry(name) {
            self.removed.insert(name, number);
        }
    }

    pub fn find(&self, name: &[u8]) -> Option<Route> {
        self.numbers.get(name).copied().map(Route::Function)
    }

    /// All functions, sorted by name.
    pub fn functions(&self) -> impl Iterator<Item = (&[u8], &Function)> {
        self.numbers.iter().filter_map(|(name, number)| {
            let function = self.functions.get(*number as usize)?;
            Some((&**name, function))
        })
    }

    /// What is known of a function; nothing of what is none.
    #[inline]
    pub fn function(&mut self, route: Route) -> Option<&mut Function> {
        match route {
            Route::Function(number) => self.functions.get_mut(number as usize),
            Route::Raw => None,
        }
    }

    pub fn accept_raw(&mut self) {
        self.raw = true;
    }

    pub fn takes_raw(&self) -> bool {
        self.raw
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_number() {
        let mut routes = Routes::default();
        assert_eq!(routes.add(b"plus"), Route::Function(0));
        assert_eq!(routes.add(b"minus"), Route::Function(1));
        assert_eq!(routes.add(b"plus"), Route::Function(0));
        assert_eq!(routes.find(b"minus"), Some(Route::Function(1)));
        assert_eq!(routes.find(b"times"), None);
    }

    #[test]
    fn a_function_that_was_removed_comes_back_with_its_number() {
        let mut routes = Routes::default();
        let (plus, _) = (routes.add(b"plus"), routes.add(b"minus"));
        routes.remove(b"plus");
        routes.remove(b"times");
        assert_eq!(routes.find(b"plus"), None);
        let names = |routes: &Routes| routes.functions().count();
        assert_eq!(names(&routes), 1);
        assert!(routes.function(plus).is_some(), "its open calls go on");
        assert_eq!(routes.add(b"plus"), plus);
        assert_eq!((routes.find(b"plus"), names(&routes)), (Some(plus), 2));
    }

    #[test]
    fn functions_come_by_name_with_what_is_known_of_them() {
        let mut routes = Routes::default();
        let plus = routes.add(b"plus");
        routes.add(b"minus");
        routes.function(plus).unwrap().calls = 3;
        assert!(routes.function(Route::Raw).is_none());
        let all: Vec<_> = routes
            .functions()
            .map(|(name, of)| (name, of.calls))
            .collect();
        assert_eq!(all, [(&b"minus"[..], 0), (b"plus", 3)]);
    }
}
