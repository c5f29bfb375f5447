//! The `raddle` command over this catalogue.

fn main() -> std::process::ExitCode {
    raddle::suite::main(&payments_gate::CATALOGUE)
}
