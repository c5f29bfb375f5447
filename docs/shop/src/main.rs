//! raddle's command line, over the shop's catalogue.

fn main() -> std::process::ExitCode {
    raddle::suite::main(&shop::CATALOGUE)
}
