//! Why a telephone network released a call, for people.

/// ITU-T Q.850 (05/98) table 1, in the order of the causes.
pub static CAUSES: &[(u16, &str)] = &[
    (1, "no such number"),
    (2, "no way to the network called"),
    (3, "no way to that number"),
    (4, "no such number"),
    (5, "a wrong prefix was dialled"),
    (6, "the line cannot be used"),
    (8, "a more urgent call took the line"),
    (16, "hung up"),
    (17, "busy"),
    (18, "the phone called does not respond"),
    (19, "nobody answers"),
    (20, "the phone called is switched off or out of reach"),
    (21, "the call was declined"),
    (22, "the number has changed"),
    (23, "the call goes to another number"),
    (25, "the call went in circles"),
    (26, "answered elsewhere"),
    (27, "the line called is out of order"),
    (28, "the number is incomplete or wrong"),
    (29, "a feature asked for was refused"),
    (31, "ended without a reason"),
    (34, "all lines are in use"),
    (38, "the network is out of order"),
    (41, "the network has a passing fault"),
    (42, "the network is overloaded"),
    (43, "the network dropped part of the request"),
    (44, "the line asked for is not free"),
    (47, "the network has nothing left for this call"),
    (50, "the line has not subscribed to that"),
    (52, "outgoing calls are barred"),
    (53, "outgoing calls are barred in this group"),
    (54, "incoming calls are barred"),
    (55, "incoming calls are barred in this group"),
    (57, "this kind of call is not allowed on the line"),
    (58, "this kind of call is not to be had now"),
    (63, "the service is not to be had"),
    (65, "the network does not know this kind of call"),
    (69, "the network does not know that feature"),
    (79, "the network does not know that service"),
    (81, "the call is not known to the network"),
    (87, "you are not of the group called"),
    (88, "the phone called cannot take this call"),
    (95, "the network did not understand the request"),
    (96, "the request lacked something the network needs"),
    (97, "the network does not know this request"),
    (98, "the request came at the wrong moment"),
    (99, "the network does not know part of the request"),
    (100, "part of the request makes no sense"),
    (101, "the request came at the wrong moment"),
    (102, "a timer ran out, nothing more came"),
    (111, "a protocol error"),
    (127, "the network beyond gave no reason"),
];

/// A cause in plain words.
pub fn words(cause: u16) -> Option<&'static str> {
    CAUSES.iter().find(|(known, _)| *known == cause).map(|(_, words)| *words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_causes_are_in_order_and_known_once() {
        assert!(CAUSES.is_sorted_by(|a, b| a.0 < b.0));
        assert!(CAUSES.len() >= 30);
        // They stand behind a colon, between semicolons.
        assert!(CAUSES.iter().all(|(_, words)| !words.contains([':', ';'])));
        assert_eq!((words(17), words(999)), (Some("busy"), None));
    }
}
