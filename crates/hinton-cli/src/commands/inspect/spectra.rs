//! Singular values as a table.

use hinton::inspect::{InspectReport, Singular, TensorReport};
use hinton::text::visible;

use crate::human;
use crate::table::Table;

/// A line for each tensor that has singular values.
pub(super) fn text(report: &InspectReport, width: Option<usize>) -> String {
    let mut table = Table::new(&[
        "name",
        "shape",
        ">largest",
        ">smallest",
        ">rank",
        ">effective",
        ">stable",
        ">condition",
        ">above noise",
        ">alpha",
    ]);
    let mut notes: Vec<String> = Vec::new();
    for one in &report.tensors {
        match &one.singular {
            Some(singular) => table.push(line(one, singular, &mut notes)),
            None => continue,
        }
    }
    let without = report.tensors.iter().filter(|one| one.singular.is_none()).count();
    if without > 0 {
        let tensors = human::several(without as u64, "tensor");
        notes.push(format!("{tensors} of one axis or none: without singular values"));
    }
    let mut text = match without < report.tensors.len() {
        true => table.text(width),
        false => String::new(),
    };
    for note in notes {
        text.push_str(&format!("  {note}\n"));
    }
    text
}

fn line(tensor: &TensorReport, singular: &Singular, notes: &mut Vec<String>) -> Vec<String> {
    let name = visible(&tensor.selected.label()).into_owned();
    let mut row = vec![name.clone(), human::shape(tensor.selected.tensor.shape())];
    let spectrum = match singular {
        Singular::NotFinite(count) => {
            let values = human::several(*count, "value");
            notes
                .push(format!("{name}: {values} NaN or infinite, so there are no singular values"));
            row.extend(std::iter::repeat_n(String::new(), 8));
            return row;
        }
        Singular::Values(spectrum) => spectrum,
    };
    if spectrum.is_sketch {
        notes.push(format!(
            "{name}: the {} largest of {} values, estimated with random vectors",
            spectrum.values.len(),
            spectrum.count()
        ));
    }
    let count = |number: Option<usize>| human::count(number.unwrap_or(0) as u64);
    let smallest = spectrum.values.last().copied().filter(|_| !spectrum.is_sketch);
    row.extend([
        human::number(Some(spectrum.largest())),
        human::number(smallest),
        spectrum.rank().map_or(String::new(), |rank| count(Some(rank))),
        human::number(spectrum.effective_rank()),
        human::number(spectrum.stable_rank()),
        human::number(spectrum.condition()),
        count(Some(spectrum.above_noise())),
        human::number(spectrum.power_law().map(|law| law.alpha)),
    ]);
    row
}
