//! Whatever is asked, the answer is a picture or an error.

use crate::common;

use common::{checkpoint, counting};
use hinton::arrange::arrange;
use hinton::settings::SETTINGS;
use hinton::{DrawRequest, Selected, select};
use hinton_testing::Outcomes;
use proptest::prelude::*;

proptest! {
    #[test]
    fn any_pattern_selects_or_says_why(pattern in "[a-c*?.\\[\\]:,0-9-]{0,12}") {
        let names = ["a", "a.b", "a[0]", "*", "c?", "", "[1]"];
        let all: Vec<(&str, &[usize])> = names.iter().map(|name| (*name, &[2usize, 3][..])).collect();
        let file = checkpoint(&all);
        match select(&file, &[&pattern]) {
            Ok(selected) => prop_assert!(!selected.is_empty()),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }

    #[test]
    fn every_name_selects_itself(name in "\\PC{0,12}") {
        let file = checkpoint(&[(&name, &[2, 3]), ("other", &[1])]);
        let selected = select(&file, &[&name]).unwrap();
        prop_assert_eq!(selected[0].tensor.name(), &name);
        prop_assert_eq!(&selected[0].part, "");
    }

}

#[test]
fn any_value_of_a_setting_is_taken_or_refused() {
    let outcomes = Outcomes::default();
    proptest!(config(512), |(at in 0..SETTINGS.len(), value in "\\PC{0,20}|[0-9.x-]{1,5}|[a-z]{2,5}")| {
        let set = DrawRequest::default().set(SETTINGS[at].name, &value);
        outcomes.count(set.is_ok());
        if let Err(error) = set {
            prop_assert!(!error.to_string().is_empty(), "{} {value:?}", SETTINGS[at].name);
        }
    });
    outcomes.at_least(20, 100);
}

#[test]
fn any_shape_is_arranged() {
    let charts = vec!["hinton", "heatmap", "tiles", "histogram", "overview"];
    let outcomes = Outcomes::default();
    proptest!(config(512), |(
        shape in prop::collection::vec(0usize..7, 0..6),
        chart in prop::option::of(prop::sample::select(charts)),
        each in prop::option::of("column|row|-?[0-4]"),
        reshape in prop::option::of("-?[1-6](x[1-6]){0,2}"),
        transpose: bool,
    )| {
        let mut request = DrawRequest::default();
        request.chart = chart.map(str::to_owned);
        request.transpose = transpose;
        if let Some(each) = each {
            request = request.set("each", &each).unwrap();
        }
        if let Some(reshape) = reshape {
            request = match request.clone().set("reshape", &reshape) {
                Ok(set) => set,
                Err(_) => request,
            };
        }
        let found = arrange(&[Selected::whole(counting("w", &shape))], &request);
        outcomes.count(found.is_ok());
        if let Ok(found) = found {
            let values: u64 = found.panels.iter().flat_map(|p| &p.planes).map(|p| p.elements()).sum();
            let all = shape.iter().product::<usize>() as u64;
            // Of very many pictures the first ones are shown, and that is said.
            match found.notes.iter().any(|note| note.contains("pictures are shown")) {
                true => prop_assert!(values < all, "{values} of {all}"),
                false => prop_assert_eq!(values, all, "each value once"),
            }
        }
    });
    outcomes.at_least(50, 50);
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) }
}
