//! std's macros that print, for programs under test: what they print comes once.

/// [`std::println!`] in the run that a check's report shows, and nothing in the others.
///
/// A failing program is run some hundred times until its interleaving is as short as it gets. With `use raddle::println;` what it
/// prints comes once, from the last of these runs; see [`is_last_run`](crate::is_last_run). The arguments are evaluated in that
/// run alone.
///
/// ```
/// use raddle::{println, thread};
///
/// raddle::check(|| {
///     thread::spawn(|| println!("spawned {}", 1)).join().unwrap();
/// });
/// ```
#[macro_export]
macro_rules! println {
    ($($text:tt)*) => { if $crate::is_last_run() { ::std::println!($($text)*) } };
}

/// [`std::print!`] in the run that a check's report shows, as [`println!`](crate::println).
#[macro_export]
macro_rules! print {
    ($($text:tt)*) => { if $crate::is_last_run() { ::std::print!($($text)*) } };
}

/// [`std::eprintln!`] in the run that a check's report shows, as [`println!`](crate::println).
#[macro_export]
macro_rules! eprintln {
    ($($text:tt)*) => { if $crate::is_last_run() { ::std::eprintln!($($text)*) } };
}

/// [`std::eprint!`] in the run that a check's report shows, as [`println!`](crate::println).
#[macro_export]
macro_rules! eprint {
    ($($text:tt)*) => { if $crate::is_last_run() { ::std::eprint!($($text)*) } };
}

/// [`std::dbg!`] in the run that a check's report shows, as [`println!`](crate::println). Its arguments are evaluated in every
/// run, and given back.
///
/// ```
/// use raddle::dbg;
///
/// raddle::check(|| {
///     let half = dbg!(4 / 2);
///     assert_eq!(dbg!(half, half + 1), (2, 3));
/// });
/// ```
#[macro_export]
macro_rules! dbg {
    () => { if $crate::is_last_run() { ::std::dbg!() } };
    ($value:expr $(,)?) => { if $crate::is_last_run() { ::std::dbg!($value) } else { $value } };
    ($($value:expr),+ $(,)?) => { ($($crate::dbg!($value)),+,) };
}
