//! The `raddle` command over this catalogue.

fn main() -> std::process::ExitCode {
    raddle::suite::main(&raddle_scenarios::CATALOGUE)
}
