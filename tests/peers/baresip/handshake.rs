//! Calls with baresip whose keys were to come by DTLS: its certificate is RSA's, and ours are of elliptic curves alone.

use std::time::Duration;

use super::Baresip;
use crate::kamailio::Kamailio;
use crate::support::{PATIENCE, beside_others, have, until};
use crate::wire::{self, Wire};

/// Nothing goes without keys: not in clear, and not by others than were asked for. The call says why it ends, and what helps.
//= RFC 5763 §5
#[test]
fn a_certificate_of_rsa_brings_no_keys() {
    if !have(&["kamailio", "baresip"]) {
        return;
    }
    let _machine = beside_others();
    for srtp in ["dtls", "dtls-sdes"] {
        let proxy = Kamailio::start("MD5", &[]);
        let _baresip = Baresip::encrypting("dtls_srtp", "102", &proxy, "udp", "PCMU/8000/1", true);
        until("baresip registered", PATIENCE, || proxy.said().contains("saved 102"));
        let wire = Wire::tapped();
        let phone = proxy.phone_with("101", "audioCodecs=PCMU/8000/1").encrypting(srtp);
        let arguments = ["call", "102", "--duration", "30", "--audio-in", "tone:440", "--audio-out", "null"];
        let outcome = phone.run(&arguments, Duration::from_secs(40));
        outcome.ends(24);
        assert_eq!(outcome.protection(), None, "{}", outcome.told);
        let said = outcome.told.contains("no keys for its sound");
        assert!(said && outcome.told.contains("SRTP=mandatory"), "{srtp}\n{}", outcome.told);
        if let Some(traffic) = wire.map(Wire::read) {
            let ports = wire::ports(&outcome.told);
            assert_eq!(ports.iter().map(|port| traffic.sound_from(*port)).collect::<Vec<_>>(), [0, 0], "{srtp}");
        }
    }
}
