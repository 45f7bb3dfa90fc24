//! Orbax and its database: fixtures against what Orbax reads in them.

mod common;

use common::{check_truth, fixture, metadata, warnings};

#[test]
fn fixtures_hold_what_orbax_restores_from_them() {
    check_truth("orbax");
}
