//! MicroSIP's dial plans: `[2-9]xx|<:9>xxxxxxx|<8:+7>x.`
//!
//! Rules stand between `|`, the first that matches the whole number wins. `x` is any one character, `[2-9]` one of a
//! class, `.` and `*` repeat what is before them, `+` repeats it at least once, `?` makes it optional, `<from:to>`
//! replaces. The first character of a rule is always itself, so that `*xx` and `+x.` mean star codes and numbers.

/// The rule that lets the number out, and the number as it wants it dialled; `None` = no rule matches.
pub(super) fn apply<'a>(plan: &'a str, number: &str) -> Option<(&'a str, String)> {
    let number: Vec<char> = number.chars().collect();
    let plan = plan.trim_matches(|c: char| c == '(' || c == ')' || c.is_whitespace());
    let mut rules = plan.split('|').map(str::trim);
    rules.find_map(|rule| Some((rule, rewrite(&steps(rule), &number)?)))
}

/// What a plan hardly means as it says it: signs that are no operators here, brackets that nothing closes.
pub(super) fn oddities(plan: &str) -> Vec<String> {
    const MOST: usize = 8;
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

    fn dialled(plan: &str, number: &str) -> Option<String> {
        apply(plan, number).map(|(_, number)| number)
    }

    /// What a rule makes of a number, tried out way by way: the most that each part can take is tried first.
    fn tried(rule: &str, number: &str) -> Option<String> {
        fn most(parts: &[Part], number: &[char]) -> Option<String> {
            let Some((part, rest)) = parts.split_first() else { return number.is_empty().then(String::new) };
            let fitting = number.iter().take(part.most).take_while(|&&c| (part.takes)(c)).count();
            (part.least..=fitting).rev().find_map(|taken| {
                let (own, after) = number.split_at(taken);
                let said: String = if part.is_silent { String::new() } else { own.iter().collect() };
                Some(part.says.clone() + &said + &most(rest, after)?)
            })
        }
        most(&parts(rule), &number.chars().collect::<Vec<_>>())
    }

    /// A part of a rule of the reference: what it takes and how often, what it says of its own.
    struct Part {
        takes: Box<dyn Fn(char) -> bool>,
        least: usize,
        most: usize,
        is_silent: bool,
        says: String,
    }

    /// Reads rules made of `x`, digits, `[a-b]`, `<from:to>` of digits, each but the last with `.`, `+`, `?` or nothing.
    fn parts(rule: &str) -> Vec<Part> {
        let part =
            |takes: Box<dyn Fn(char) -> bool>| Part { takes, least: 1, most: 1, is_silent: false, says: String::new() };
        let mut parts: Vec<Part> = Vec::new();
        let mut rest = rule;
        while let Some(c) = rest.chars().next() {
            rest = &rest[1..];
            match c {
                'x' => parts.push(part(Box::new(|_| true))),
                '[' => {
                    let (low, high) = (rest.as_bytes()[0] as char, rest.as_bytes()[2] as char);
                    rest = &rest[4..];
                    parts.push(part(Box::new(move |c| (low..=high).contains(&c))));
                }
                '<' => {
                    let (inside, after) = rest.split_once('>').unwrap();
                    let (from, to) = inside.split_once(':').unwrap();
                    rest = after;
                    let takes: Box<dyn Fn(char) -> bool> = Box::new(|_| false);
                    parts.push(Part { says: to.to_owned(), least: 0, most: 0, ..part(takes) });
                    for own in from.chars() {
                        parts.push(Part { is_silent: true, ..part(Box::new(move |c| c == own)) });
                    }
                }
                '.' | '+' | '?' => {
                    let last = parts.last_mut().unwrap();
                    (last.least, last.most) = match c {
                        '.' => (0, usize::MAX),
                        '+' => (1, usize::MAX),
                        _ => (0, 1),
                    };
                }
                own => parts.push(part(Box::new(move |c| c == own))),
            }
        }
        parts
    }

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
            assert_eq!(dialled(plan, number).as_deref(), expected, "{plan} on {number}");
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
        ] {
            let odd = oddities(plan);
            assert!(odd.len() == 1 && odd[0].contains(part), "{plan}: {odd:?}");
        }
        assert_eq!(oddities(&"x{|".repeat(100)).len(), 8);
    }

    #[test]
    fn hard_plans_are_no_harder() {
        assert_eq!(dialled(&"x.".repeat(500), &"1".repeat(250)).map(|number| number.len()), Some(250));
    }

    proptest! {
        #![proptest_config(ProptestConfig { rng_seed: proptest::test_runner::RngSeed::Fixed(87), failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_plan_ends(plan in "[x.*+?<>:|\\[\\]()0-9-]{0,40}", number in "[0-9*#+a]{0,20}") {
            apply(&plan, &number);
        }

        #[test]
        fn a_plan_does_what_trying_every_way_does(
            rules in proptest::collection::vec("(x|[1-3]|\\[1-2\\]|x\\.|[12]\\+|1\\?|\\[2-3\\]\\.|<[1-3]{0,2}:[7-9]{0,2}>){1,6}", 1..4),
            number in "[1-4]{0,9}",
        ) {
            let plan = rules.join("|");
            let by_trying = rules.iter().find_map(|rule| Some((rule.as_str(), tried(rule, &number)?)));
            prop_assert_eq!(apply(&plan, &number), by_trying, "{} on {}", plan, number);
        }

        #[test]
        fn a_plan_without_substitution_dials_as_typed(number in "[0-9*#+a-f]{0,20}") {
            prop_assert_eq!(dialled("x.", &number), Some(number));
        }
    }
}
