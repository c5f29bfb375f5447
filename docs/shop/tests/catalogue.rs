//! A test for each pattern, variant and engine.

fn main() -> std::process::ExitCode {
    raddle::suite::test_main(&shop::CATALOGUE)
}
