//! The kinds of finding, one row each.

use super::row::CheckRow;

macro_rules! rows {
    ($($(#[$doc:meta])* $constant:ident = $name:literal, $fault:literal, $about:literal;)*) => {
        $($(#[$doc])* pub(super) const $constant: &CheckRow =
            &CheckRow { name: $name, about: $about, is_fault: $fault };)*

        /// Every kind of finding, faults first.
        pub const CHECKS: &[&CheckRow] = &[$($constant),*];
    };
}

rows! {
    UNREADABLE = "unreadable", true, "the file cannot be opened, or values cannot be read";
    REFUSED = "refused", true, "it would execute code or reach outside its folder; nothing was executed";
    STRUCTURE = "structure", true, "the file contradicts itself: shards or index, bytes that belong to no tensor";
    NAN = "nan", true, "values that are not a number";
    INFINITY = "inf", true, "infinite values";
    HUGE = "huge", true, "weights so large that their squares overflow: the training has diverged";
    DIVERGED = "diverged", true, "of a run: a loss that is no longer a number, or a hundred times what it was";
    GROWTH = "growth", true, "of a run: weights ten thousand times as large as in its first step";
    BROKEN_BLOCKS = "broken-blocks", true, "quantised blocks whose scale is infinite or not a number";
    SKIPPED = "skipped", false, "what hinton leaves out or finds odd while it opens the file";
    OVERLAP = "overlap", false, "tensors whose bytes overlap without being the same";
    SHARED = "shared", false, "tensors that are the same bytes of the file (tied weights)";
    STRIDED = "strided", false, "tensors stored as strided views (transposed, or with gaps)";
    DUPLICATE = "duplicate", false, "tensors with equal values that are stored twice";
    ZERO = "zero", false, "tensors of nothing but zeros";
    CONSTANT = "constant", false, "tensors of one value throughout";
    DEAD_ROWS = "dead-rows", false, "positions on the first axis with nothing but zeros: units without weights";
    DEAD_COLUMNS = "dead-columns", false, "positions on the second axis with nothing but zeros: inputs without effect";
    EQUAL_ROWS = "equal-rows", false, "rows of a matrix that are equal: units that do the same";
    SIBLINGS = "siblings", false, "tensors a hundred times larger or smaller than their like in other layers";
    FAINT = "faint", false, "matrices so small that they do next to nothing: a root mean square below 0.00001";
    OUTLIER = "outlier", false, "values more than a hundred times as large as all but a thousandth of their tensor";
    SUBNORMAL = "subnormal", false, "a tenth or more of the values are subnormal: too small for full precision";
    SATURATED = "saturated", false, "quantised values at the end of their range: more than 1 %";
    EMPTY_BLOCKS = "empty-blocks", false, "quantised blocks with a scale of zero, beside others that have one";
    SATURATED_BLOCKS = "saturated-blocks", false, "quantised blocks with every code at an end of its range";
}

/// The kind of finding with this name.
pub fn named(name: &str) -> Option<&'static CheckRow> {
    CHECKS.iter().copied().find(|row| row.name == name)
}
