//! Tiles and pyramids of a mapped matrix of 8192 x 8192 bf16, one thread: `cargo bench -p hinton-tensor --bench tiles`.
//! Prints rows of Markdown, which `cargo xtask bench tiles --write` puts into docs/benchmarks.md.
#![allow(missing_docs)]

use std::sync::Arc;
use std::time::Instant;

use hinton_tensor::{
    Dtype, Endian, Fold, Memory, Pyramid, TileRequest, Tiling, View, Work, summarize, tile,
};

const SIDE: usize = 8192;
/// Tiles of each level that are timed, spread over the matrix.
const TILES: usize = 25;

fn main() {
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let bytes: Vec<u8> = (0..SIDE * SIDE)
        .flat_map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            // Between -1 and 1, of many exponents.
            (0x3c00 | (state >> 40) as u16 & 0x83ff).to_le_bytes()
        })
        .collect();
    let view = View::packed(&[SIDE, SIDE]);
    let memory = Arc::new(Memory::new(bytes));
    let tensor = hinton_tensor::Tensor::new("w", "m", Dtype::Bf16, Endian::Little, view, 0, memory);
    let tensor = tensor.expect("a matrix of 2^26 values of two bytes");
    let tiling = Tiling::new(SIDE, SIDE);

    let read = |level: u32| {
        let levels = (level, level);
        let (down, across) = tiling.tiles(levels);
        let times = (0..TILES).map(|index| {
            let (row, col) = (index * 7 % down, index * 11 % across);
            let window = tiling.tile(levels, row, col).expect("a tile of this level");
            let request = TileRequest { window, fold: Fold::Rms, sample_bytes: None };
            timed(|| tile(&tensor, &request, Work::quiet()).map(drop).expect("bytes in memory"))
        });
        median(times.collect())
    };
    for (level, limit) in [(0, 2.0), (1, 2.0), (2, 2.0), (4, 20.0)] {
        row(
            &format!("tile of 256 x 256 cells at level {level}, from the values"),
            limit,
            read(level),
        );
    }

    let statistics = median(
        (0..5)
            .map(|_| {
                timed(|| summarize(&tensor, Work::quiet()).map(drop).expect("bytes in memory"))
            })
            .collect(),
    );
    let build = || Pyramid::build(&tensor, 1 << 20, Work::quiet()).expect("bytes in memory").0;
    let both = median((0..5).map(|_| timed(|| drop(build()))).collect());
    let pyramid = build();
    let lowest = pyramid.levels().0;
    let slowest = (lowest..=tiling.coarsest() + 3).map(|level| {
        median(
            (0..TILES)
                .map(|_| {
                    timed(|| {
                        drop(pyramid.tile((level, level), 0, 0, Fold::Rms).expect("a level it has"))
                    })
                })
                .collect(),
        )
    });
    let name =
        format!("tile at any level from the pyramid (levels from {lowest} on), the slowest level");
    row(&name, 1.0, slowest.fold(0.0, f64::max));
    println!(
        "| pyramid and statistics, {} bytes of cells; statistics alone {statistics:.0} ms | {:.0} ms | {both:.0} ms |",
        pyramid.bytes(),
        1.3 * statistics,
    );
}

fn timed(run: impl FnOnce()) -> f64 {
    let start = Instant::now();
    run();
    start.elapsed().as_secs_f64() * 1e3
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// What, at most, and measured, in milliseconds.
fn row(what: &str, limit: f64, measured: f64) {
    println!("| {what} | {limit:.0} ms | {measured:.2} ms |");
}
