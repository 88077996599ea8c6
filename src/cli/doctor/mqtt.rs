//! The broker of MQTT: whether it hears the phone that runs, and what may bite.

use super::Patient;
use super::finding::Finding;
use crate::config::{Broker, Mqtt};
use crate::control::ExitCode;
use crate::control::link::Link;
use crate::ua::snapshot::MqttInfo;
use std::net::IpAddr;

const NAME: &str = "mqtt";

/// The broker of the settings, as the phone that runs has it.
pub(super) async fn broker(patient: &Patient) -> Vec<Finding> {
    let Some(mqtt) = patient.settings().map(|settings| &settings.mqtt) else {
        return vec![Finding::skip(NAME, "ask about", "", "the settings cannot be read")];
    };
    let Some(broker) = &mqtt.broker else {
        return vec![Finding::skip(NAME, "ask about", "", "[tuiphone] mqtt names no broker")];
    };
    let info = match patient.runs() {
        true => Link::Socket(patient.socket().to_owned()).status().await.ok().and_then(|status| status.mqtt),
        false => None,
    };
    vec![judged(broker, mqtt, patient.runs(), info)]
}

fn judged(broker: &Broker, mqtt: &Mqtt, runs: bool, info: Option<MqttInfo>) -> Finding {
    let (tried, on) = ("ask about", broker.shown());
    match info {
        None if !cfg!(feature = "mqtt") => Finding::ok(NAME, tried, on, "this build of tuiphone has no MQTT")
            .fail(ExitCode::Config)
            .then("take a build with the feature mqtt"),
        None if !runs => Finding::skip(NAME, tried, on, "no phone runs, and only one that does tells a broker"),
        None => Finding::ok(NAME, tried, on, "the phone that runs tells no broker")
            .warn()
            .then("tuiphone reload; or tuiphone exit, and start it again"),
        Some(info) if !info.online => {
            let why = info.why.unwrap_or_else(|| "it has not answered yet".to_owned());
            let found = format!("{why}; {} events wait, {} went unheard", info.waiting, info.missed);
            let advice = "is the broker there, and are mqttPassword and the user right? tailing its log tells more";
            Finding::ok(NAME, tried, on, found).fail(ExitCode::Unreachable).then(advice)
        }
        Some(info) => {
            let found = format!("it listens; {} events went unheard", info.missed);
            let finding = Finding::ok(NAME, tried, on, found);
            let is_here = broker.host == "localhost" || broker.host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
            let is_open = !broker.secure && !is_here;
            match is_open && (mqtt.commands || !mqtt.password.is_empty()) {
                true => finding
                    .warn()
                    .because("over mqtt:// everybody on the way reads the password, and may give commands")
                    .then("mqtts://, where the broker has TLS"),
                false => finding,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::*;
    use crate::config::Secret;

    #[test]
    fn how_it_stands_with_the_broker() {
        let broker = |text: &str| Broker::parse(text).expect(text);
        let info = |online, why: Option<&str>| {
            Some(MqttInfo { online, why: why.map(str::to_owned), waiting: 3, missed: 1, ..MqttInfo::default() })
        };
        let open = Mqtt { password: Secret::new("hunter2"), ..Mqtt::default() };
        for (at, mqtt, info, verdict, words) in [
            ("mqtt://hub/p", Mqtt::default(), info(true, None), Verdict::Ok, "it listens"),
            ("mqtts://hub/p", open.clone(), info(true, None), Verdict::Ok, "it listens"),
            ("mqtt://[::1]/p", open.clone(), info(true, None), Verdict::Ok, "it listens"),
            ("mqtt://hub/p", open.clone(), info(true, None), Verdict::Warn, "everybody on the way reads"),
            ("mqtt://hub/p", open.clone(), info(false, Some("no route")), Verdict::Fail, "no route; 3 events wait"),
            ("mqtt://hub/p", open, info(false, None), Verdict::Fail, "it has not answered yet"),
        ] {
            let finding = judged(&broker(at), &mqtt, true, info);
            assert_eq!(finding.verdict, verdict, "{at}");
            assert!(finding.text().contains(words), "{}", finding.text());
            assert!(!finding.text().contains("hunter2"));
        }
        let without = judged(&broker("mqtt://hub/p"), &Mqtt::default(), false, None);
        let expected = if cfg!(feature = "mqtt") { Verdict::Skip } else { Verdict::Fail };
        assert_eq!(without.verdict, expected);
    }
}
