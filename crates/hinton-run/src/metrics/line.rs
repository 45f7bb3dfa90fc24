//! One line of the `metrics.jsonl` of a run folder.

use super::LogRow;
use super::table::numbers_of;
use crate::json::{self, Json};

/// A line of metrics.
pub(crate) struct Line {
    pub(crate) row: LogRow,
    /// Whether the tensors of the step were saved too.
    pub(crate) saved: bool,
}

impl Line {
    /// # Errors
    /// Why it is no line of metrics.
    pub(crate) fn parse(text: &[u8]) -> Result<Line, String> {
        let json = json::parse(text)?;
        let Json::Object(pairs) = &json else {
            return Err("it is not a JSON object".to_owned());
        };
        let step = json.get("step").ok_or("it names no step")?;
        let number = step.whole().ok_or_else(|| format!("its step is {step}, expected a count"))?;
        let mut metrics = Vec::new();
        for (name, value) in pairs {
            match (name.as_str(), value) {
                ("step" | "time" | "saved", _) => {}
                ("metrics", Json::Object(inner)) => metrics.extend(numbers_of(inner)),
                (name, value) => metrics.extend(value.number().map(|it| (name.to_owned(), it))),
            }
        }
        let time = json.get("time").and_then(Json::number);
        let saved = json.get("saved") == Some(&Json::Bool(true));
        Ok(Line { row: LogRow { number, time, metrics }, saved })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_run_folder() {
        let line =
            br#"{"step": 7, "saved": true, "time": 1.5, "metrics": {"loss": NaN, "step": 2}}"#;
        let line = Line::parse(line).unwrap();
        assert!(line.saved);
        assert_eq!((line.row.number, line.row.time), (7, Some(1.5)));
        assert!(line.row.metrics[0].1.is_nan());
        assert_eq!(line.row.metrics[1], ("step".to_owned(), 2.0));
        let flat = Line::parse(br#"{"step": 7, "loss": 0.5, "note": "x"}"#).unwrap();
        let metrics = vec![("loss".to_owned(), 0.5)];
        assert_eq!(flat.row, LogRow { number: 7, time: None, metrics });
        assert!(Line::parse(b"[]").is_err());
        assert!(Line::parse(b"{}").is_err());
        assert!(Line::parse(b"{\"step\": -1}").is_err());
        assert!(Line::parse(b"{\"step\": 18446744073709551615}").is_ok());
    }
}
