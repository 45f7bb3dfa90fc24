//! Serves tiles of a matrix from a file in memory: `cargo run -p hinton --example tiles`.

use std::sync::Arc;

use hinton::tiles::{Fold, Pyramid, TileRequest, Tiling, tile};
use hinton::{Memory, Work};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Stands for a file that came from a network, a database or an upload.
    let values: Vec<f32> = (0..1000 * 700).map(|index| (index as f32 / 5000.0).sin()).collect();
    let bytes = hinton_testing::files::npy(&[1000, 700], &values);

    let checkpoint = hinton::open_bytes("upload.npy", Arc::new(Memory::new(bytes)))?;
    let matrix = &checkpoint.tensors[0];
    // One pass over the values: coarse cells, and the statistics for the range of colours.
    let (pyramid, summary) = Pyramid::build(matrix, 1 << 16, Work::quiet())?;
    println!("{} {:?}: mean {:?}", matrix.name(), matrix.shape(), summary.mean());

    let tiling = Tiling::new(1000, 700);
    for levels in (0..=tiling.coarsest()).map(|level| (level, level)) {
        let (down, across) = tiling.tiles(levels);
        for (row, col) in (0..down).flat_map(|row| (0..across).map(move |col| (row, col))) {
            let Some(window) = tiling.tile(levels, row, col) else { continue };
            // Coarse tiles come from the pyramid, fine ones from the values.
            let request = TileRequest { window, fold: Fold::Mean, sample_bytes: None };
            let grid = match pyramid.tile(levels, row, col, Fold::Mean) {
                Some(grid) => grid,
                None => tile(matrix, &request, Work::quiet())?,
            };
            println!("level {levels:?}, tile {row}, {col}: {} x {} cells", grid.rows, grid.cols);
        }
    }
    Ok(())
}
