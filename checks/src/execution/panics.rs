//! Panics inside explorations: noted for who asks what has ended a task, and not printed.

use super::session::{finish_execution, is_exploring, send_report};
use crate::verdict::Place;
use std::any::Any;
use std::cell::RefCell;
use std::panic::PanicHookInfo;
use std::sync::OnceLock;

thread_local! {
    /// The last panics that the hook saw, oldest first; two are enough to tell the cause from what came of it.
    static PANICS: RefCell<Vec<Panic>> = const { RefCell::new(Vec::new()) };
    /// The file that the last of them came from, as the compiler was given it.
    static FILE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// A panic's message and place.
pub(crate) type Panic = (String, Option<Place>);

type Hook = Box<dyn Fn(&PanicHookInfo<'_>) + Send + Sync>;

/// Installs raddle's panic hook once: silent inside explorations, the user's own hook elsewhere.
///
/// Both engines chain a hook of their own onto the one they find, and are made to do so first. loom's stays between
/// ours and the user's: it keeps quiet about coroutines that end. shuttle's is left out: it writes to stderr for every
/// panic of the process.
pub(super) fn install_panic_hook() {
    static USER: OnceLock<Hook> = OnceLock::new();
    USER.get_or_init(|| {
        let _ = std::thread::spawn(crate::engine::loom::warm_up).join();
        let user = std::panic::take_hook();
        let _ = std::thread::spawn(crate::engine::shuttle::warm_up).join();
        std::panic::set_hook(Box::new(|info| {
            if is_exploring() {
                note_panic(info);
            } else if let Some(user) = USER.get() {
                user(info);
            }
        }));
        user
    });
}

fn note_panic(info: &PanicHookInfo<'_>) {
    let text = message(info.payload());
    if text.starts_with("panic in a destructor during cleanup") || text.starts_with("panic in a function that cannot") {
        // The process would abort as soon as this hook returned.
        super::step::fail_with_noted_panic();
        finish_execution();
        send_report(true);
        super::abort::stop_here();
        return;
    }
    // The engines unwind coroutines with payloads of their own; those are no panics of the program's.
    let known = info.payload().is::<&str>() || info.payload().is::<String>();
    let _ = PANICS.try_with(|slot| {
        if let (true, Ok(mut panics)) = (known, slot.try_borrow_mut()) {
            if panics.len() == 2 {
                panics.remove(0);
            }
            panics.push((text, info.location().map(Place::of)));
        }
    });
    let _ = FILE.try_with(|file| {
        if let (Some(at), Ok(mut file)) = (info.location(), file.try_borrow_mut()) {
            at.file().clone_into(&mut file);
        }
    });
}

/// The last panic with this message, or simply the last; the notes are cleared.
pub(crate) fn take_panic(text: Option<&str>) -> Option<Panic> {
    PANICS.with(|slot| {
        let mut panics = slot.take();
        let index = match text {
            Some(text) => panics.iter().rposition(|(message, _)| message == text)?,
            None => panics.len().checked_sub(1)?,
        };
        Some(panics.swap_remove(index))
    })
}

/// The file that the last panic came from.
pub(crate) fn last_file() -> String {
    FILE.with(RefCell::take)
}

/// The panic that is being unwound, with what a destructor added to it; the notes are cleared.
pub(crate) fn take_unwinding() -> Option<Panic> {
    PANICS.with(|slot| {
        let mut panics = slot.take().into_iter();
        let (mut message, place) = panics.next()?;
        if let Some((then, _)) = panics.next() {
            message = format!("{message}; then, in a destructor that ran because of it: {then}");
        }
        Some((message, place))
    })
}

/// Bytes of a panic's message that are kept.
const MESSAGE_BYTES_MAX: usize = 64 << 10;

/// What a panic's payload says; the beginning, if it says very much.
pub(crate) fn message(payload: &dyn Any) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let text = text.unwrap_or("a panic without a message");
    if text.len() <= MESSAGE_BYTES_MAX {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(MESSAGE_BYTES_MAX);
    format!("{}… ({} bytes in all)", &text[..end], text.len())
}
