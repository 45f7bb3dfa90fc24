//! The routes: the kinds of question, and the functions that answer them.

use hinton_tensor::Work;

use crate::query::Query;
use crate::view::Views;
use crate::{Answer, Refusal, Viewer, catalogue, colours, pictures, tiles, values};

/// A route: a kind of question that can be asked.
pub struct Route {
    /// Its name: the address is `/api/NAME`.
    pub name: &'static str,
    /// What can be said in its query.
    pub(crate) names: &'static [&'static str],
    /// Answers it.
    pub(crate) answer: fn(&Viewer, &Query, Work<'_>) -> Result<Answer, Refusal>,
}

/// Every route.
pub const ROUTES: &[Route] = &[
    Route {
        name: "catalogue",
        names: &["aspect"],
        answer: |viewer, query, _| viewer.catalogue(query),
    },
    Route {
        name: "overview",
        names: &["aspect", "s", "fold", "w", "h", "ratio"],
        answer: |viewer, query, work| viewer.overview(query, work),
    },
    Route {
        name: "tiles",
        names: &["s", "q", "v"],
        answer: |viewer, query, work| {
            let asked = (query.text("q").unwrap_or_default(), &Views::read(query)?);
            let state = viewer.state();
            tiles::tiles(&state.sources, &state.ahead, query.get("s")?, asked, work)
        },
    },
    Route {
        name: "colours",
        names: &colours::NAMES,
        answer: |viewer, query, work| colours::colours(&viewer.state().sources, query, work),
    },
    Route {
        name: "view",
        names: &["t", "v"],
        answer: |viewer, query, _| catalogue::view(&viewer.state().sources, query),
    },
    Route {
        name: "exact",
        names: &["s", "t", "v", "r0", "c0", "r1", "c1"],
        answer: |viewer, query, work| values::exact(&viewer.state().sources, query, work),
    },
    Route {
        name: "value",
        names: &["s", "t", "v", "r", "c"],
        answer: |viewer, query, work| values::value(&viewer.state().sources, query, work),
    },
    Route {
        name: "stats",
        names: &["s", "t", "v"],
        answer: |viewer, query, work| values::stats(&viewer.state().sources, query, work),
    },
    Route {
        name: "profile",
        names: &["s", "t", "v", "row", "col", "from", "to", "cells"],
        answer: |viewer, query, work| values::profile(&viewer.state().sources, query, work),
    },
    Route {
        name: "statistics",
        names: &["s", "from", "to", "faults"],
        answer: |viewer, query, _| {
            let state = viewer.state();
            state.ahead.statistics(&state.sources, query)
        },
    },
    Route {
        name: "series",
        names: &["source", "s"],
        answer: |viewer, query, _| values::series(&viewer.state().sources, query),
    },
    Route {
        name: "picture",
        names: &pictures::NAMES,
        answer: |viewer, query, work| pictures::picture(&viewer.state().sources, query, work),
    },
    Route {
        name: "command",
        names: &pictures::NAMES,
        answer: |viewer, query, _| pictures::command(&viewer.state().sources, query),
    },
    Route {
        name: "events",
        names: &["since"],
        answer: |viewer, query, _| Ok(viewer.events(query.get("since")?.unwrap_or(0))),
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
