//! What is measured: one row a case.

/// A job, hinton's way of doing it, the Python ways, and what hinton may cost.
pub(super) struct Case {
    /// What `cargo xtask bench NAME` calls it.
    pub(super) name: &'static str,
    /// The job in words.
    pub(super) about: &'static str,
    /// The arguments of `hinton`; `@x` is target/bench/x. Where they name an .mp4 it is built with
    /// the feature `mp4`.
    pub(super) ours: &'static [&'static str],
    /// How often hinton is run; the median counts.
    pub(super) runs: usize,
    /// The Python ways.
    pub(super) peers: &'static [Peer],
    /// What hinton may cost at most.
    pub(super) limits: &'static [Limit],
}

/// A Python way.
pub(super) struct Peer {
    /// How it goes about it.
    pub(super) about: &'static str,
    /// The script of benches/peers/ and its arguments; `@x` is target/bench/x. A script that ends
    /// with code 77 lacks a program: it is left out, with what it said.
    pub(super) command: &'static [&'static str],
    /// Takes most of a minute: run once, and only with `--slow`.
    pub(super) slow: bool,
}

/// What hinton may cost at most.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Limit {
    /// CPU seconds, user and system, of the whole process.
    Cpu(f64),
    /// Seconds by the clock on the wall.
    Wall(f64),
    /// Seconds by the clock, as a multiple of the first peer's.
    TimesFirstPeer(f64),
    /// Megabytes of memory that are no pages of a mapped file, at the peak.
    Anonymous(f64),
    /// Megabytes of memory, pages of mapped files included, at the peak.
    Resident(f64),
    /// Kilobytes of the file that is written.
    File(f64),
}

const fn peer(about: &'static str, command: &'static [&'static str]) -> Peer {
    Peer { about, command, slow: false }
}

const fn slow(about: &'static str, command: &'static [&'static str]) -> Peer {
    Peer { about, command, slow: true }
}

/// Statistics of a file of 1 GiB, five times as fast as by the library that its format comes from.
const fn of_a_gibibyte(
    name: &'static str,
    about: &'static str,
    ours: &'static [&'static str],
    peers: &'static [Peer],
) -> Case {
    let limits = &[Limit::TimesFirstPeer(0.2), Limit::Anonymous(100.0)];
    Case { name, about, ours, runs: 5, peers, limits }
}

const PATCHES: &str = "matplotlib, one patch a cell";
const COLLECTION: &str = "matplotlib, one PolyCollection";

/// Every case.
pub(super) const CASES: &[Case] = &[
    Case {
        name: "hinton-20-png",
        about: "Hinton diagram of 20x20 to PNG",
        ours: &["draw", "@20x20.npy", "--as", "hinton", "-o", "@out/hinton-20.png"],
        runs: 21,
        peers: &[peer(PATCHES, &["hinton.py", "@20x20.npy", "@out/peer-20.png", "patches"])],
        limits: &[Limit::Cpu(0.015)],
    },
    Case {
        name: "hinton-256-png",
        about: "Hinton diagram of 256x256 to PNG",
        ours: &["draw", "@256x256.npy", "--as", "hinton", "-o", "@out/hinton-256.png"],
        runs: 11,
        peers: &[
            peer(COLLECTION, &["hinton.py", "@256x256.npy", "@out/peer-256.png", "collection"]),
            slow(PATCHES, &["hinton.py", "@256x256.npy", "@out/peer-256-patches.png", "patches"]),
        ],
        limits: &[Limit::Cpu(0.03)],
    },
    Case {
        name: "hinton-256-svg",
        about: "Hinton diagram of 256x256 to SVG",
        ours: &["draw", "@256x256.npy", "--as", "hinton", "-o", "@out/hinton-256.svg"],
        runs: 11,
        peers: &[
            peer(COLLECTION, &["hinton.py", "@256x256.npy", "@out/peer-256.svg", "collection"]),
            slow(PATCHES, &["hinton.py", "@256x256.npy", "@out/peer-256-patches.svg", "patches"]),
        ],
        limits: &[Limit::Cpu(0.05)],
    },
    Case {
        name: "singular-values",
        about: "All singular values of 2048x2048 f32",
        ours: &["inspect", "@2048x2048.npy", "--spectrum"],
        runs: 5,
        peers: &[peer("numpy.linalg.svd", &["singular_values.py", "@2048x2048.npy"])],
        limits: &[Limit::TimesFirstPeer(0.2)],
    },
    Case {
        name: "hinton-1024-png",
        about: "Hinton diagram of 1024x1024 to PNG (hinton folds it to the page, and says so)",
        ours: &["draw", "@1024x1024.npy", "--as", "hinton", "-o", "@out/hinton-1024.png"],
        runs: 7,
        peers: &[peer(
            COLLECTION,
            &["hinton.py", "@1024x1024.npy", "@out/peer-1024.png", "collection"],
        )],
        limits: &[Limit::Cpu(0.2)],
    },
    // 3400 points, for a page this large has room for every square.
    Case {
        name: "hinton-1024-svg",
        about: "Hinton diagram of 1024x1024 to SVG, every square drawn",
        ours: &[
            "draw",
            "@1024x1024.npy",
            "--as",
            "hinton",
            "--size",
            "3400x3400pt",
            "-o",
            "@out/hinton-1024.svg",
        ],
        runs: 7,
        peers: &[slow(
            COLLECTION,
            &["hinton.py", "@1024x1024.npy", "@out/peer-1024.svg", "collection"],
        )],
        limits: &[Limit::Cpu(0.5)],
    },
    Case {
        name: "hinton-1024-folded-svg",
        about: "Hinton diagram of 1024x1024 to SVG (folded to the page)",
        ours: &["draw", "@1024x1024.npy", "--as", "hinton", "-o", "@out/hinton-1024-folded.svg"],
        runs: 7,
        peers: &[],
        limits: &[Limit::Cpu(0.5)],
    },
    Case {
        name: "annotated-png",
        about: "annotated heat map of 8x16, nine decimals, 1500x1000 pixels, to PNG",
        ours: &[
            "draw",
            "@8x16.npy",
            "--as",
            "heatmap",
            "--annotate={:.9f}",
            "--row-labels",
            "embed_dim_{}",
            "--col-labels",
            "orig_dim_{}",
            "--size",
            "1500x1000px",
            "-o",
            "@out/annotated.png",
        ],
        runs: 21,
        peers: &[peer(
            "matplotlib, imshow and one text a cell",
            &["annotated.py", "@8x16.npy", "@out/peer-annotated.png"],
        )],
        limits: &[Limit::Cpu(0.02)],
    },
    Case {
        name: "heatmap-8192-png",
        about: "heat map of 8192x8192 f32 from .npy to a 2000 pixel PNG",
        ours: &[
            "draw",
            "@8192x8192.npy",
            "--as",
            "heatmap",
            "--size",
            "2000x2000px",
            "-o",
            "@out/heatmap-8192.png",
        ],
        runs: 5,
        peers: &[
            peer(
                "numpy means of blocks by hand, then imshow",
                &["heatmap.py", "@8192x8192.npy", "@out/peer-blocks.png", "blocks"],
            ),
            peer(
                "np.load mapped, then imshow",
                &["heatmap.py", "@8192x8192.npy", "@out/peer-imshow.png", "imshow"],
            ),
        ],
        limits: &[Limit::Cpu(0.30), Limit::Anonymous(100.0)],
    },
    Case {
        name: "train-mnist",
        about: "softmax regression on MNIST, 11 epochs, from the packed files",
        ours: &["train", "mnist", "--data", "@mnist", "--epochs", "11"],
        runs: 7,
        peers: &[peer("numpy by hand", &["mnist_softmax.py", "@mnist", "11"])],
        limits: &[Limit::Cpu(0.8)],
    },
    Case {
        name: "inspect-100gib",
        about: "list the tensors of 100 GiB of sharded safetensors (sparse files)",
        ours: &["inspect", "@100gib/model.safetensors.index.json"],
        runs: 11,
        peers: &[],
        limits: &[Limit::Wall(0.05), Limit::Resident(30.0)],
    },
    Case {
        name: "statistics-2gib",
        about: "statistics, quantiles and histogram of 1 GiB of bf16 and 1 GiB of f32",
        ours: &["inspect", "@2gib.safetensors", "--stats"],
        runs: 5,
        peers: &[
            peer("read() of the file, nothing done", &["read_once.py", "@2gib.safetensors"]),
            peer(
                "numpy by hand, no quantiles, no histogram",
                &["tensor_statistics.py", "@2gib.safetensors", "--moments"],
            ),
            slow("numpy by hand, all of it", &["tensor_statistics.py", "@2gib.safetensors"]),
        ],
        // 4 GB/s of 2^31 bytes.
        limits: &[Limit::Wall(0.537), Limit::TimesFirstPeer(3.0)],
    },
    Case {
        name: "summary-merge-1000",
        about: "merge the statistics of 1000 parts of 2 GiB",
        ours: &["summary", "merge", "@parts", "-o", "@out/merged.hs"],
        runs: 5,
        peers: &[],
        limits: &[Limit::Wall(1.0)],
    },
    Case {
        name: "diff-tuned",
        about: "all measures of two models of 2.2 GB of bf16, 201 tensors, every value another",
        ours: &["diff", "@llama.safetensors", "@llama-tuned.safetensors", "--fail-on", "nan"],
        runs: 5,
        peers: &[
            peer(
                "read() of both files, nothing done",
                &["read_once.py", "@llama.safetensors", "@llama-tuned.safetensors"],
            ),
            slow(
                "safetensors and numpy, name by name",
                &["diff.py", "@llama.safetensors", "@llama-tuned.safetensors"],
            ),
        ],
        limits: &[Limit::TimesFirstPeer(1.5), Limit::Anonymous(150.0)],
    },
    Case {
        name: "diff-identical",
        about: "the same model of 2.2 GB twice",
        ours: &["diff", "@llama.safetensors", "@llama-same.safetensors"],
        runs: 5,
        peers: &[peer(
            "read() of both files, nothing done",
            &["read_once.py", "@llama.safetensors", "@llama-same.safetensors"],
        )],
        limits: &[Limit::TimesFirstPeer(1.1), Limit::Anonymous(150.0)],
    },
    // Dequantising takes the time: 1.1 * 10^9 values of either.
    Case {
        name: "diff-q4-k",
        about: "2.2 GB of bf16 against GGUF of Q4_K of as many values",
        ours: &["diff", "@llama.safetensors", "@llama-q4_k.gguf", "--fail-on", "missing"],
        runs: 3,
        peers: &[peer(
            "read() of both files, nothing done",
            &["read_once.py", "@llama.safetensors", "@llama-q4_k.gguf"],
        )],
        limits: &[Limit::Anonymous(150.0)],
    },
    Case {
        name: "film-200-gif",
        about: "200 steps of 8x16, nine decimals, 1500x1000 pixels, to GIF",
        ours: &[
            "animate",
            "@run-200.npy",
            "--as",
            "heatmap",
            "--annotate={:.9f}",
            "--row-labels",
            "embed_dim_{}",
            "--col-labels",
            "orig_dim_{}",
            "--size",
            "1500x1000px",
            "-o",
            "@out/film-200.gif",
        ],
        runs: 5,
        peers: &[
            slow(
                "matplotlib's animation, Pillow writes",
                &["film.py", "@run-200.npy", "@out/peer-200.gif", "pillow"],
            ),
            peer(
                "gifsicle -O3 on hinton's file",
                &["encode.py", "gifsicle", "@out/film-200.gif", "@out/gifsicle-200.gif"],
            ),
        ],
        limits: &[Limit::Cpu(2.0), Limit::File(16_000.0)],
    },
    Case {
        name: "film-200-mp4",
        about: "200 steps of 8x16, nine decimals, 1500x1000 pixels, to MP4",
        ours: &[
            "animate",
            "@run-200.npy",
            "--as",
            "heatmap",
            "--annotate={:.9f}",
            "--row-labels",
            "embed_dim_{}",
            "--col-labels",
            "orig_dim_{}",
            "--size",
            "1500x1000px",
            "-o",
            "@out/film-200.mp4",
        ],
        runs: 3,
        peers: &[
            slow(
                "matplotlib's animation, ffmpeg writes",
                &["film.py", "@run-200.npy", "@out/peer-200.mp4", "ffmpeg"],
            ),
            peer(
                "ffmpeg alone, from finished PNGs",
                &["encode.py", "x264", "@frames-200", "@out/ffmpeg-200.mp4"],
            ),
        ],
        limits: &[Limit::Cpu(6.0)],
    },
    // hinton cannot be asked to encode without drawing: its limit is that of both, 0.010 a frame.
    Case {
        name: "film-30-gif",
        about: "30 frames of 1500x1000 to GIF: hinton draws them too, the others start at PNGs",
        ours: &[
            "animate",
            "@run-30.npy",
            "--as",
            "heatmap",
            "--annotate={:.9f}",
            "--size",
            "1500x1000px",
            "-o",
            "@out/film-30.gif",
        ],
        runs: 7,
        peers: &[
            peer(
                "ffmpeg, palettegen and paletteuse",
                &["encode.py", "palettegen", "@frames-30", "@out/ffmpeg-30.gif"],
            ),
            peer("gifski", &["encode.py", "gifski", "@frames-30", "@out/gifski-30.gif"]),
        ],
        limits: &[Limit::Cpu(0.30)],
    },
    Case {
        name: "film-1000-tiles",
        about: "1000 steps of 784x10 as ten pictures of 28x28, 800x600 pixels, to GIF",
        ours: &[
            "animate",
            "@run-1000.npy",
            "--each",
            "column",
            "--reshape",
            "28x28",
            "--size",
            "800x600px",
            "-o",
            "@out/film-1000.gif",
        ],
        runs: 3,
        peers: &[],
        limits: &[Limit::Wall(5.0), Limit::Resident(300.0)],
    },
    Case {
        name: "space-networks",
        about: "six networks over 10,000 points, all six pictures as PNG, 1200x1200",
        ours: &["space", "--preset", "space-stretching", "--networks", "2d", "-o", "@out/space/"],
        runs: 7,
        peers: &[slow("numpy and matplotlib", &["space.py", "networks", "@out"])],
        limits: &[Limit::Cpu(0.15)],
    },
    Case {
        name: "space-density-1m",
        about: "10^6 points to a density PNG of 1000x1000",
        ours: &[
            "space",
            "2",
            "--points",
            "@points-1m.npy",
            "--size",
            "1000x1000px",
            "-o",
            "@out/density-1m.png",
        ],
        runs: 7,
        peers: &[peer(
            "datashader",
            &["space.py", "density", "@points-1m.npy", "@out/peer-density.png"],
        )],
        limits: &[Limit::Cpu(0.06)],
    },
    Case {
        name: "space-density-10m",
        about: "10^7 points to a density PNG of 1000x1000",
        ours: &[
            "space",
            "2",
            "--points",
            "@points-10m.npy",
            "--size",
            "1000x1000px",
            "-o",
            "@out/density-10m.png",
        ],
        runs: 5,
        peers: &[slow(
            "datashader",
            &["space.py", "density", "@points-10m.npy", "@out/peer-density.png"],
        )],
        limits: &[Limit::Cpu(0.4)],
    },
    Case {
        name: "space-scatter-1m",
        about: "10^6 points as one scatter picture of 1000x1000",
        ours: &[
            "space",
            "2",
            "--points",
            "@points-1m.npy",
            "--as",
            "points",
            "--size",
            "1000x1000px",
            "-o",
            "@out/scatter-1m.png",
        ],
        runs: 7,
        peers: &[slow(
            "matplotlib",
            &["space.py", "scatter", "@points-1m.npy", "@out/peer-scatter.png"],
        )],
        limits: &[Limit::Cpu(0.1)],
    },
    Case {
        name: "space-morph-webp",
        about: "morph of 10,000 points through 2-3-tanh-3-tanh-2, 155 frames of 900x900, to WebP",
        ours: &[
            "space",
            "2-3-tanh-3-tanh-2",
            "--morph",
            "--travel",
            "1",
            "--guides",
            "off",
            "-o",
            "@out/morph.webp",
        ],
        runs: 3,
        peers: &[],
        // 0.02 a frame.
        limits: &[Limit::Cpu(3.1)],
    },
    Case {
        name: "space-morph-mp4",
        about: "the same to MP4 (H.264)",
        ours: &[
            "space",
            "2-3-tanh-3-tanh-2",
            "--morph",
            "--travel",
            "1",
            "--guides",
            "off",
            "-o",
            "@out/morph.mp4",
        ],
        runs: 3,
        peers: &[],
        // 0.02 a frame.
        limits: &[Limit::Cpu(3.1)],
    },
    Case {
        name: "statistics-gguf",
        about: "statistics, quantiles and histogram of 1 GiB of GGUF, half Q4_K and half Q8_0",
        ours: &["inspect", "@1gib.gguf", "--stats"],
        runs: 5,
        peers: &[peer(
            "gguf.quants.dequantize and numpy, no quantiles, no histogram",
            &["gguf_statistics.py", "@1gib.gguf"],
        )],
        // Five times as fast as the peer.
        limits: &[Limit::TimesFirstPeer(0.2), Limit::Anonymous(100.0)],
    },
    of_a_gibibyte(
        "statistics-safetensors",
        "statistics, quantiles and histogram of 1 GiB of f32 as .safetensors",
        &["inspect", "@1gib.safetensors", "--stats"],
        &[
            peer(
                "safetensors and numpy, all of it",
                &["library_statistics.py", "@1gib.safetensors"],
            ),
            peer(
                "safetensors and numpy, no quantiles, no histogram",
                &["library_statistics.py", "@1gib.safetensors", "--moments"],
            ),
        ],
    ),
    of_a_gibibyte(
        "statistics-pytorch",
        "statistics, quantiles and histogram of 1 GiB of f32 as .pt",
        &["inspect", "@1gib.pt", "--stats"],
        &[
            peer(
                "torch.load, mapped, and numpy, all of it",
                &["library_statistics.py", "@1gib.pt"],
            ),
            peer(
                "torch.load, mapped, and numpy, no quantiles, no histogram",
                &["library_statistics.py", "@1gib.pt", "--moments"],
            ),
        ],
    ),
    of_a_gibibyte(
        "statistics-hdf5",
        "statistics, quantiles and histogram of 1 GiB of f32 as .h5",
        &["inspect", "@1gib.h5", "--stats"],
        &[
            peer("h5py and numpy, all of it", &["library_statistics.py", "@1gib.h5"]),
            peer(
                "h5py and numpy, no quantiles, no histogram",
                &["library_statistics.py", "@1gib.h5", "--moments"],
            ),
        ],
    ),
    of_a_gibibyte(
        "statistics-onnx",
        "statistics, quantiles and histogram of 1 GiB of f32 as .onnx",
        &["inspect", "@1gib.onnx", "--stats"],
        &[
            peer("onnx.load and numpy, all of it", &["library_statistics.py", "@1gib.onnx"]),
            peer(
                "onnx.load and numpy, no quantiles, no histogram",
                &["library_statistics.py", "@1gib.onnx", "--moments"],
            ),
        ],
    ),
    of_a_gibibyte(
        "statistics-npz",
        "statistics, quantiles and histogram of 1 GiB of f32 as .npz",
        &["inspect", "@1gib.npz", "--stats"],
        &[
            peer("np.load and numpy, all of it", &["library_statistics.py", "@1gib.npz"]),
            peer(
                "np.load and numpy, no quantiles, no histogram",
                &["library_statistics.py", "@1gib.npz", "--moments"],
            ),
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell;

    #[test]
    fn names_are_unique_and_rows_are_whole() {
        for (index, case) in CASES.iter().enumerate() {
            assert!(CASES[..index].iter().all(|other| other.name != case.name), "{}", case.name);
            assert!(!case.ours.is_empty() && !case.about.is_empty(), "{}", case.name);
            assert!(!case.limits.is_empty(), "{} has no limit", case.name);
            assert!(case.runs % 2 == 1, "{}: a median wants an odd number of runs", case.name);
        }
    }

    #[test]
    fn every_peer_is_a_script_of_ours() {
        let folder = shell::root().join("benches/peers");
        for peer in CASES.iter().flat_map(|case| case.peers) {
            assert!(folder.join(peer.command[0]).exists(), "{}", peer.command[0]);
        }
    }
}
