//! What the php binary exports to its extensions.
//!
//! They are looked up at run time, so that the library also loads into a
//! program that is not PHP.

use std::ffi::{CStr, c_char, c_void};

use super::layout::{Array, Text, Value};

/// Functions and variables of the engine that this process runs. All are there,
/// or this is not there.
///
/// The functions that allocate may leave by `longjmp` (see the module); hence
/// the ABI that lets a call end otherwise than by returning.
#[derive(Clone, Copy)]
pub struct Symbols {
    /// `_emalloc`: memory of the request; never NULL.
    pub allocate: unsafe extern "C-unwind" fn(size: usize) -> *mut c_void,
    /// `_zend_new_array`: an array with room for so many elements.
    pub new_array: unsafe extern "C-unwind" fn(size: u32) -> *mut Array,
    /// `zend_hash_real_init_packed`: makes the places of a list.
    pub make_packed: unsafe extern "C-unwind" fn(array: *mut Array),
    /// `zend_hash_real_init_mixed`: makes the places of a map.
    pub make_mixed: unsafe extern "C-unwind" fn(array: *mut Array),
    /// `zend_hash_next_index_insert_new`
    pub append: unsafe extern "C-unwind" fn(array: *mut Array, value: *mut Value) -> *mut Value,
    /// `zend_hash_index_update`
    pub put_integer:
        unsafe extern "C-unwind" fn(array: *mut Array, key: u64, value: *mut Value) -> *mut Value,
    /// `zend_hash_str_update`: copies the key.
    pub put_string: unsafe extern "C-unwind" fn(
        array: *mut Array,
        key: *const c_char,
        length: usize,
        value: *mut Value,
    ) -> *mut Value,
    /// `zend_hash_str_find`
    pub find_string: unsafe extern "C-unwind" fn(
        array: *const Array,
        key: *const c_char,
        length: usize,
    ) -> *mut Value,
    /// `zend_rebuild_symbol_table`: the local variables of the PHP function that
    /// runs; NULL when none does.
    pub local_variables: unsafe extern "C-unwind" fn() -> *mut Array,
    /// `get_zend_version`: a text that begins with "Zend Engine v4.2.36".
    pub version: unsafe extern "C-unwind" fn() -> *const c_char,
    /// `zend_empty_array`, which is never changed nor counted.
    pub empty_array: *const Array,
    /// `zend_empty_string`
    pub empty_string: *const *mut Text,
    /// `zend_one_char_string`
    pub one_byte_strings: *const [*mut Text; 256],
    /// `zend_standard_class_def`: the class stdClass.
    pub std_class: *const *const c_void,
}

// SAFETY: they are addresses in the php binary, the same for all threads; the
// variables are set before any script runs and not changed while one does.
unsafe impl Send for Symbols {}
// SAFETY: as above.
unsafe impl Sync for Symbols {}

impl Symbols {
    /// All of them, or the name of the first that is missing.
    pub fn find() -> Result<Self, &'static str> {
        // SAFETY: each is declared with the type that it has in all versions
        // that `Layout` knows, without debugging (there `_emalloc` takes more
        // arguments, so `attach` refuses it before anything is called).
        unsafe {
            Ok(Self {
                allocate: function(c"_emalloc")?,
                new_array: function(c"_zend_new_array")?,
                make_packed: function(c"zend_hash_real_init_packed")?,
                make_mixed: function(c"zend_hash_real_init_mixed")?,
                append: function(c"zend_hash_next_index_insert_new")?,
                put_integer: function(c"zend_hash_index_update")?,
                put_string: function(c"zend_hash_str_update")?,
                find_string: function(c"zend_hash_str_find")?,
                local_variables: function(c"zend_rebuild_symbol_table")?,
                version: function(c"get_zend_version")?,
                empty_array: address(c"zend_empty_array")?.cast(),
                empty_string: address(c"zend_empty_string")?.cast(),
                one_byte_strings: address(c"zend_one_char_string")?.cast(),
                std_class: address(c"zend_standard_class_def")?.cast(),
            })
        }
    }
}

/// The address of a symbol anywhere in the process.
fn address(name: &'static CStr) -> Result<*const c_void, &'static str> {
    // SAFETY: the name is terminated; RTLD_DEFAULT needs no handle.
    let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    if found.is_null() {
        return Err(name.to_str().unwrap_or_default());
    }
    Ok(found)
}

/// A function by its name.
///
/// # Safety
/// `F` is the type of a function pointer, and that function's own.
unsafe fn function<F: Copy>(name: &'static CStr) -> Result<F, &'static str> {
    const { assert!(size_of::<F>() == size_of::<*const c_void>()) };
    let found = address(name)?;
    // SAFETY: as the caller promises; it is not NULL, and of the same size.
    Ok(unsafe { std::mem::transmute_copy(&found) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_not_php_has_none() {
        assert_eq!(Symbols::find().err(), Some("_emalloc"));
    }
}
