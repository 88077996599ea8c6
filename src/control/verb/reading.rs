//! How a verb is written, and how its parameters become a request.

use super::{Param, ParamKind, Request, Values, VerbRow};

impl VerbRow {
    /// How to write it: `hangup [CALL] [--all]`.
    pub fn usage(&self) -> String {
        let mut out = self.name.to_owned();
        for param in self.params {
            let upper = param.name.to_uppercase();
            out.push_str(&match param.kind {
                ParamKind::Required => format!(" {upper}"),
                ParamKind::Rest => format!(" {upper}..."),
                ParamKind::Words => format!(" [{upper}...]"),
                ParamKind::Optional => format!(" [{upper}]"),
                ParamKind::Option => format!(" [--{} {upper}]", param.name),
                ParamKind::Flag => format!(" [--{}]", param.name),
            });
        }
        out
    }

    /// The parameters that are given by their place, in order.
    pub fn places(&self) -> impl Iterator<Item = &'static Param> + use<> {
        self.params.iter().filter(|p| !matches!(p.kind, ParamKind::Option | ParamKind::Flag))
    }

    /// Reads the words after the verb as a command line has them.
    ///
    /// # Errors
    /// A sentence naming the word that does not fit, with the usage.
    pub fn parse_words(&self, words: &[String]) -> Result<Request, String> {
        let mut values = Values::default();
        self.read_words(words, &mut values)?;
        self.request(values)
    }

    /// The parameters in the words after the verb.
    ///
    /// # Errors
    /// As `parse_words`.
    pub fn read_words(&self, words: &[String], values: &mut Values) -> Result<(), String> {
        let mut places = self.places();
        let mut words = words.iter();
        let mut literal = false;
        while let Some(word) = words.next() {
            if word == "--" && !literal {
                literal = true;
                continue;
            }
            let option = if literal { None } else { word.strip_prefix("--") };
            if let Some(option) = option {
                let (name, inline) = option.split_once('=').map_or((option, None), |(n, v)| (n, Some(v.to_owned())));
                let param = self
                    .params
                    .iter()
                    .find(|p| p.name == name && matches!(p.kind, ParamKind::Option | ParamKind::Flag))
                    .ok_or_else(|| format!("{} knows no --{name}; usage: {}", self.name, self.usage()))?;
                let value = match (param.kind, inline) {
                    (ParamKind::Flag, None) => "true".to_owned(),
                    (ParamKind::Flag, Some(_)) => return Err(format!("--{name} takes no value")),
                    (_, Some(value)) => value,
                    (_, None) => words.next().cloned().ok_or_else(|| format!("--{name} needs a value"))?,
                };
                values.set(param.name, value);
            } else {
                let Some(param) = places.next() else {
                    return Err(format!("{}: '{word}' is one word too many; usage: {}", self.name, self.usage()));
                };
                if matches!(param.kind, ParamKind::Rest | ParamKind::Words) {
                    let rest = std::iter::once(word).chain(words.by_ref()).map(String::as_str);
                    values.set(param.name, rest.collect::<Vec<_>>().join(" "));
                } else {
                    values.set(param.name, word.clone());
                }
            }
        }
        Ok(())
    }

    /// Makes the request from named values.
    ///
    /// # Errors
    /// A sentence.
    pub fn request(&self, values: Values) -> Result<Request, String> {
        if let Some(unknown) = values.names().find(|k| !self.params.iter().any(|p| p.name == *k)) {
            let unknown = crate::text::sanitise(unknown);
            return Err(format!("{} knows no '{unknown}'; usage: {}", self.name, self.usage()));
        }
        // Nobody dials or names a call with one; text may have lines.
        let lines = ["text", "comment"];
        if let Some(name) = values.controlled().find(|name| !lines.contains(name)) {
            return Err(format!("a {name} may have no control characters"));
        }
        (self.make)(&values).map_err(|why| format!("{why}; usage: {}", self.usage()))
    }
}
