//! Recordings, files that are played, music on hold: what the sound is told, what people are.

use super::*;
use crate::media::command::{Clip, RecordFile, RecordFormat, Recording, StreamId};
use crate::ua::agent::IncomingPolicy;
use crate::ua::command::{CommandError, RecordAct, Reply, RequestId};
use crate::ua::snapshot::{PlayingState, RecordingState};

const STREAM: StreamId = StreamId(1);

/// A phone in a call it placed.
fn in_call(change: impl FnOnce(&mut AgentConfig)) -> World {
    let mut world = World::new();
    let mut alice = local("alice");
    change(&mut alice);
    world.add(alice, 5070);
    let mut other = local("other");
    other.settings.accept_from_any = true;
    other.incoming = IncomingPolicy::Answer { after: Duration::from_millis(100) };
    world.add(other, 5071);
    world.dial(0, "sip:..%2f%00b%c3%b6b@127.0.0.1:5071");
    world.run(Duration::from_secs(1));
    world
}

fn record(act: RecordAct) -> Command {
    Command::Record { call: None, act }
}

fn start(file: Option<&str>) -> Command {
    record(RecordAct::Start { file: file.map(str::to_owned) })
}

/// The reply, if there is one yet.
fn ask(world: &mut World, command: Command) -> Option<Result<Reply, CommandError>> {
    let (before, now) = (world.phones[0].replies.len(), world.now);
    world.phones[0].agent.handle(Input::Command(RequestId(1), command), now);
    world.settle();
    world.phones[0].replies.get(before).cloned()
}

fn tell(world: &mut World, event: MediaEvent) {
    let now = world.now;
    world.phones[0].agent.handle(Input::Media(event), now);
    world.settle();
}

/// What the sound was told of files, oldest first.
fn orders(world: &World) -> Vec<MediaCommand> {
    let of_files = |command: &&MediaCommand| {
        use MediaCommand::{PauseRecord, Play, Record, StopPlaying, StopRecord};
        matches!(command, Record { .. } | PauseRecord { .. } | StopRecord { .. } | Play { .. } | StopPlaying { .. })
    };
    world.phones[0].media.iter().filter(of_files).cloned().collect()
}

fn state(world: &World) -> Option<RecordingState> {
    world.phones[0].agent.status(world.now).calls[0].recording.as_ref().map(|recording| recording.state)
}

fn errors<'a>(world: &'a World) -> Vec<&'a str> {
    let message = |event: &'a Event| match event {
        Event::Error { message, .. } => Some(message.as_str()),
        _ => None,
    };
    world.phones[0].events.iter().filter_map(message).collect()
}

fn opened(world: &mut World, file: &str) {
    tell(world, MediaEvent::Recording { stream: STREAM, file: file.into() });
}

#[test]
fn every_call_is_recorded_from_the_answer_on_where_the_settings_say_so() {
    for (auto, wav, stereo) in [(false, false, false), (true, false, true), (true, true, false)] {
        let world = in_call(|config| {
            let settings = &mut config.settings;
            (settings.auto_recording, settings.record_wav, settings.record_stereo) = (auto, wav, stereo);
        });
        let format = if wav { RecordFormat::Wav } else { RecordFormat::Ogg };
        let file = RecordFile::Dated(".._böb-outgoing-alice".to_owned());
        let what = Recording { file, format, stereo };
        let expected = auto.then_some(MediaCommand::Record { stream: STREAM, what });
        assert_eq!(orders(&world), Vec::from_iter(expected));
    }
}

#[test]
fn a_recording_pauses_with_the_call_and_by_hand_and_ends_with_it() {
    let mut world = in_call(|_| {});
    assert_eq!(ask(&mut world, start(None)), None);
    assert_eq!(state(&world), Some(RecordingState::Opening));
    let refused = ask(&mut world, start(None)).unwrap().unwrap_err();
    assert_eq!(refused.message, "call c1 is recorded already");
    opened(&mut world, "/r/one.ogg");
    match world.phones[0].replies.last() {
        Some(Ok(Reply::Call(call))) => assert_eq!(call.recording.as_ref().unwrap().file, "/r/one.ogg"),
        other => panic!("{other:?}"),
    }
    assert_eq!(state(&world), Some(RecordingState::Recording));
    world.command(0, Command::Hold { call: None }).unwrap();
    assert_eq!(state(&world), Some(RecordingState::Paused));
    world.command(0, Command::Resume { call: None }).unwrap();
    assert_eq!(state(&world), Some(RecordingState::Recording));
    world.command(0, record(RecordAct::Pause)).unwrap();
    assert_eq!((state(&world), orders(&world).len()), (Some(RecordingState::Paused), 2));
    world.command(0, record(RecordAct::Resume)).unwrap();
    world.command(0, Command::Hangup { which: crate::ua::command::HangupWhich::Current }).unwrap();
    world.run(Duration::from_secs(1));
    let recording = world.ended(0).recording.unwrap();
    assert_eq!((recording.state, recording.file.as_str()), (RecordingState::Ended, "/r/one.ogg"));
}

#[test]
fn a_full_disk_is_told_once_and_the_call_goes_on() {
    let mut world = in_call(|_| {});
    assert_eq!(ask(&mut world, start(Some("/full/a.wav"))), None);
    opened(&mut world, "/full/a.wav");
    let error = Some("cannot record into /full/a.wav: no space left on device".to_owned());
    tell(&mut world, MediaEvent::RecordEnded { stream: STREAM, file: "/full/a.wav".into(), lost_ms: 0, error });
    assert_eq!(errors(&world), ["call c1: cannot record into /full/a.wav: no space left on device"]);
    assert_eq!(state(&world), Some(RecordingState::Failed));
    assert_eq!(super::rules::state(&world), [crate::ua::snapshot::CallState::Connected]);
    assert_eq!(world.names(0).iter().filter(|name| *name == "call_recording").count(), 2);
    // It can be tried again, and a slow disk is counted; what cannot even be opened is the reply.
    assert_eq!(ask(&mut world, start(Some("/full/c.wav"))), None);
    opened(&mut world, "/full/c.wav");
    world.command(0, record(RecordAct::Stop)).unwrap();
    tell(&mut world, MediaEvent::RecordEnded { stream: STREAM, file: "/full/c.wav".into(), lost_ms: 30, error: None });
    assert_eq!(errors(&world)[1], "call c1: 30 ms are silent in /full/c.wav: the disk was too slow");
    assert_eq!(world.phones[0].agent.status(world.now).calls[0].recording.as_ref().map(|it| it.lost_ms), Some(30));
    assert_eq!(ask(&mut world, start(None)), None);
    let error = Some("cannot record into /full/b.ogg: no space left on device".to_owned());
    tell(&mut world, MediaEvent::RecordEnded { stream: STREAM, file: String::new(), lost_ms: 0, error });
    let said = world.phones[0].replies.last().unwrap().clone().unwrap_err();
    assert_eq!((said.kind, said.message.as_str()), ("file", "cannot record into /full/b.ogg: no space left on device"));
}

#[test]
fn a_file_is_named_by_what_it_is() {
    let mut world = in_call(|_| {});
    for (file, kind) in [("/a.mp3", Err("bad_file")), ("/a", Err("bad_file")), ("/a.OGG", Ok(RecordFormat::Ogg))] {
        let done = ask(&mut world, start(Some(file))).map_or(Ok(()), |done| done.map(drop).map_err(|error| error.kind));
        let format = orders(&world).into_iter().find_map(|command| match command {
            MediaCommand::Record { what, .. } => Some(what.format),
            _ => None,
        });
        assert_eq!(done.map(|_| format.unwrap()), kind, "{file}");
    }
}

#[test]
fn a_played_file_is_followed_to_its_end() {
    let mut world = in_call(|_| {});
    let play = || Command::Play { call: None, file: "/a.wav".into(), alone: true };
    let playing = |world: &World| world.phones[0].agent.status(world.now).calls[0].playing.clone().map(|p| p.state);
    assert_eq!(ask(&mut world, play()), None);
    assert_eq!(playing(&world), Some(PlayingState::Playing));
    tell(&mut world, MediaEvent::Playing { stream: STREAM });
    assert!(matches!(world.phones[0].replies.last(), Some(Ok(Reply::Call(_)))));
    tell(&mut world, MediaEvent::Played { stream: STREAM, on_hold: false, error: None });
    assert_eq!(playing(&world), Some(PlayingState::Ended));
    assert_eq!(
        world.command(0, Command::StopPlaying { call: None }).map_err(|error| error.kind),
        Err("no_call"),
        "it is over"
    );
    assert_eq!(ask(&mut world, play()), None);
    world.command(0, Command::StopPlaying { call: None }).unwrap();
    tell(&mut world, MediaEvent::Played { stream: STREAM, on_hold: false, error: None });
    assert_eq!(playing(&world), Some(PlayingState::Stopped));
    assert_eq!(ask(&mut world, play()), None);
    let error = Some("cannot play /a.wav: no such file or directory".to_owned());
    tell(&mut world, MediaEvent::Played { stream: STREAM, on_hold: false, error });
    assert_eq!((playing(&world), errors(&world).len()), (Some(PlayingState::Failed), 1));
    assert_eq!(world.phones[0].replies.last().unwrap().clone().map_err(|error| error.kind), Err("file"));
}

#[test]
fn what_is_not_named_is_done_to_the_talk_and_all_of_it() {
    let mut world = in_call(|_| {});
    world.dial(0, "sip:second@127.0.0.1:5071");
    world.run(Duration::from_secs(1));
    world.command(0, Command::Resume { call: Some("c1".into()) }).unwrap();
    world.run(Duration::from_secs(1));
    ask(&mut world, start(None));
    let play = || Command::Play { call: None, file: "/a.wav".into(), alone: false };
    ask(&mut world, play());
    let streams = |world: &World| -> Vec<u32> {
        let stream = |command: MediaCommand| match command {
            MediaCommand::Record { stream, .. }
            | MediaCommand::Play { stream, .. }
            | MediaCommand::StopPlaying { stream, .. } => stream.0,
            other => panic!("{other:?}"),
        };
        orders(world).into_iter().map(stream).collect()
    };
    assert_eq!(streams(&world), [1, 1], "not the one on hold, though it is the later");
    world.command(0, Command::Conference { calls: Vec::new() }).unwrap();
    world.run(Duration::from_secs(1));
    ask(&mut world, play());
    world.command(0, Command::StopPlaying { call: None }).unwrap();
    assert_eq!(streams(&world), [1, 1, 1, 2, 1, 2]);
}

#[test]
fn music_is_played_while_this_side_holds() {
    let mut world = in_call(|config| config.settings.hold_music = "/m.wav".into());
    assert!(orders(&world).is_empty());
    world.command(0, Command::Hold { call: None }).unwrap();
    world.run(Duration::from_secs(1));
    let clip = Clip { file: "/m.wav".into(), repeats: true, alone: true, on_hold: true };
    assert_eq!(orders(&world), [MediaCommand::Play { stream: STREAM, clip }]);
    world.command(0, Command::Resume { call: None }).unwrap();
    world.run(Duration::from_secs(1));
    assert_eq!(orders(&world)[1..], [MediaCommand::StopPlaying { stream: STREAM, on_hold: true }]);
    // The far end's hold is the far end's music.
    world.command(1, Command::Hold { call: None }).unwrap();
    world.run(Duration::from_secs(1));
    assert_eq!(orders(&world).len(), 2);
}
