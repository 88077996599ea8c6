//! The keys of the rules that numbers are rewritten by.

use super::{Kind, Row, own_account};

macro_rules! rewrite_rows {
    ($($place:literal $key:literal)*) => {
        &[$(own_account(
            $key,
            Kind::Text,
            "",
            "EXPRESSION => REPLACEMENT with $1 for its groups: done to numbers, in order, before anything else",
            |a| a.rewrite_rules.text($place),
            |a, v| a.rewrite_rules.set($place, v),
        ),)*]
    };
}

/// Those of `[tuiphone]` and `[tuiphoneN]`, in file order.
pub(super) const ROWS: &[Row] = rewrite_rows! {
    1 "rewrite1" 2 "rewrite2" 3 "rewrite3" 4 "rewrite4" 5 "rewrite5" 6 "rewrite6" 7 "rewrite7" 8 "rewrite8" 9 "rewrite9"
};
