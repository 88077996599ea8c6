//! `/v1/openapi.json`: every verb with its parameters, every answer and event, from the tables that serve them.

use super::route::{ROOT, can_only_read, reads_by};
use crate::control::outside::offered;
use crate::control::schema;
use crate::control::verb::{Param, ParamKind, VerbRow};
use serde_json::{Map, Value, json};

/// The description, as OpenAPI 3.1 has it.
pub(super) fn document() -> Value {
    let mut paths = Map::new();
    for row in offered() {
        let mut methods = Map::new();
        if can_only_read(row) {
            methods.insert("get".to_owned(), reading(row));
        }
        methods.insert("post".to_owned(), asking(row));
        paths.insert(format!("{ROOT}{}", row.name), Value::Object(methods));
    }
    paths.insert(format!("{ROOT}events"), json!({"get": following()}));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "tuiphone",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The verbs of a running phone. Every request has Authorization: Bearer TOKEN.",
        },
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": schema::components("/components/schemas"),
            "responses": {"Refused": answer("It is not done; `error.kind` tells why", &["error"])},
        },
    })
}

fn asking(row: &'static VerbRow) -> Value {
    let required: Vec<&str> = row.params.iter().filter(|param| must(param)).map(|param| param.name).collect();
    let properties: Map<String, Value> = row.params.iter().map(|param| (param.name.to_owned(), kind(param))).collect();
    let body = json!({"type": "object", "additionalProperties": false, "properties": properties, "required": required});
    json!({
        "operationId": row.name,
        "summary": row.doc,
        "requestBody": {"required": !required.is_empty(), "content": {"application/json": {"schema": body}}},
        "responses": responses(row),
    })
}

fn reading(row: &'static VerbRow) -> Value {
    let parameters = row.params.iter().filter(|param| reads_by(row, param)).map(|param| {
        json!({"name": param.name, "in": "query", "required": false, "description": param.doc,
               "schema": {"type": kind(param)["type"]}})
    });
    json!({
        "operationId": format!("get-{}", row.name),
        "summary": row.doc,
        "parameters": parameters.collect::<Vec<_>>(),
        "responses": responses(row),
    })
}

fn following() -> Value {
    let only = "Names of events with commas between; call_* is all that begin so";
    json!({
        "operationId": "events",
        "summary": "Events as they happen, as server-sent events; who does not read is let go",
        "parameters": [
            {"name": "only", "in": "query", "required": false, "description": only, "schema": {"type": "string"}},
        ],
        "responses": {
            "200": {
                "description": "Each message has the name of the event and its JSON",
                "content": {"text/event-stream": {"schema": reference("event")}},
            },
            "default": {"$ref": "#/components/responses/Refused"},
        },
    })
}

fn must(param: &Param) -> bool {
    matches!(param.kind, ParamKind::Required | ParamKind::Rest)
}

fn kind(param: &Param) -> Value {
    match param.kind {
        ParamKind::Flag => json!({"type": "boolean", "description": param.doc}),
        _ => json!({"type": ["string", "number"], "description": param.doc}),
    }
}

fn responses(row: &VerbRow) -> Value {
    let schemas: Vec<&str> = schema::of_answer(row.name).collect();
    json!({
        "200": answer("It is done, or under way", &schemas),
        "default": {"$ref": "#/components/responses/Refused"},
    })
}

/// An answer that has one of these schemas.
fn answer(description: &str, schemas: &[&str]) -> Value {
    let schema = match schemas {
        [one] => reference(one),
        several => json!({"anyOf": several.iter().map(|name| reference(name)).collect::<Vec<_>>()}),
    };
    json!({"description": description, "content": {"application/json": {"schema": schema}}})
}

fn reference(schema: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{}", schema::component(schema))})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::schema::tests::references;

    #[test]
    fn all_there_is_and_nothing_else() {
        let document = document();
        let paths = document["paths"].as_object().expect("paths");
        assert_eq!(paths.len(), offered().count() + 1);
        assert_eq!(
            paths["/v1/call"]["post"]["requestBody"]["content"]["application/json"]["schema"]["required"],
            json!([])
        );
        assert_eq!(paths["/v1/dtmf"]["post"]["requestBody"]["required"], true);
        assert!(paths["/v1/call"].get("get").is_none() && paths["/v1/status"].get("get").is_some());
        let of = |path: &str| -> Vec<String> {
            let parameters = paths[path]["get"]["parameters"].as_array().expect("parameters");
            parameters.iter().filter_map(|parameter| parameter["name"].as_str().map(str::to_owned)).collect()
        };
        assert_eq!(of("/v1/history"), ["search", "kind", "account", "since", "until", "before", "limit", "new"]);
        assert_eq!(of("/v1/contacts"), ["what"]);
        assert!(!paths.contains_key("/v1/session-password"));
        let answer = |path: &str| &paths[path]["post"]["responses"]["200"]["content"]["application/json"]["schema"];
        assert_eq!(answer("/v1/calls")["$ref"], "#/components/schemas/calls-line");
        assert_eq!(answer("/v1/status")["anyOf"].as_array().map(Vec::len), Some(2), "its own, or a line of one's own");
        assert!(
            references(&document).iter().all(|to| document.pointer(to).is_some()),
            "every reference leads somewhere"
        );
    }
}
