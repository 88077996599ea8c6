//! Phones of ours whose keys come by DTLS, with ICE and without: what is heard, and what each of them says.

use super::far_end::phone;
use super::support::*;
use serde_json::{Value, json};
use std::process::Stdio;
use tuiphone::audio::wav;
use tuiphone::media::tone::goertzel_dbfs;

const TONE: f32 = 700.0;

/// A call by address between two phones with these lines in their files: we say a tone, the called sends back what it
/// hears. What each of them said of the sound, and the last second of what came back.
fn call(more: &str) -> ([Value; 2], Vec<f32>) {
    let (here, there) = (House::open(), House::open());
    let (daemon, address) = phone(&there, more);
    let mut wire = daemon.connect();
    wire.send(b"watch");
    std::fs::write(here.ini(), format!("[tuiphone]\r\nbindAddress=127.0.0.1\r\n{more}")).expect("written");
    let heard = here.folder.path().join("heard.wav");
    let output = format!("file:{}", heard.display());
    let mut command = bare(here.folder.path(), &["--audio-in", "tone:700", "--audio-out", &output]);
    command.arg("--ini").arg(here.ini()).args(["call", &format!("sip:bob@{address}")]);
    command.args(["--standalone", "--account", "0", "--duration", "3", "--json"]);
    let done = finish_in(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts"));
    assert_eq!(done.code, 0, "{done:?}");
    let ended = wire.await_event("call_ended");
    let (samples, rate) = wav::read(&heard).expect("a valid file");
    assert_eq!(rate, 48_000);
    let last = samples.len().saturating_sub(60_000);
    ([done.json()["call"]["media"].clone(), ended["call"]["media"].clone()], samples[last..].to_vec())
}

/// What both say of the keys and of the way.
fn hear_each_other(more: &str, way: &Value) {
    let (said, heard) = call(more);
    for media in &said {
        assert_eq!(media["srtp"], "AEAD_AES_256_GCM, keys by DTLS", "{media}");
        assert_eq!(&media["ice"], way, "{media}");
        // Who hangs up closes them; the far end may hear that before its BYE.
        assert!(media["dtls"] == "done" || media["dtls"] == "closed", "{media}");
        assert!(media["rx_packets"].as_u64() > Some(100), "{media}");
        assert_eq!(media["dropped"], json!({}), "{media}");
    }
    let level = goertzel_dbfs(&heard[..36_000], TONE, 48_000);
    assert!(level > -20.0, "{level} dBFS");
}

#[test]
fn keys_come_where_the_descriptions_say() {
    hear_each_other("[Account0]\r\nSRTP=dtls\r\n", &Value::Null);
}

#[test]
fn keys_come_on_the_way_that_was_found() {
    let found = json!({"state": "connected", "local": "host", "remote": "host"});
    hear_each_other("[Account0]\r\nSRTP=dtls\r\nICE=1\r\n", &found);
}
