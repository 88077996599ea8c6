//! What the program is made of, for programs that look for known faults in it: CycloneDX 1.5.

use std::fs;
use std::path::PathBuf;

use super::{Release, folder, wrong};
use crate::Failure;
use crate::licences;

/// Writes it beside the packages.
pub fn write(release: &Release) -> Result<PathBuf, Failure> {
    let version = &release.facts.version;
    let file = folder().join(format!("tuiphone-{version}.cdx.json"));
    fs::write(&file, document(version, &licences::shipped()?)).map_err(|e| wrong(&file, &e))?;
    Ok(file)
}

/// The document of this version, made of these: name, version, licence.
fn document(version: &str, packages: &[(String, String, String)]) -> String {
    let components: Vec<String> = packages.iter().filter(|(name, ..)| name != "tuiphone").map(component).collect();
    format!(
        "{{\n  \"bomFormat\": \"CycloneDX\",\n  \"specVersion\": \"1.5\",\n  \"version\": 1,\n  \"metadata\": {{\n    \
         \"component\": {{ \"type\": \"application\", \"bom-ref\": \"tuiphone\", \"name\": \"tuiphone\", \"version\": \
         {} }}\n  }},\n  \"components\": [\n{}\n  ]\n}}\n",
        text(version),
        components.join(",\n")
    )
}

fn component((name, version, licence): &(String, String, String)) -> String {
    let expression = licence.replace(" / ", " OR ").replace('/', " OR ");
    // What comes along in C inside a package is no package of the registry.
    let (place, licence) = match version.as_str() {
        "bundled" => (String::new(), format!("{{ \"license\": {{ \"id\": {} }} }}", text(&expression))),
        _ => {
            let place = text(&format!("pkg:cargo/{name}@{version}"));
            (
                format!(", \"bom-ref\": {place}, \"purl\": {place}"),
                format!("{{ \"expression\": {} }}", text(&expression)),
            )
        }
    };
    format!(
        "    {{ \"type\": \"library\", \"name\": {}, \"version\": {}{place}, \"licenses\": [{licence}] }}",
        text(name),
        text(version)
    )
}

/// As JSON has it.
fn text(plain: &str) -> String {
    let plain: String = plain.chars().filter(|c| !c.is_control()).collect();
    format!("\"{}\"", plain.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_package_has_its_place_in_the_registry_and_an_expression_of_spdx() {
        let package =
            |name: &str, version: &str, licence: &str| (name.to_owned(), version.to_owned(), licence.to_owned());
        let told =
            document("1.0", &[package("a", "2.0.1", "MIT/Apache-2.0"), package("SQLite", "bundled", "blessing")]);
        assert!(
            told.contains("\"purl\": \"pkg:cargo/a@2.0.1\", \"licenses\": [{ \"expression\": \"MIT OR Apache-2.0\" }]")
        );
        assert!(told.contains("\"version\": \"bundled\", \"licenses\": [{ \"license\": { \"id\": \"blessing\" } }]"));
        assert_eq!(text("a\"b\\c\n"), "\"a\\\"b\\\\c\"");
    }
}
