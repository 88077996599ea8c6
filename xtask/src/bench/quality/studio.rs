//! Where speech, recordings and the scorer are.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::heard::Heard;
use super::pair::Call;
use crate::Failure;
use crate::run::root;
use crate::test;

/// A folder that vanishes with it.
pub struct Studio {
    /// Of the speech and the recordings.
    pub folder: PathBuf,
    python: PathBuf,
}

impl Studio {
    /// Writes the speech; an error says what is not here.
    pub fn open(install: bool) -> Result<Studio, Failure> {
        let python = test::scorer(install)?;
        let folder = std::env::temp_dir().join(format!("tuiphone-quality-{}", std::process::id()));
        fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let studio = Studio { folder, python };
        studio.run(&["make".into(), studio.folder.clone().into()])?;
        Ok(studio)
    }

    /// What was heard in calls, by the names of their first sides; nothing of one with a reading that was not heard.
    /// Their recordings are gone then.
    pub fn score(&self, calls: &[Call]) -> Result<HashMap<String, Heard>, Failure> {
        let mut arguments = vec!["score".into(), self.folder.clone().into()];
        arguments.extend(calls.iter().flat_map(|call| [call.file(0).into(), call.file(1).into()]));
        let printed = self.run(&arguments)?;
        let scores = printed.lines().filter_map(|line| {
            let (name, scores) = line.split_once(' ')?;
            let scores: Option<Vec<f64>> = scores.split(' ').map(|mos| mos.parse().ok()).collect();
            Some((name.to_owned(), scores?))
        });
        let scores: HashMap<String, Vec<f64>> = scores.collect();
        let heard = calls.iter().filter_map(|call| {
            let (mut first, mut later) = (Vec::new(), Vec::new());
            for side in [0, 1] {
                let (begin, rest) = scores.get(&call.file(side))?.split_first()?;
                first.push(*begin);
                later.extend_from_slice(rest);
            }
            Some((call.file(0), Heard { first: mean(&first), later: mean(&later) }))
        });
        let heard = heard.collect();
        for file in calls.iter().flat_map(|call| [call.file(0), call.file(1)]) {
            let _ = fs::remove_file(self.folder.join(file));
        }
        Ok(heard)
    }

    /// The script with these arguments; what it prints.
    fn run(&self, arguments: &[OsString]) -> Result<String, Failure> {
        let script = root().join("xtask/src/bench/quality.py");
        let output = Command::new(&self.python).arg(script).args(arguments).output().map_err(|e| e.to_string())?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(format!("the scorer failed: {}", String::from_utf8_lossy(&output.stderr)))
        }
    }
}

impl Drop for Studio {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn mean(scores: &[f64]) -> f64 {
    scores.iter().sum::<f64>() / scores.len().max(1) as f64
}
