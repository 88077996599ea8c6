//! Calls that are handed over, by each of the three parties.

use super::{Called, talking};

//= RFC 3515 §2.4, RFC 5589 §6
#[test]
fn a_blind_transfer_hands_the_call_over() {
    let Some(called) = Called::start("autoAnswer=all", &[]) else { return };
    let far = called.rings(&talking(
        "< INVITE | body a=sendonly
        > 200 OK | sdp recvonly
        < ACK
        < REFER | Refer-To: sip:601@ | Referred-By: sip:101@
        > 202 Accepted
        > NOTIFY | Event: refer | Subscription-State: active;expires=60 | body message/sipfrag SIP/2.0 100 Trying\\n
        < 200
        > NOTIFY | Event: refer | Subscription-State: terminated;reason=noresource | body message/sipfrag SIP/2.0 200 OK\\n
        < 200
        < BYE
        > 200 OK",
    ));
    called.phone.until_is("connected");
    called.phone.does(&["transfer", "601"]);
    far.finished();
}
