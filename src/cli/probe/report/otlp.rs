//! For OpenTelemetry: metrics as the body of a POST to `/v1/metrics` of any collector
//! (opentelemetry-proto, `ExportMetricsServiceRequest`, in its JSON form).

use super::super::measures::{MEASURES, Unit, number};
use super::Results;
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};

/// The file.
pub fn file(results: &Results<'_>) -> Value {
    let metrics: Vec<Value> = MEASURES
        .iter()
        .filter_map(|measure| {
            let points =
                points(results, |call| Some(json!({"asDouble": number(Some((measure.read)(&call.finding)?))})));
            let unit = match measure.unit {
                Unit::Seconds => "s",
                Unit::Milliseconds => "ms",
                Unit::Share | Unit::Mos => "1",
            };
            (!points.is_empty()).then(|| metric(measure.key, unit, measure.doc, points))
        })
        .chain([metric(
            "ok",
            "1",
            "1 = the call went as it should",
            points(results, |call| Some(json!({"asInt": u8::from(call.verdict.is_ok()).to_string()}))),
        )])
        .collect();
    json!({"resourceMetrics": [{
        "resource": {"attributes": [attribute("service.name", "tuiphone"), attribute("service.version", env!("CARGO_PKG_VERSION"))]},
        "scopeMetrics": [{"scope": {"name": "tuiphone.test", "version": env!("CARGO_PKG_VERSION")}, "metrics": metrics}],
    }]})
}

fn metric(key: &str, unit: &str, doc: &str, points: Vec<Value>) -> Value {
    json!({"name": format!("tuiphone.test.{key}"), "unit": unit, "description": doc, "gauge": {"dataPoints": points}})
}

/// A point for each call that has one.
fn points(results: &Results<'_>, value: impl Fn(&super::Judged) -> Option<Value>) -> Vec<Value> {
    let point = |(at, call): (usize, &super::Judged)| {
        let mut point = value(call)?;
        // The time of a call's end, by what is known of it.
        let started = call.finding.call.as_ref().and_then(|call| humantime::parse_rfc3339(&call.started_at).ok());
        let lasted = call.finding.call.as_ref().map_or(0.0, |call| call.answered_after.unwrap_or(0.0) + call.duration);
        let lasted = Duration::try_from_secs_f64(lasted).unwrap_or_default();
        let ended = started.unwrap_or(results.began) + lasted;
        let nanos = ended.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
        let fields = point.as_object_mut()?;
        // 64-bit numbers are strings in the JSON of protobuf.
        fields.insert("timeUnixNano".to_owned(), nanos.to_string().into());
        let outcome = call.finding.outcome();
        let attributes = [
            attribute("target", &results.job.number),
            attribute("account", &results.account()),
            attribute("call", &(at + 1).to_string()),
            attribute("outcome", &outcome),
        ];
        fields.insert("attributes".to_owned(), attributes.into_iter().collect());
        Some(point)
    };
    results.calls.iter().enumerate().filter_map(point).collect()
}

fn attribute(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": crate::text::sanitise(value)}})
}

#[cfg(test)]
mod tests {
    use super::super::samples::results;
    use super::*;

    #[test]
    fn each_measure_is_a_gauge_with_a_point_for_each_call_that_has_it() {
        results("600", false, |results| {
            let told = file(results);
            let metrics = told["resourceMetrics"][0]["scopeMetrics"][0]["metrics"].as_array().unwrap();
            let find = |name: &str| metrics.iter().find(|metric| metric["name"] == format!("tuiphone.test.{name}"));
            let points =
                |name: &str| find(name).map(|metric| metric["gauge"]["dataPoints"].as_array().unwrap().clone());
            assert_eq!(find("rtt_ms").unwrap()["unit"], "ms");
            let mos = points("mos_rx").unwrap();
            assert_eq!((mos.len(), &mos[0]["asDouble"]), (1, &4.31.into()));
            // 2026-01-02T03:04:05.678Z and 5.82 s of ringing and talk.
            assert_eq!(mos[0]["timeUnixNano"], "1767323051498000000");
            assert_eq!(mos[0]["attributes"][0], json!({"key": "target", "value": {"stringValue": "600"}}));
            let ok: Vec<Value> = points("ok").unwrap().into_iter().map(|point| point["asInt"].clone()).collect();
            assert_eq!(ok, ["1", "0"]);
            assert!(find("echo_ms").is_none());
        });
    }
}
