//! Soon.
use super::{ChartRow, Need};
use crate::{ChartError, Extent, Options, Panel, Picture};
use hinton_tensor::{Fold, GridRequest};

pub(super) const ROW: ChartRow = ChartRow { name: "tiles", about: "", help: "", need, build };

fn need(extents: &[Extent], _options: &Options) -> Need {
    Need::Grids(
        extents
            .iter()
            .map(|_| GridRequest {
                max_rows: 256,
                max_cols: 256,
                fold: Fold::Mean,
                sample_bytes: None,
            })
            .collect(),
    )
}

fn build(panels: &[Panel], _options: &Options) -> Result<Picture, ChartError> {
    Err(ChartError::Unfit {
        chart: "tiles",
        what: format!("{} panels", panels.len()),
        why: "soon".to_owned(),
    })
}
