//! A test of how PHP lays classes and their properties out.

use super::class::{ClassView, Properties, properties};
use crate::zend::engine::Engine;
use crate::zend::layout::{OBJECT_COUNTED, REFERENCE_HEADER, Text, Value, kind, types};
use crate::zend::view::View;

/// Whether three objects and a reference are what they are expected to be:
///
/// 1. Of a class that extends stdClass and has the properties `public $open = 1`,
///    `protected ?int $kept = 2` and `private ?Hooked $own = null`, and no method.
/// 2. Of the class `Hooked`, which has `__sleep`, `__serialize`, `__unserialize`,
///    `__destruct`, and is Serializable.
/// 3. Of an internal class whose objects PHP makes in its own way.
/// 4. A place that shares an array with another.
///
/// # Safety
/// They are values of the engine's, live while this runs.
pub unsafe fn is_as_expected(engine: &'static Engine, samples: &[View<'_>]) -> bool {
    let [plain, hooked, internal, reference] = samples else {
        return false;
    };
    if !is_reference(engine, reference.value()) {
        return false;
    }
    let views = [plain, hooked, internal].map(|view| {
        let value = view.value();
        // SAFETY: the type says what the payload leads to; as the caller promises.
        (value.type_info == OBJECT_COUNTED).then(|| unsafe {
            let object = &*value.payload.object;
            (object, ClassView::new(object.class, engine))
        })
    });
    let [
        Some((object, plain)),
        Some((_, hooked)),
        Some((_, internal)),
    ] = views
    else {
        return false;
    };
    if !plain.name().ends_with(b"\\Plain") || !hooked.name().ends_with(b"\\Hooked") {
        return false;
    }
    let as_usual = plain.is_user()
        && plain.parent().is_some_and(ClassView::is_std)
        && plain.usual() == [true; 6]
        && !plain.has_sleep()
        && plain.is_packed_as_it_is()
        && plain.is_built_as_it_is();
    let hooks = hooked.is_user()
        && hooked.usual() == [true, false, false, false, false, false]
        && hooked.has_sleep()
        && !hooked.is_packed_as_it_is()
        && !hooked.is_built_as_it_is();
    let maker = !internal.is_user()
        && matches!(internal.usual(), [false, ..])
        && !internal.is_packed_as_it_is();
    // SAFETY: a live object and its own class.
    let Properties::Places(places) = (unsafe { properties(object, plain) }) else {
        return false;
    };
    as_usual && hooks && maker && are_declared(plain, hooked, places)
}

fn is_reference(engine: &Engine, value: &Value) -> bool {
    /// What is above changes while a value lives.
    const TYPE: u32 = 0x1f;

    if value.type_info != engine.layout.reference {
        return false;
    }
    // SAFETY: the type says what the payload leads to.
    let reference = unsafe { &*value.payload.reference };
    reference.header.type_info & TYPE == REFERENCE_HEADER
        && reference.header.count > 1
        && reference.value.kind() == kind::ARRAY
        && reference.sources.is_null()
}

fn are_declared(plain: ClassView<'_>, hooked: ClassView<'_>, places: &[Value]) -> bool {
    let (Some(open), Some(kept), Some(own), [one, two, null]) = (
        plain.property(0),
        plain.property(1),
        plain.property(2),
        places,
    ) else {
        return false;
    };
    // SAFETY: names stay as the classes do; an int is the payload of the type int.
    unsafe {
        let marks = [b"\0", plain.name(), b"\0own"].into_iter().flatten();
        Text::bytes(open.name) == b"open"
            && Text::bytes(kept.name) == b"\0*\0kept"
            && Text::bytes(own.name).iter().eq(marks)
            && open.type_mask & (types::KINDS | types::CLASSES) == 0
            && kept.type_mask & (types::KINDS | types::CLASSES)
                == 1 << kind::NULL | 1 << kind::INTEGER
            && own.type_mask & (types::KINDS | types::CLASSES) == types::NAME | 1 << kind::NULL
            && Text::bytes(own.type_name) == hooked.name()
            && std::ptr::eq(open.class, plain.address())
            && one.kind() == kind::INTEGER
            && one.payload.integer == 1
            && two.kind() == kind::INTEGER
            && two.payload.integer == 2
            && null.kind() == kind::NULL
    }
}
