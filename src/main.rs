//! The program: see `tuiphone::cli`.

fn main() -> std::process::ExitCode {
    tuiphone::cli::run::run(std::env::args_os()).code().into()
}
