//! The functions' names.

use std::collections::BTreeMap;

/// Whose call it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// The function of this number, counted from 0 in the order of adding.
    Function(u32),
    /// The handler for bodies that are no call.
    Raw,
}

#[derive(Default)]
pub struct Routes {
    /// Sorted, not hashed: a handful of comparisons is quicker than a hash
    /// that withstands chosen names, and needs to withstand nothing.
    functions: BTreeMap<Box<[u8]>, u32>,
    raw: bool,
}

impl Routes {
    pub fn add(&mut self, name: &[u8]) -> Route {
        let next = u32::try_from(self.functions.len()).unwrap_or(u32::MAX);
        Route::Function(*self.functions.entry(name.into()).or_insert(next))
    }

    pub fn find(&self, name: &[u8]) -> Option<Route> {
        self.functions.get(name).copied().map(Route::Function)
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
}
