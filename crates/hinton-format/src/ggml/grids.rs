//! The grids of the types `IQ`: constants of the format, from llama.cpp (MIT), as the Python
//! package `gguf` (MIT) packs them. `tests/fixtures/gguf/make.py` writes grids.bin.

/// All grids, one after another; each value a number of two or four bits, low bits first.
const PACKED: &[u8; 9216] = include_bytes!("grids.bin");

/// IQ2_XXS.
pub(super) static GRID_2_XXS: [[i8; 8]; 256] = unpacked::<8, 256, 2>(0, &[8, 25, 43]);
/// IQ2_XS.
pub(super) static GRID_2_XS: [[i8; 8]; 512] = unpacked::<8, 512, 2>(512, &[8, 25, 43]);
/// IQ2_S.
pub(super) static GRID_2_S: [[i8; 8]; 1024] = unpacked::<8, 1024, 2>(1536, &[8, 25, 43]);
/// IQ3_XXS.
pub(super) static GRID_3_XXS: [[i8; 4]; 256] =
    unpacked::<4, 256, 4>(3584, &[4, 12, 20, 28, 36, 44, 52, 62]);
/// IQ3_S.
pub(super) static GRID_3_S: [[i8; 4]; 512] =
    unpacked::<4, 512, 4>(4096, &[1, 3, 5, 7, 9, 11, 13, 15]);
/// IQ1_S and IQ1_M.
pub(super) static GRID_1: [[i8; 8]; 2048] = unpacked::<8, 2048, 2>(5120, &[-1, 0, 1]);

/// `P` points of `N` values, of `BITS` bits each, that begin at byte `start`.
const fn unpacked<const N: usize, const P: usize, const BITS: usize>(
    start: usize,
    values: &[i8],
) -> [[i8; N]; P] {
    let mut points = [[0; N]; P];
    let in_byte = 8 / BITS;
    let mut at = 0;
    while at < N * P {
        let code = PACKED[start + at / in_byte] >> (at % in_byte * BITS) & ((1 << BITS) - 1);
        points[at / N][at % N] = values[code as usize];
        at += 1;
    }
    points
}
