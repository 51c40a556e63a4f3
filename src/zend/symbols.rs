//! What the php binary exports to its extensions.
//!
//! They are looked up at run time, so that the library also loads into a
//! program that is not PHP.

use std::ffi::{CStr, c_char, c_int, c_void};

use super::layout::{Array, Class, Text, Value};

/// Functions and variables of the engine that this process runs. All are there,
/// or this is not there.
///
/// The functions that allocate may leave by `longjmp` (see the module); hence
/// the ABI that lets a call end otherwise than by returning.
#[derive(Clone, Copy)]
pub struct Symbols {
    /// Memory of the request; NULL when that would pass the memory limit.
    pub allocate: unsafe extern "C-unwind" fn(size: usize) -> *mut c_void,
    /// `_efree`
    pub free: unsafe extern "C-unwind" fn(memory: *mut c_void),
    /// `_zend_hash_init`: an array that will have room for so many elements.
    pub init_array: unsafe extern "C-unwind" fn(
        array: *mut Array,
        size: u32,
        destructor: *const c_void,
        persistent: bool,
    ),
    /// `zval_ptr_dtor`, the destructor of the elements of an array.
    pub release: *const c_void,
    /// Makes the places of an array.
    pub make_places: MakePlaces,
    /// Appends to a list; NULL or [`NO_MEMORY`] on failure.
    pub append: unsafe extern "C-unwind" fn(array: *mut Array, value: *mut Value) -> *mut Value,
    /// Puts a value under an integer; [`NO_MEMORY`] on failure.
    pub put_integer:
        unsafe extern "C-unwind" fn(array: *mut Array, key: u64, value: *mut Value) -> *mut Value,
    /// Puts a value under a string that is no integer, and counts a reference to
    /// it if it is stored; [`NO_MEMORY`] on failure.
    pub put_string: unsafe extern "C-unwind" fn(
        array: *mut Array,
        key: *mut Text,
        value: *mut Value,
    ) -> *mut Value,
    /// `zend_hash_lookup`: the place of a string that is no integer; a null is put
    /// there, and a reference to the key counted, if it is new.
    pub place_string: unsafe extern "C-unwind" fn(array: *mut Array, key: *mut Text) -> *mut Value,
    /// `zend_hash_index_lookup`: likewise for an integer.
    pub place_integer: unsafe extern "C-unwind" fn(array: *mut Array, key: u64) -> *mut Value,
    /// `object_init_ex`: makes an object of a class; 0 for success.
    pub make_object: unsafe extern "C-unwind" fn(into: *mut Value, class: *const Class) -> c_int,
    /// `zend_lookup_class_ex`: a class by its name, NULL if there is none. With
    /// [`NO_AUTOLOAD`] no code runs.
    pub class: unsafe extern "C-unwind" fn(
        name: *mut Text,
        lower_case: *mut Text,
        flags: u32,
    ) -> *const Class,
    /// `zend_hash_str_find`
    pub find_string: unsafe extern "C-unwind" fn(
        array: *const Array,
        key: *const c_char,
        length: usize,
    ) -> *mut Value,
    /// `zend_memory_usage`: how many bytes PHP has taken, used or not if asked so.
    pub taken: unsafe extern "C-unwind" fn(real: bool) -> usize,
    /// `zend_ini_string`: what php.ini or the script says; NULL for no such setting.
    pub setting: unsafe extern "C-unwind" fn(
        name: *const c_char,
        length: usize,
        original: c_int,
    ) -> *const c_char,
    /// `zend_rebuild_symbol_table`: the local variables of the PHP function that
    /// runs; NULL when none does.
    pub local_variables: unsafe extern "C-unwind" fn() -> *mut Array,
    /// `zend_hash_func`: the hash of a string.
    pub hash: unsafe extern "C-unwind" fn(text: *const c_char, length: usize) -> u64,
    /// `get_zend_version`: a text that begins with "Zend Engine v4.2.36".
    pub version: unsafe extern "C-unwind" fn() -> *const c_char,
    /// `zend_empty_array`, which is never changed nor counted.
    pub empty_array: *const Array,
    /// `zend_empty_string`
    pub empty_string: *const *mut Text,
    /// `zend_one_char_string`
    pub one_byte_strings: *const [*mut Text; 256],
    /// `zend_standard_class_def`: the class stdClass.
    pub std_class: *const *const Class,
    /// `std_object_handlers`: what an object of most classes does.
    pub std_handlers: *const Handler,
    /// `zend_std_read_dimension`, one of them.
    pub read_dimension: Handler,
    /// `zend_std_compare_objects`, another.
    pub compare_objects: Handler,
}

/// One thing that an object does: a function, but for the first, a number.
pub type Handler = *const c_void;

/// How the places of an array are made.
#[derive(Clone, Copy)]
pub enum MakePlaces {
    /// `zend_hash_real_init`
    Surely(unsafe extern "C-unwind" fn(array: *mut Array, packed: bool)),
    /// `zend_hash_real_finit`, with `fallible`: not 0 when that would pass the
    /// memory limit.
    Perhaps(unsafe extern "C-unwind" fn(array: *mut Array, packed: bool, fallible: bool) -> c_int),
}

/// What a fallible function returns for a place that could not be made.
pub const NO_MEMORY: *mut Value = std::ptr::without_provenance_mut(usize::MAX);

/// `ZEND_FETCH_CLASS_NO_AUTOLOAD`
pub const NO_AUTOLOAD: u32 = 0x80;

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
        let found = unsafe {
            Self {
                allocate: function(c"_emalloc")?,
                free: function(c"_efree")?,
                init_array: function(c"_zend_hash_init")?,
                release: address(c"zval_ptr_dtor")?,
                make_places: MakePlaces::Surely(function(c"zend_hash_real_init")?),
                append: function(c"zend_hash_next_index_insert_new")?,
                put_integer: function(c"zend_hash_index_update")?,
                put_string: function(c"zend_hash_update")?,
                place_string: function(c"zend_hash_lookup")?,
                place_integer: function(c"zend_hash_index_lookup")?,
                make_object: function(c"object_init_ex")?,
                class: function(c"zend_lookup_class_ex")?,
                find_string: function(c"zend_hash_str_find")?,
                taken: function(c"zend_memory_usage")?,
                setting: function(c"zend_ini_string")?,
                local_variables: function(c"zend_rebuild_symbol_table")?,
                hash: function(c"zend_hash_func")?,
                version: function(c"get_zend_version")?,
                empty_array: address(c"zend_empty_array")?.cast(),
                empty_string: address(c"zend_empty_string")?.cast(),
                one_byte_strings: address(c"zend_one_char_string")?.cast(),
                std_class: address(c"zend_standard_class_def")?.cast(),
                std_handlers: address(c"std_object_handlers")?.cast(),
                read_dimension: address(c"zend_std_read_dimension")?,
                compare_objects: address(c"zend_std_compare_objects")?,
            }
        };
        Ok(found.fallible().unwrap_or(found))
    }

    /// With the functions that tell of the memory limit, in a PHP that has them.
    ///
    /// There the others go beyond the limit and leave the error to the end of the
    /// call, but end the whole process when they get far beyond.
    fn fallible(self) -> Result<Self, &'static str> {
        // SAFETY: as above; such a PHP's headers say which they are.
        unsafe {
            Ok(Self {
                allocate: function(c"_femalloc")?,
                make_places: MakePlaces::Perhaps(function(c"zend_hash_real_finit")?),
                append: function(c"zend_hash_next_index_finsert_new")?,
                put_integer: function(c"zend_hash_index_fupdate")?,
                put_string: function(c"zend_hash_fupdate")?,
                ..self
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
