//! The routes: what can be asked for, and who answers.

use hinton_tensor::Work;

use crate::query::Query;
use crate::{Answer, Refusal, Viewer, colours, tiles, values};

/// A question that can be asked.
pub struct Route {
    /// Its name: the address is `/api/NAME`.
    pub name: &'static str,
    /// What can be said in its query.
    pub(crate) names: &'static [&'static str],
    /// Answers it.
    pub(crate) answer: fn(&Viewer, &Query, Work<'_>) -> Result<Answer, Refusal>,
}

/// Every question.
pub const ROUTES: &[Route] = &[
    Route { name: "catalogue", names: &[], answer: |viewer, _, _| Ok(viewer.catalogue()) },
    Route {
        name: "tiles",
        names: &["s", "q"],
        answer: |viewer, query, work| {
            let names = query.text("q").unwrap_or_default();
            tiles::tiles(&viewer.sources(), query.get("s")?, names, work)
        },
    },
    Route {
        name: "colours",
        names: &colours::NAMES,
        answer: |viewer, query, work| colours::colours(&viewer.sources(), query, work),
    },
    Route {
        name: "exact",
        names: &["s", "t", "r0", "c0", "r1", "c1"],
        answer: |viewer, query, work| values::exact(&viewer.sources(), query, work),
    },
    Route {
        name: "value",
        names: &["s", "t", "r", "c"],
        answer: |viewer, query, work| values::value(&viewer.sources(), query, work),
    },
    Route {
        name: "stats",
        names: &["s", "t"],
        answer: |viewer, query, work| values::stats(&viewer.sources(), query, work),
    },
    Route {
        name: "profile",
        names: &["s", "t", "row", "col", "from", "to", "cells"],
        answer: |viewer, query, work| values::profile(&viewer.sources(), query, work),
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_whole() {
        for row in ROUTES {
            assert!(row.name.chars().all(|c| c.is_ascii_lowercase()));
            assert_eq!(ROUTES.iter().filter(|other| other.name == row.name).count(), 1);
            let names = row.names.iter().collect::<std::collections::BTreeSet<_>>();
            assert_eq!(names.len(), row.names.len(), "{}", row.name);
        }
    }
}
