//! The words of `import`.

use crate::cli::options::Job;
use crate::import::Source;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use std::path::PathBuf;

/// What is to be brought over.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportJob {
    /// A file or folder; `None` = wherever softphones have theirs.
    pub path: Option<PathBuf>,
    /// Whose files alone.
    pub from: Option<Source>,
    /// Only say what would be done.
    pub dry_run: bool,
    /// Do it without asking.
    pub yes: bool,
}

/// The command as the parser has it.
pub fn command() -> Command {
    let flag = |name, doc| Arg::new(name).long(name).action(ArgAction::SetTrue).help(doc);
    Command::new("import")
        .about(
            "Bring over accounts, settings, contacts and calls of MicroSIP (in Wine too), baresip, Twinkle, Linphone",
        )
        .arg(
            Arg::new("path")
                .value_name("FILE|FOLDER")
                .value_parser(value_parser!(PathBuf))
                .help("One file, a folder or a Wine prefix; without it the usual places"),
        )
        .arg(
            Arg::new("from")
                .long("from")
                .value_name("SOFTPHONE")
                .value_parser(Source::ALL.map(Source::word))
                .help("Only files of that softphone"),
        )
        .arg(flag("dry-run", "Only say what would be done").conflicts_with("yes"))
        .arg(flag("yes", "Do it without asking").short('y'))
}

/// What its words ask for.
pub fn job(matches: &ArgMatches) -> Job {
    Job::Import(ImportJob {
        path: matches.get_one::<PathBuf>("path").cloned(),
        from: matches.get_one::<String>("from").and_then(|word| Source::of_word(word)),
        dry_run: matches.get_flag("dry-run"),
        yes: matches.get_flag("yes"),
    })
}
