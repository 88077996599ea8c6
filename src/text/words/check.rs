//! What a translation lacks, and what of it nobody asks for.

use super::catalogue::{Catalogue, MAX_SHOWN, Spot};
use crate::text::elided;
use fluent_syntax::ast::{Expression, InlineExpression, Pattern, PatternElement};
use std::collections::BTreeSet;

/// What is odd about a catalogue beside the one that has all messages.
pub fn against(all: &Catalogue, own: &Catalogue) -> Vec<Spot> {
    let mut spots = Vec::new();
    for id in own.ids().filter(|id| !id.starts_with('-')) {
        let mut say =
            |is_note, words: String| spots.push(Spot { line: own.line(id).unwrap_or_default(), words, is_note });
        if !all.has(id) {
            say(false, format!("{}: the phone says nothing by this id", elided(id, MAX_SHOWN)));
            continue;
        }
        let Some(used) = variables(own, id) else { continue };
        let given = variables(all, id).unwrap_or_default();
        for name in used.difference(&given) {
            let there: Vec<String> = given.iter().map(|name| format!("${name}")).collect();
            let there = if there.is_empty() { "nothing".to_owned() } else { there.join(", ") };
            say(false, format!("{id}: nobody puts in ${}; there is {there}", elided(name, MAX_SHOWN)));
        }
        for name in given.difference(&used) {
            say(true, format!("{id}: ${name} is left out"));
        }
    }
    let missing: Vec<&str> = all.ids().filter(|id| !id.starts_with('-') && !own.has(id)).collect();
    if let Some(first) = missing.first() {
        let words = format!("{} of {} texts are missing and stay English: {first}", missing.len(), all.ids().count());
        let words = if missing.len() > 1 { words + " …" } else { words };
        spots.push(Spot { line: 0, words, is_note: true });
    }
    spots.sort_by_key(|spot| spot.line);
    spots
}

/// The names of what a message wants put in, the messages and terms it names left aside; `None` where it cannot be read.
pub fn variables(catalogue: &Catalogue, id: &str) -> Option<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    pattern(catalogue.pattern(id)?, &mut names);
    Some(names)
}

fn pattern(of: &Pattern<String>, names: &mut BTreeSet<String>) {
    for element in &of.elements {
        if let PatternElement::Placeable { expression } = element {
            expressions(expression, names);
        }
    }
}

fn expressions(expression: &Expression<String>, names: &mut BTreeSet<String>) {
    match expression {
        Expression::Inline(it) => inline(it, names),
        Expression::Select { selector, variants } => {
            inline(selector, names);
            variants.iter().for_each(|variant| pattern(&variant.value, names));
        }
    }
}

fn inline(it: &InlineExpression<String>, names: &mut BTreeSet<String>) {
    match it {
        InlineExpression::VariableReference { id } => drop(names.insert(id.name.clone())),
        InlineExpression::Placeable { expression } => expressions(expression, names),
        InlineExpression::FunctionReference { arguments, .. } => {
            arguments.positional.iter().for_each(|it| inline(it, names));
        }
        _ => {}
    }
}
