//! Totals: the modules as a tree, dtypes, kinds.

use hinton::inspect::{InspectReport, Total, by_dtype, by_kind, modules};
use hinton::text::visible;

use crate::human;
use crate::table::Table;

/// The modules, each under the one it lies in, with what they hold and their share of the bytes.
pub(super) fn tree(report: &InspectReport, depth: usize, width: Option<usize>) -> String {
    let mut table = Table::new(&["module", ">tensors", ">values", ">bytes", ">share"]);
    let all = report.bytes();
    for module in modules(report.tensors(), depth) {
        let name = format!("{}{}", "  ".repeat(module.depth), visible(&module.name));
        let Total { tensors, values, bytes } = module.total;
        table.push(vec![
            name,
            human::count(tensors),
            human::count(values),
            human::bytes(bytes),
            share(bytes, all),
        ]);
    }
    table.text(width)
}

/// `f16 94 %, f32 6 %` of the bytes; a single one is named alone.
pub(super) fn summary(report: &InspectReport) -> String {
    let line = |what: &str, totals: &[(&'static str, Total)]| match totals {
        [] | [_] if what != "kinds" => String::new(),
        [] => String::new(),
        totals => {
            let parts: Vec<String> = totals
                .iter()
                .map(|(name, total)| {
                    let count = human::count(total.tensors);
                    format!("{count} {name} ({})", human::bytes(total.bytes))
                })
                .collect();
            format!("  {what}: {}\n", parts.join(", "))
        }
    };
    let mut text = line("dtypes", &by_dtype(report.tensors()));
    if report.tensors.len() > 1 {
        text.push_str(&line("kinds", &by_kind(report.tensors())));
    }
    if let Some(guess) = report.architecture() {
        text.push_str(&format!("  guess: {guess}\n"));
    }
    text
}

fn share(part: u64, all: u64) -> String {
    if all == 0 {
        return "-".to_owned();
    }
    let percent = part as f64 * 100.0 / all as f64;
    if percent >= 9.95 { format!("{percent:.0} %") } else { format!("{percent:.1} %") }
}
