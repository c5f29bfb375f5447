//! Every pattern × variant × engine, each a test of its own: `cargo test --test catalogue locks/mutex`.

fn main() -> std::process::ExitCode {
    raddle::suite::test_main(&raddle_scenarios::CATALOGUE)
}
