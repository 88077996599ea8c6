//! MicroSIP's dial plans: `[2-9]xx|<:9>xxxxxxx|<8:+7>x.`
//!
//! Rules stand between `|`, the first that matches the whole number wins. `x` is any one character, `[2-9]` one of a
//! class, `.` and `*` repeat what is before them, `+` repeats it at least once, `?` makes it optional, `<from:to>`
//! replaces. The first character of a rule is always itself, so that `*xx` and `+x.` mean star codes and numbers.

/// Rules longer than this, in characters, match nothing.
const MAX_PLAN: usize = 4096;

/// The number as the plan wants it dialled; `None` = no rule matches.
pub(super) fn apply(plan: &str, number: &str) -> Option<String> {
    if plan.chars().count() > MAX_PLAN {
        return None;
    }
    let number: Vec<char> = number.chars().collect();
    let plan = plan.trim_matches(|c: char| c == '(' || c == ')' || c.is_whitespace());
    plan.split('|').find_map(|rule| rewrite(&steps(rule.trim()), &number))
}

/// What a plan hardly means as it says it: signs that are no operators here, brackets that nothing closes.
pub(super) fn oddities(plan: &str) -> Vec<String> {
    const MOST: usize = 8;
    if plan.chars().count() > MAX_PLAN {
        return vec![format!("it is longer than {MAX_PLAN} characters: no number fits it")];
    }
    let plan = plan.trim_matches(|c: char| c == '(' || c == ')' || c.is_whitespace());
    plan.split('|').filter_map(|rule| oddity(rule.trim())).take(MOST).collect()
}

/// The first odd thing of a rule.
fn oddity(rule: &str) -> Option<String> {
    let mut rest = rule.chars();
    let (mut first, mut repeatable) = (true, false);
    while let Some(c) = rest.next() {
        let closing = match c {
            '<' => Some('>'),
            '[' => Some(']'),
            _ => None,
        };
        if let Some(end) = closing {
            if !rest.as_str().contains(end) {
                return Some(format!("in the rule {rule} nothing closes the {c}"));
            }
            let inside = take_until(&mut rest, end);
            repeatable = c == '[' || !inside.is_empty() && !inside.starts_with(':');
        } else {
            let is_sign = matches!(c, '.' | '*' | '+' | '?');
            let is_literal = match c {
                // Star codes and numbers with a country begin so.
                '*' | '+' if first => false,
                '{' | '}' | '(' | ')' | '\\' | '!' | '^' | '$' => true,
                _ => is_sign && !repeatable,
            };
            if is_literal {
                return Some(format!(
                    "in the rule {rule} the {c} is an ordinary character, no sign of a repetition or choice"
                ));
            }
            repeatable = first || !is_sign;
        }
        first = false;
    }
    None
}

#[derive(Debug, Clone, PartialEq)]
struct Step {
    what: What,
    repeat: Repeat,
    /// Inside `<from:`: what it matches is not dialled.
    silent: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum What {
    Any,
    Literal(char),
    Class(Vec<(char, char)>),
    Emit(String),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Repeat {
    Once,
    Optional,
    Any,
}

impl Step {
    fn takes(&self, c: char) -> bool {
        match &self.what {
            What::Any => true,
            What::Literal(own) => *own == c,
            What::Class(ranges) => ranges.iter().any(|&(low, high)| (low..=high).contains(&c)),
            What::Emit(_) => false,
        }
    }
}

/// A rule as a flat list of steps.
fn steps(rule: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut rest = rule.chars();
    let mut first = true;
    while let Some(c) = rest.next() {
        let repeatable =
            steps.last().is_some_and(|step| step.repeat == Repeat::Once && !matches!(step.what, What::Emit(_)));
        match c {
            '<' => substitution(take_until(&mut rest, '>'), &mut steps),
            '.' | '*' | '+' | '?' if repeatable && !first => repeat(&mut steps, c),
            _ => steps.push(single(c, &mut rest)),
        }
        first = false;
    }
    steps
}

fn single(c: char, rest: &mut std::str::Chars<'_>) -> Step {
    let what = match c {
        'x' | 'X' => What::Any,
        '[' => What::Class(class(take_until(rest, ']'))),
        other => What::Literal(other),
    };
    Step { what, repeat: Repeat::Once, silent: false }
}

fn repeat(steps: &mut Vec<Step>, sign: char) {
    let Some(last) = steps.last_mut() else { return };
    if sign == '+' {
        let again = Step { repeat: Repeat::Any, ..last.clone() };
        steps.push(again);
    } else {
        last.repeat = if sign == '?' { Repeat::Optional } else { Repeat::Any };
    }
}

/// `<from:to>`: `to` is dialled, then `from` is matched in silence. `<text>` is text.
fn substitution(inside: &str, steps: &mut Vec<Step>) {
    let Some((from, to)) = inside.split_once(':') else {
        let literal = |c| Step { what: What::Literal(c), repeat: Repeat::Once, silent: false };
        return steps.extend(inside.chars().map(literal));
    };
    steps.push(Step { what: What::Emit(to.to_owned()), repeat: Repeat::Once, silent: false });
    let mut rest = from.chars();
    while let Some(c) = rest.next() {
        steps.push(Step { silent: true, ..single(c, &mut rest) });
    }
}

fn class(inside: &str) -> Vec<(char, char)> {
    let mut ranges = Vec::new();
    let mut rest = inside.chars().peekable();
    while let Some(low) = rest.next() {
        let mut ahead = rest.clone();
        match (ahead.next(), ahead.next()) {
            (Some('-'), Some(high)) => {
                ranges.push((low, high));
                rest = ahead;
            }
            _ => ranges.push((low, low)),
        }
    }
    ranges
}

/// The text before `end`, which is passed over; everything if there is no `end`.
fn take_until<'a>(rest: &mut std::str::Chars<'a>, end: char) -> &'a str {
    let text = rest.as_str();
    let (inside, after) = text.split_once(end).unwrap_or((text, ""));
    *rest = after.chars();
    inside
}

/// The number rewritten by one rule. `fits` has a row per step and a column per character: whether the steps from there
/// match the characters from there. Built from the end, it needs no backtracking, whatever the rule.
fn rewrite(steps: &[Step], number: &[char]) -> Option<String> {
    let width = number.len() + 1;
    let last: Vec<bool> = (0..width).map(|column| column == number.len()).collect();
    let mut fits = vec![last];
    for step in steps.iter().rev() {
        let below = fits.last()?;
        let mut row = vec![false; width];
        for column in (0..width).rev() {
            let at = |row: &[bool], column: usize| row.get(column).copied().unwrap_or(false);
            let takes = number.get(column).is_some_and(|&c| step.takes(c));
            let fit = match (&step.what, step.repeat) {
                (What::Emit(_), _) => at(below, column),
                (_, Repeat::Once) => takes && at(below, column + 1),
                (_, Repeat::Optional) => at(below, column) || takes && at(below, column + 1),
                (_, Repeat::Any) => at(below, column) || takes && at(&row, column + 1),
            };
            if let Some(cell) = row.get_mut(column) {
                *cell = fit;
            }
        }
        fits.push(row);
    }
    fits.reverse();
    if !*fits.first()?.first()? {
        return None;
    }
    let mut out = String::new();
    let mut column = 0;
    let fit = |row: usize, column: usize| fits.get(row).and_then(|row| row.get(column)).copied().unwrap_or(false);
    for (index, step) in steps.iter().enumerate() {
        if let What::Emit(text) = &step.what {
            out += text;
            continue;
        }
        // As much as can be taken, as long as the rest still fits.
        while let Some(&c) = number.get(column).filter(|&&c| step.takes(c)) {
            let row = if step.repeat == Repeat::Any { index } else { index + 1 };
            if !fit(row, column + 1) {
                break;
            }
            column += 1;
            if !step.silent {
                out.push(c);
            }
            if step.repeat != Repeat::Any {
                break;
            }
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plans_match_rewrite_and_refuse() {
        let short = "[2-9]xx|*xx|+x.";
        for (plan, number, expected) in [
            ("<:9>xxxxxxx", "5551234", Some("95551234")),
            ("<:9>xxxxxxx", "55512345", None),
            ("<8:+7>xxxxxxxxxx", "89161234567", Some("+79161234567")),
            (short, "234", Some("234")),
            (short, "*72", Some("*72")),
            (short, "+4912", Some("+4912")),
            (short, "134", None),
            ("x.<#:>", "123#", Some("123")),
            ("xxxx", "bobb", Some("bobb")),
            ("( 1xx | 2xx )", "201", Some("201")),
            ("<0>x.", "0123", Some("0123")),
            ("[*#0-9].", "*98#", Some("*98#")),
            ("[*#0-9].", "a", None),
            ("1*2", "1112", Some("1112")),
            ("x+", "", None),
            ("00?x", "01", Some("01")),
            ("<[0-1]x:>xx", "1234", Some("34")),
            ("x.x.x.", "12", Some("12")),
            ("", "1", None),
            ("[", "1", None),
            ("<", "1", None),
        ] {
            assert_eq!(apply(plan, number).as_deref(), expected, "{plan} on {number}");
        }
    }

    #[test]
    fn odd_rules_are_told_and_plain_ones_are_not() {
        for plan in
            ["[2-9]xx|*xx|+x.", "<:9>xxxxxxx", "<8:+7>x.", "x.<#:>", "( 1xx | 2xx )", "00?x", "[*#0-9].", "**x", ""]
        {
            assert_eq!(oddities(plan), Vec::<String>::new(), "{plan}");
        }
        for (plan, part) in [
            ("x{7}", "the { is"),
            ("1xx|1(23)x", "the ( is"),
            ("\\+7x.", "the \\ is"),
            ("^x.", "the ^ is"),
            ("x.+", "the + is"),
            (".x", "the . is"),
            ("<:9>.", "the . is"),
            ("[0-9", "nothing closes the ["),
            ("<8:7", "nothing closes the <"),
            (&"x".repeat(MAX_PLAN + 1), "no number fits"),
        ] {
            let odd = oddities(plan);
            assert!(odd.len() == 1 && odd[0].contains(part), "{plan}: {odd:?}");
        }
        assert_eq!(oddities(&"x{|".repeat(100)).len(), 8);
    }

    #[test]
    fn hard_plans_are_no_harder() {
        assert_eq!(apply(&"x.".repeat(500), &"1".repeat(250)).map(|number| number.len()), Some(250));
        assert_eq!(apply(&"x".repeat(MAX_PLAN + 1), "1"), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { rng_seed: proptest::test_runner::RngSeed::Fixed(87), failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_plan_ends(plan in "[x.*+?<>:|\\[\\]()0-9-]{0,40}", number in "[0-9*#+a]{0,20}") {
            apply(&plan, &number);
        }

        #[test]
        fn a_plan_without_substitution_dials_as_typed(number in "[0-9*#+a-f]{0,20}") {
            prop_assert_eq!(apply("x.", &number), Some(number));
        }
    }
}
