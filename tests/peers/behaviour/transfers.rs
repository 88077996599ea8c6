//! Calls that are handed over, by each of the three parties.

use std::time::Duration;

use super::Called;
use crate::sipp::FarEnd;
use crate::support::{beside_others, until};

//= RFC 3515 §2.4, RFC 5589 §6
#[test]
fn a_blind_transfer_hands_the_call_over() {
    let _machine = beside_others();
    let Some(called) = Called::start("autoAnswer=all", &[]) else { return };
    let flow = "
        > INVITE | sdp
        <? 100
        <? 180
        < 200
        > ACK
        < INVITE | body a=sendonly
        > 200 OK | sdp recvonly
        < ACK
        < REFER | Refer-To: sip:601@ | Referred-By: sip:101@
        > 202 Accepted
        > NOTIFY | Event: refer | Subscription-State: active;expires=60 | body message/sipfrag SIP/2.0 100 Trying\\n
        < 200
        > NOTIFY | Event: refer | Subscription-State: terminated;reason=noresource | body message/sipfrag SIP/2.0 200 OK\\n
        < 200
        < BYE
        > 200 OK";
    let far = FarEnd::begins(flow, "101", &called.proxy.server());
    until("the call", Duration::from_secs(10), || called.state() == "connected");
    let outcome = called.phone.run(&["transfer", "601"], Duration::from_secs(20));
    outcome.ends(0);
    far.finished();
}
