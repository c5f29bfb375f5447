//! std's macros that print, for programs under test: what they print comes once.
//!
//! They are not at the root, where they would make std's ambiguous:
//!
//! ```
//! # #[expect(unused_imports)]
//! use raddle::*;
//!
//! println!("this is std's");
//! ```

#[doc(inline)]
pub use crate::{
    raddle_dbg as dbg, raddle_eprint as eprint, raddle_eprintln as eprintln, raddle_print as print,
    raddle_println as println,
};

/// [`std::println!`] in the run that a check's report shows, and nothing in the others.
///
/// A failing program is run some hundred times until its interleaving is as short as it gets. With
/// `use raddle::print::println;` what it prints comes once, from the last of these runs; see
/// [`is_last_run`](crate::is_last_run). The arguments are evaluated in that run alone.
///
/// ```
/// use raddle::{print::println, thread};
///
/// raddle::check(|| {
///     thread::spawn(|| println!("spawned {}", 1)).join().unwrap();
/// });
/// ```
#[macro_export]
macro_rules! raddle_println {
    ($($text:tt)*) => { if $crate::is_last_run() { ::std::println!($($text)*) } };
}

/// [`std::print!`] in the run that a check's report shows, as [`println!`](crate::print::println).
#[macro_export]
macro_rules! raddle_print {
    ($($text:tt)*) => { if $crate::is_last_run() { ::std::print!($($text)*) } };
}

/// [`std::eprintln!`] in the run that a check's report shows, as [`println!`](crate::print::println).
#[macro_export]
macro_rules! raddle_eprintln {
    ($($text:tt)*) => { if $crate::is_last_run() { ::std::eprintln!($($text)*) } };
}

/// [`std::eprint!`] in the run that a check's report shows, as [`println!`](crate::print::println).
#[macro_export]
macro_rules! raddle_eprint {
    ($($text:tt)*) => { if $crate::is_last_run() { ::std::eprint!($($text)*) } };
}

/// [`std::dbg!`] in the run that a check's report shows, as [`println!`](crate::print::println). Its arguments are evaluated in every
/// run, and given back.
///
/// ```
/// use raddle::print::dbg;
///
/// raddle::check(|| {
///     let half = dbg!(4 / 2);
///     assert_eq!(dbg!(half, half + 1), (2, 3));
/// });
/// ```
#[macro_export]
macro_rules! raddle_dbg {
    () => { if $crate::is_last_run() { ::std::dbg!() } };
    ($value:expr $(,)?) => { if $crate::is_last_run() { ::std::dbg!($value) } else { $value } };
    ($($value:expr),+ $(,)?) => { ($($crate::print::dbg!($value)),+,) };
}
