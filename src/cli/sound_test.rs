//! `test-audio`: the level of the microphone while it is tested, then what was recorded.

use super::options::Options;
use super::out;
use crate::control::feed::Feed;
use crate::control::link::Link;
use crate::control::verb::Request;
use crate::control::{Command, CommandError, ExitCode, SoundTestResult};
use serde_json::{Map, Value};

/// Cells of the bar; a cell is 2 dB.
const CELLS: usize = 30;

/// Tests, and tells what is wrong with the devices; the answer's fields.
///
/// # Errors
/// The phone's refusal; there is no microphone.
pub async fn run(link: &Link, options: &Options) -> Result<Map<String, Value>, CommandError> {
    let request = Request::Command(Command::TestAudio);
    let answer = watched(link, options, link.fields(&request)).await;
    let warning = link.fields(&Request::Status { format: None }).await.ok().and_then(|status| {
        let warning = status.get("audio")?.get("warning")?;
        warning.as_str().map(str::to_owned)
    });
    let Some(message) = warning else { return answer };
    let fields = answer?;
    if result(&fields).is_some_and(|result| !result.heard) {
        let hint = "`tuiphone devices` lists those there are; --audio-in and --audio-out choose".to_owned();
        return Err(CommandError { code: ExitCode::NotFound, kind: "no_device", message, hint: Some(hint) });
    }
    out::talk(&format!("tuiphone: {message}"));
    Ok(fields)
}

/// What was recorded, of an answer's fields.
pub fn result(fields: &Map<String, Value>) -> Option<SoundTestResult> {
    serde_json::from_value(fields.get("sound_test")?.clone()).ok()
}

/// Shows the level on a terminal for as long as the answer takes.
async fn watched<T>(
    link: &Link,
    options: &Options,
    answer: impl Future<Output = Result<T, CommandError>>,
) -> Result<T, CommandError> {
    let shows = out::may_write_over() && !options.quiet && !options.json && !options.ndjson;
    let mut feed = match shows {
        true => Some(link.feed().await?),
        false => None,
    };
    tokio::pin!(answer);
    loop {
        let levels = async {
            match &mut feed {
                Some(feed) => feed.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            answer = &mut answer => {
                if shows {
                    out::over("");
                }
                return answer;
            }
            news = levels => match news {
                Some(Feed::Levels(levels)) => out::over(&line(levels.mic_dbfs)),
                Some(_) => {}
                None => feed = None,
            },
        }
    }
}

fn line(dbfs: f32) -> String {
    let full = ((dbfs + 2.0 * CELLS as f32) / 2.0).clamp(0.0, CELLS as f32) as usize;
    format!("speak after the tone  [{}{}] {dbfs:4.0} dBFS", "#".repeat(full), " ".repeat(CELLS - full))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_moves_with_the_level_and_keeps_its_width() {
        let width = line(-96.0).len();
        for (dbfs, cells) in [(-96.0, 0), (-60.0, 0), (-30.0, 15), (-2.0, 29), (0.0, 30), (6.0, 30)] {
            assert_eq!((line(dbfs).matches('#').count(), line(dbfs).len()), (cells, width), "{dbfs}");
        }
    }
}
