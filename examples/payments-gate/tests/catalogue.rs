//! Every pattern × variant × engine, each a test of its own: `cargo test --test catalogue payments/outbox`.

fn main() -> std::process::ExitCode {
    raddle::suite::test_main(&payments_gate::CATALOGUE)
}
