//! The keys of what lies between the phone and other programs: what they may dial.

use super::{Kind, Row, tuiphone};

/// Those of `[tuiphone]`, in file order.
pub(super) const ROWS: &[Row] = &[
    tuiphone(
        "allowDial",
        Kind::List,
        "",
        "numbers that links and callers over HTTP may dial whatever denyDial says, codes with * or # too: x = a digit, a \
         dot at the end = whatever follows",
        |s| s.dial_rules.allow_text(),
        |s, v| s.dial_rules.set_allow(v),
    ),
    tuiphone(
        "denyDial",
        Kind::List,
        "premium",
        "numbers that links and callers over HTTP may not dial; premium = the usual ones, . = all that allowDial has not",
        |s| s.dial_rules.deny_text(),
        |s, v| s.dial_rules.set_deny(v),
    ),
];
