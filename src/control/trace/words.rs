//! A message of a trace in words: in one line, in full.

use crate::control::Traced;

/// A message as `--debug` writes it, and the call it belongs to.
pub fn full(message: &Traced) -> String {
    let Traced { time, way, transport, remote, bytes, text, .. } = message;
    format!("{time} {} {transport} {remote} {bytes}{}\n{text}", way.arrow(), of_call(message))
}

/// `12:00:00.123 -> udp 192.0.2.1:5060 INVITE sip:600@demo (SDP) c1`.
pub fn short(message: &Traced) -> String {
    let Traced { way, transport, remote, .. } = message;
    let time = clock(&message.time);
    format!("{time} {} {transport} {remote} {}{}", way.arrow(), words(message), of_call(message))
}

/// The call it belongs to, a blank before it; empty if it is of none.
pub fn of_call(message: &Traced) -> String {
    message.call.as_ref().map(|call| format!(" {call}")).unwrap_or_default()
}

/// `12:00:00.123` of a time.
pub fn clock(time: &str) -> &str {
    time.split_once('T').and_then(|(_, clock)| clock.get(..12)).unwrap_or(time)
}

/// `INVITE sip:600@demo (SDP)`, `180 Ringing (INVITE)`.
pub fn words(message: &Traced) -> String {
    let start = message.start.trim_end_matches(" SIP/2.0").trim_start_matches("SIP/2.0 ");
    let method = message.status.map(|_| message.method.clone());
    with(start, method.into_iter().chain(body(message)))
}

/// `INVITE (SDP)`, `180 Ringing`, `200 OK (REGISTER)`: what stands on an arrow where room is short. The method of an
/// answer to an INVITE goes without saying.
pub fn brief(message: &Traced) -> String {
    let start = message.start.trim_start_matches("SIP/2.0 ");
    match message.status {
        Some(_) => {
            let method = Some(message.method.clone()).filter(|method| method != "INVITE");
            with(start, method.into_iter().chain(body(message)))
        }
        None => with(&message.method, body(message).into_iter()),
    }
}

/// The values of the headers of these names, in the order they stand.
pub fn headers<'a>(message: &'a Traced, names: &'a [&str]) -> impl Iterator<Item = &'a str> {
    let head = message.text.lines().skip(1).take_while(|line| !line.is_empty());
    head.filter_map(move |line| {
        let (name, value) = line.split_once(':')?;
        names.iter().any(|known| known.eq_ignore_ascii_case(name.trim())).then_some(value.trim())
    })
}

/// Its body; empty if it has none.
pub fn body_of(message: &Traced) -> &str {
    message.text.split_once("\n\n").map_or("", |(_, body)| body)
}

fn with(start: &str, more: impl Iterator<Item = String>) -> String {
    let more: Vec<String> = more.collect();
    if more.is_empty() { start.to_owned() } else { format!("{start} ({})", more.join(", ")) }
}

/// What its body is, in a word.
fn body(message: &Traced) -> Option<String> {
    let kind = message.content.as_deref()?.split(';').next().unwrap_or_default().trim();
    let name = kind.rsplit_once('/').map_or(kind, |(_, name)| name);
    Some(if name == "sdp" { "SDP".to_owned() } else { name.to_owned() })
}

#[cfg(test)]
pub(in crate::control) mod tests {
    use super::*;
    use crate::control::Way;

    /// A message at this second between the phone and this port.
    pub(in crate::control) fn message(second: u8, way: Way, port: u16, start: &str, content: Option<&str>) -> Traced {
        let status = start.strip_prefix("SIP/2.0 ").and_then(|rest| rest.get(..3)?.parse().ok());
        Traced {
            n: u64::from(second),
            time: format!("2026-01-01T12:00:{second:02}.250000Z"),
            way,
            transport: "udp".into(),
            local: ([192, 0, 2, 1], 5060).into(),
            remote: ([192, 0, 2, 2], port).into(),
            bytes: 400,
            call: (port == 5060).then(|| "c1".into()),
            sip_call_id: Some("x@y".into()),
            method: if status.is_some() { "INVITE" } else { start.split(' ').next().unwrap_or_default() }.into(),
            status,
            start: start.into(),
            content: content.map(str::to_owned),
            text: format!("{start}\n\n"),
            data: None,
        }
    }

    #[test]
    fn a_message_in_one_line() {
        for (message, line) in [
            (
                message(1, Way::Sent, 5060, "INVITE sip:600@demo SIP/2.0", Some("application/sdp")),
                "12:00:01.250 -> udp 192.0.2.2:5060 INVITE sip:600@demo (SDP) c1",
            ),
            (
                message(2, Way::Received, 5060, "SIP/2.0 180 Ringing", None),
                "12:00:02.250 <- udp 192.0.2.2:5060 180 Ringing (INVITE) c1",
            ),
            (
                message(3, Way::Received, 5080, "SIP/2.0 200 OK", Some("Application/SDP; x=y")),
                "12:00:03.250 <- udp 192.0.2.2:5080 200 OK (INVITE, SDP)",
            ),
            (
                message(4, Way::Sent, 5080, "MESSAGE sip:a@b SIP/2.0", Some("text/plain")),
                "12:00:04.250 -> udp 192.0.2.2:5080 MESSAGE sip:a@b (plain)",
            ),
        ] {
            assert_eq!(short(&message), line.replace("SDP; x=y", "SDP"));
        }
        let whole = full(&message(1, Way::Sent, 5060, "BYE sip:a SIP/2.0", None));
        assert_eq!(whole, "2026-01-01T12:00:01.250000Z -> udp 192.0.2.2:5060 400 c1\nBYE sip:a SIP/2.0\n\n");
    }
}
