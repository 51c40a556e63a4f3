//! What a zerorpc server can do, in the form of `zroute.list`.

use serde_json::{Value, json};

use super::{invalid, text_of};
use crate::connection::Connection;
use crate::failure::Failure;
use zroute::client::Value as Answer;

const NO_PARAMETERS: &[u8] = b"\x90";

/// The functions that fit, by name, as JSON.
pub fn list(
    connection: &mut Connection,
    endpoint: &str,
    glob: Option<&str>,
) -> Result<String, Failure> {
    let mut functions = match connection.call("_zerorpc_inspect", NO_PARAMETERS) {
        Ok(answer) => inspected(&value_of(endpoint, &answer)?),
        // zerorpc-python has to have a Python of its age to answer that.
        Err(Failure::Fault(_)) => named(&value_of(
            endpoint,
            &connection.call("_zerorpc_list", NO_PARAMETERS)?,
        )?),
        Err(failure) => return Err(failure),
    };
    functions.retain(|function| {
        let name = function["name"].as_str().unwrap_or_default();
        glob.is_none_or(|glob| fits(glob.as_bytes(), name.as_bytes()))
    });
    functions.sort_by(|a, b| a["name"].as_str().cmp(&b["name"].as_str()));
    Ok(Value::from(functions).to_string())
}

fn value_of(endpoint: &str, answer: &Answer) -> Result<Value, Failure> {
    serde_json::from_str(&text_of(endpoint, answer)?).map_err(|error| invalid(endpoint, &error))
}

/// `{"name", "methods": {name: {"args": [{"name", "default"?}], "doc"}}}`.
fn inspected(told: &Value) -> Vec<Value> {
    let Some(methods) = told["methods"].as_object() else {
        return Vec::new();
    };
    let function = |(name, about): (&String, &Value)| {
        let parameters = about["args"].as_array().map(|parameters| {
            let parameters = parameters.iter().map(|parameter| {
                let mut known = json!({"name": parameter["name"].as_str().unwrap_or("…")});
                if let Some(default) = parameter.get("default") {
                    known["default"] = default.clone();
                    known["optional"] = true.into();
                }
                known
            });
            parameters.collect::<Vec<_>>()
        });
        json!({
            "name": name,
            "parameters": parameters,
            "doc": about["doc"].as_str().unwrap_or_default(),
        })
    };
    methods.iter().map(function).collect()
}

fn named(told: &Value) -> Vec<Value> {
    let names = told.as_array().map(Vec::as_slice).unwrap_or_default();
    names.iter().map(|name| json!({"name": name})).collect()
}

/// `*` is anything, `?` one byte.
fn fits(glob: &[u8], name: &[u8]) -> bool {
    match (glob.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => {
            (0..=name.len()).any(|skipped| fits(rest, name.get(skipped..).unwrap_or_default()))
        }
        (Some((b'?', glob)), Some((_, name))) => fits(glob, name),
        (Some((wanted, glob)), Some((have, name))) => wanted == have && fits(glob, name),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_python_and_node_tell_becomes_a_list() {
        let told = json!({"name": "Cooler", "methods": {
            "add_42": {"args": [{"name": "value"}, {"name": "more", "default": null}], "doc": "Adds 42."},
            "other": {"args": null, "doc": null},
        }});
        assert_eq!(
            Value::from(inspected(&told)),
            json!([
                {"name": "add_42", "doc": "Adds 42.", "parameters": [
                    {"name": "value"}, {"name": "more", "default": null, "optional": true}]},
                {"name": "other", "doc": "", "parameters": null},
            ])
        );
        assert_eq!(named(&json!(["a"])), [json!({"name": "a"})]);
        assert!(inspected(&json!([1])).is_empty());
    }

    #[test]
    fn globs_fit_as_those_of_the_server() {
        for (glob, name, expected) in [
            ("*", "math.add", true),
            ("math.*", "math.add", true),
            ("m?th.*d", "math.add", true),
            ("math", "math.add", false),
            ("*.add", "math.sub", false),
            ("", "", true),
        ] {
            assert_eq!(fits(glob.as_bytes(), name.as_bytes()), expected, "{glob}");
        }
    }
}
