//! Summaries compared: against what comparing the values says.

use hinton::diff::{Counts, Rule, StatisticsDiff, conditions, diff, diff_statistics};
use hinton::summary::{do_task, merge, opened, part};
use hinton::{Checkpoint, Tensor, Work, export, open};

use crate::common::Folder;

const NONE: &[&str] = &[];

/// Values of 24 bits that look random, between -1 and 1.
fn random(seed: u64, count: usize) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 40) as f64 / (1u64 << 23) as f64 - 1.0) as f32
    };
    (0..count).map(|_| next()).collect()
}

/// A file of these tensors.
fn file(folder: &Folder, name: &str, tensors: &[(&str, &[usize], Vec<f32>)]) -> Checkpoint {
    let tensors =
        tensors.iter().map(|(name, shape, values)| Tensor::from_f32(*name, shape, values));
    let path = folder.path(name);
    export(tensors.collect::<Result<Vec<_>, _>>().unwrap(), &path).unwrap();
    open(&path).unwrap()
}

/// The summary of a part of a file.
fn summary_of(file: &Checkpoint, number: u64, of: u64) -> Vec<u8> {
    do_task(file, &part(file, number, of).unwrap(), Work::on(2)).unwrap()
}

fn summary(file: &Checkpoint) -> Checkpoint {
    opened("x.hs", summary_of(file, 1, 1)).unwrap()
}

fn compared(a: &Checkpoint, b: &Checkpoint, rule: Rule) -> StatisticsDiff {
    let mut found = diff_statistics(a, b, NONE, rule).unwrap();
    found.read(Work::on(2)).unwrap();
    found
}

fn counts(found: &StatisticsDiff) -> Vec<(String, Counts)> {
    let of =
        |pair: &hinton::diff::StatisticsPair| (pair.label(), pair.found.as_ref().unwrap().counts);
    found.pairs.iter().map(of).collect()
}

/// A model, and what became of it: `same` is untouched, `moved` has its values in another order, `few` has one
/// changed, `large` a tenth, with a NaN among them.
fn models(folder: &Folder) -> (Checkpoint, Checkpoint) {
    let (same, moved, few) = (random(1, 6000), random(2, 9000), random(3, 60));
    let large = random(4, 300_000);
    let bias = random(5, 20);
    let before = [
        ("same", &[60, 100][..], same.clone()),
        ("moved", &[90, 100], moved.clone()),
        ("few", &[6, 10], few.clone()),
        ("large", &[300, 1000], large.clone()),
        ("gone", &[20], bias.clone()),
        ("other", &[20], bias.clone()),
    ];
    let before = file(folder, "a.safetensors", &before);
    let mut turned = moved;
    turned.rotate_right(1);
    let mut one = few;
    one[7] += 0.5;
    let mut tenth = large;
    tenth.iter_mut().take(30_000).for_each(|value| *value *= 1.5);
    tenth[5] = f32::NAN;
    let after = [
        ("same", &[60, 100][..], same),
        ("moved", &[90, 100], turned),
        ("few", &[6, 10], one),
        ("large", &[300, 1000], tenth),
        ("other", &[4, 5], bias.clone()),
        ("new", &[20], bias),
    ];
    (before, file(folder, "b.safetensors", &after))
}

#[test]
fn summaries_say_what_their_values_bear_out() {
    let folder = Folder::new();
    let (a, b) = models(&folder);
    let found = compared(&summary(&a), &summary(&b), Rule::Exact);
    let said = counts(&found);
    assert_eq!(said[0], ("same".to_owned(), Counts::SameInBins));
    assert_eq!(said[1], ("moved".to_owned(), Counts::OtherSums), "the order of sums is another");
    assert_eq!(said[2], ("few".to_owned(), Counts::Changed(1)));
    let Counts::Changed(least) = said[3].1 else { panic!("{said:?}") };
    // What comparing the values says: exactly 30,000 changed.
    let mut values = diff(&a, &b, NONE, Rule::Exact).unwrap();
    values.read(Work::quiet()).unwrap();
    let large = values.pairs.iter().find(|pair| pair.a.name() == "large").unwrap();
    let changed = large.measures.as_ref().unwrap().changed();
    assert!((1..=changed).contains(&least), "{least} of {changed}");
    assert!(least > changed / 4, "the bound says something: {least} of {changed}");
    assert_eq!(found.unlike.len(), 1);
    assert_eq!(found.only_a[0].name(), "gone");
    assert_eq!(found.only_b[0].name(), "new");
    assert!(!found.is_same());
    let order: Vec<String> = found.by_change().iter().map(|pair| pair.label()).collect();
    assert_eq!(order, ["large", "few", "moved", "same"], "a NaN that came is first");
    let lines = found.summary();
    assert!(lines[0].starts_with("statistics of 3 of 4 tensors differ, at least "), "{lines:?}");
    assert_eq!(lines[1], "NaN: 0 → 1 in large");
    assert!(lines.last().unwrap().starts_with("both are summaries: where values lie is not known"));
    // Exactly the statistics of the values themselves.
    let stats = hinton::inspect::inspect(&b, &["large"]).unwrap();
    let of_values =
        hinton::tensors::summarize(&stats.tensors[0].selected.tensor, Work::quiet()).unwrap();
    assert_eq!(found.pairs[3].found.as_ref().unwrap().summaries[1], of_values);
    // A file with values on either side gives the same.
    for (a, b) in [(&summary(&a), &b), (&a, &summary(&b))] {
        let mixed = compared(a, b, Rule::Exact);
        assert_eq!(counts(&mixed), said);
        assert_eq!(mixed.is_summary.iter().filter(|is| **is).count(), 1);
    }
}

#[test]
fn equal_files_have_equal_statistics_and_no_more_is_said() {
    let folder = Folder::new();
    let (a, _) = models(&folder);
    let found = compared(&summary(&a), &a, Rule::default());
    assert!(found.is_same());
    let lines = found.summary();
    assert!(lines[0].starts_with("the same statistics: 6 tensors, "), "{lines:?}");
    assert!(lines.last().unwrap().contains("equal statistics are not equal values"));
    assert!(lines.iter().all(|line| !line.contains("identical")), "{lines:?}");
}

#[test]
fn parts_are_compared_by_what_both_know() {
    let folder = Folder::new();
    let (a, b) = models(&folder);
    let part_of = |file: &Checkpoint, number| opened("p.hs", summary_of(file, number, 3)).unwrap();
    // A file with values is read where the part is.
    for number in 1..=3 {
        let with_values = compared(&part_of(&a, number), &b, Rule::Exact);
        let with_part = compared(&part_of(&a, number), &part_of(&b, number), Rule::Exact);
        let large = |found: &StatisticsDiff| found.pairs[3].found.clone().unwrap();
        assert_eq!(large(&with_values).stripes, large(&with_part).stripes);
        assert_eq!(large(&with_values).counts, large(&with_part).counts);
        let known = large(&with_part).stripes[0].0;
        assert!(known < 3, "a part of three stripes: {known}");
        assert!(with_part.summary().iter().any(|line| line.contains("stripes are compared")));
        assert!(!with_part.is_same());
    }
    // Other parts of one file: nothing follows, and nothing is called a change.
    let found = compared(&part_of(&a, 1), &part_of(&a, 3), Rule::Exact);
    assert_eq!(found.pairs[3].found.as_ref().unwrap().counts, Counts::Unknown);
    assert!(!found.is_same());
    assert!(!found.pairs[3].is_odd());
    assert!(
        found.summary()[0].starts_with("nothing differs where both know"),
        "{:?}",
        found.summary()
    );
    // Merged, they are the whole.
    let parts = (1..=3).map(|number| Ok((format!("{number}.hs"), summary_of(&a, number, 3))));
    let whole = opened("all.hs", merge(parts, false).unwrap().bytes).unwrap();
    assert!(compared(&whole, &a, Rule::Exact).is_same());
}

#[test]
fn digests_tell_what_counts_cannot() {
    let folder = Folder::new();
    // Of 16 bits, so that counts are exact: the same, in another order, and one that changed.
    let values: Vec<i16> = (0..200_000).map(|index| (index * 31 % 1000) as i16).collect();
    let mut turned = values.clone();
    turned.swap(5, 150_000);
    let mut changed = values.clone();
    changed[7] += 1;
    let file = |name: &str, of: [&[i16]; 3]| {
        let tensors = ["same", "moved", "changed"].into_iter().zip(of);
        let tensors = tensors.map(|(name, one)| hinton::tensor_of(name, &[400, 500], one).unwrap());
        let path = folder.path(name);
        export(tensors.collect::<Vec<_>>(), &path).unwrap();
        open(&path).unwrap()
    };
    let a = file("a.safetensors", [&values, &values, &values]);
    let b = file("b.safetensors", [&values, &turned, &changed]);
    let with = |file: &Checkpoint, number, of| {
        let task = part(file, number, of).unwrap().with_checks();
        opened("x.hs", do_task(file, &task, Work::on(2)).unwrap()).unwrap()
    };
    let expected = [Counts::SameDigest, Counts::OtherBytes, Counts::Changed(1)];
    let found = |a: &Checkpoint, b: &Checkpoint| -> Vec<Counts> {
        counts(&compared(a, b, Rule::Exact)).into_iter().map(|one| one.1).collect()
    };
    assert_eq!(found(&with(&a, 1, 1), &with(&b, 1, 1)), expected);
    // A file is looked at as its counterpart was.
    assert_eq!(found(&with(&a, 1, 1), &b), expected);
    assert_eq!(found(&a, &with(&b, 1, 1)), expected);
    // Without digests on one side the counts alone speak.
    let plain = [Counts::Same, Counts::Same, Counts::Changed(1)];
    assert_eq!(found(&summary(&a), &with(&b, 1, 1)), plain);
    // A part tells of its part.
    let half = found(&with(&a, 1, 2), &with(&b, 1, 2));
    assert_eq!((half[0], half[2]), (Counts::SameDigest, Counts::Unknown), "{half:?}");
}

#[test]
fn names_of_other_libraries_types_and_axes_are_told() {
    let folder = Folder::new();
    let values: Vec<f32> = (0..6000).map(|index| (index % 250) as f32).collect();
    let a = file(&folder, "a.safetensors", &[("module.fc.weight", &[60, 100], values.clone())]);
    let bytes: Vec<u8> = values.iter().map(|value| *value as u8).collect();
    let turned = hinton::tensor_of("fc/kernel", &[100, 60], &bytes).unwrap();
    let path = folder.path("b.safetensors");
    export(vec![turned], &path).unwrap();
    let b = open(&path).unwrap();
    let found = compared(&summary(&a), &summary(&b), Rule::Names);
    assert_eq!(counts(&found), [("module.fc.weight = fc/kernel".to_owned(), Counts::Same)]);
    assert!(!found.is_same(), "the dtype is another");
    let text = found.summary().join("\n");
    assert!(text.contains("1 tensor: f32 → u8"), "{text}");
    assert!(text.contains("1 tensor with axes in another order"), "{text}");
    assert!(compared(&summary(&a), &summary(&b), Rule::Exact).pairs.is_empty());
    // Conditions that values decide are refused.
    let condition = |text: &str| conditions(text).unwrap().remove(0).failure_of_statistics(&found);
    assert_eq!(condition("dtype").unwrap().unwrap(), "dtype: 1 tensor");
    assert_eq!(condition("nan").unwrap(), None);
    let error = condition("rel>0.1").unwrap_err();
    assert!(error.to_string().contains("takes values, and a summary has none"), "{error}");
    assert!(error.help().unwrap().contains("nan, dtype, missing, shape"));
}

#[test]
fn it_is_written_and_drawn() {
    let folder = Folder::new();
    let (a, b) = models(&folder);
    let found = compared(&summary(&a), &b, Rule::Exact);
    let json: serde_json::Value =
        serde_json::from_str(&hinton::inspect::to_json(&found).unwrap()).unwrap();
    assert_eq!(json["compared"], "statistics");
    assert_eq!(json["same_statistics"], false);
    assert_eq!((&json["summary_a"], &json["summary_b"]), (&true.into(), &false.into()));
    let large = &json["matched"][3];
    assert_eq!((&large["counts"], &large["stats_b"]["nan"]), (&"changed".into(), &1.into()));
    assert_eq!(json["matched"][2]["changed_at_least"], 1);
    assert_eq!(json["only_b"][0]["name"], "new");
    let csv = found.to_csv();
    let widths: Vec<usize> = csv.lines().map(|line| line.split(',').count()).collect();
    assert_eq!(widths, [23; 8], "{csv}");
    let markdown = found.to_markdown(2);
    assert!(markdown.contains("| `large` | ≥ ") && markdown.contains("and 1 more tensors"));
    let picture = found.draw(&hinton::look::Options::default()).unwrap();
    assert!(picture.scene.description.contains("where values lie is not known"));
    assert!(picture.scene.description.contains("NaN: 0 → 1 in large"));
    // Nothing was read: nothing is drawn.
    let unread = diff_statistics(&summary(&a), &b, NONE, Rule::Exact).unwrap();
    assert!(unread.draw(&hinton::look::Options::default()).is_err());
    assert!(!unread.is_same());
    let error = diff_statistics(&a, &summary(&b), &["large[0]"], Rule::Exact).unwrap_err();
    assert!(error.to_string().contains("a summary is of whole tensors"), "{error}");
    assert_eq!(diff_statistics(&a, &summary(&b), &["large"], Rule::Exact).unwrap().pairs.len(), 1);
}
