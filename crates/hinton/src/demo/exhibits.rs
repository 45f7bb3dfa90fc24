//! The contents of the gallery: each picture is described by its command.

use super::trained::{RECORDED, Recorded};
use crate::settings::{self, Takes};

/// One picture of the gallery.
pub(super) struct Exhibit {
    /// Name of its pictures, without extension.
    pub(super) name: &'static str,
    /// What it shows.
    pub(super) title: &'static str,
    /// How to read it.
    pub(super) text: &'static str,
    /// What is shown, and how.
    pub(super) shows: Shows,
    /// Settings and their values, as on the command line; a value may be empty.
    pub(super) settings: &'static [(&'static str, &'static str)],
    /// Extensions besides `png`.
    pub(super) also: &'static [&'static str],
    /// Whether a theme would change it: presets of white pages have none.
    pub(super) themed: bool,
}

/// What an exhibit shows.
pub(super) enum Shows {
    /// Tensors of a file: `hinton draw FILE -t …`.
    Tensors { file: &'static str, tensors: &'static [&'static str] },
    /// A recorded run: `hinton draw RUN`.
    Run { run: &'static str, tensors: &'static [&'static str] },
    /// A run as a film: `hinton animate RUN -t …`.
    Film { run: &'static str, tensors: &'static [&'static str] },
    /// A network of random weights, this many times as large as usual:
    /// `hinton space NETWORK --scale … --seed …`.
    Space { network: &'static str, scale: f64, seed: u64 },
    /// What a run has learned to do to its points: `hinton space RUN`.
    SpaceOfRun { run: &'static str },
}

impl Exhibit {
    /// Whether there is a dark picture too.
    pub(super) fn has_dark(&self) -> bool {
        self.themed
    }

    /// The extension of the picture that the page shows.
    pub(super) fn main_extension(&self) -> &'static str {
        if matches!(self.shows, Shows::Film { .. }) { "gif" } else { "png" }
    }

    /// The extensions of the pictures; the dark one is for the page alone.
    pub(super) fn extensions(&self, dark: bool) -> impl Iterator<Item = &'static str> {
        let also: &'static [&'static str] = if dark { &[] } else { self.also };
        std::iter::once(self.main_extension()).chain(also.iter().copied())
    }

    /// A page that turns and plays in a browser, where there is one.
    pub(super) fn page(&self) -> Option<String> {
        let is_space = matches!(self.shows, Shows::Space { .. } | Shows::SpaceOfRun { .. });
        is_space.then(|| self.picture(false, "html"))
    }

    /// The command that makes what this one is drawn from, where there is one.
    pub(super) fn before(&self) -> Option<String> {
        let run = match &self.shows {
            Shows::Run { run, .. } | Shows::Film { run, .. } | Shows::SpaceOfRun { run } => *run,
            _ => return None,
        };
        RECORDED.iter().find(|one| one.folder == run).map(Recorded::command)
    }

    /// File name of a picture.
    pub(super) fn picture(&self, dark: bool, extension: &str) -> String {
        format!("{}{}.{extension}", self.name, if dark { "-dark" } else { "" })
    }

    /// The command that makes the picture, in parts that belong together.
    pub(super) fn command(&self) -> Vec<String> {
        let (verb, source, tensors): (_, _, &[&str]) = match &self.shows {
            Shows::Tensors { file, tensors } => ("draw", *file, tensors),
            Shows::Run { run, tensors } => ("draw", *run, tensors),
            Shows::Film { run, tensors } => ("animate", *run, tensors),
            Shows::Space { network, .. } => ("space", *network, &[]),
            Shows::SpaceOfRun { run } => ("space", *run, &[]),
        };
        let mut words = vec![format!("hinton {verb}"), source.to_owned()];
        words.extend(tensors.iter().map(|tensor| format!("-t {}", quoted(tensor))));
        if let Shows::Space { scale, seed, .. } = &self.shows {
            words.push(format!("--scale {scale}"));
            words.push(format!("--seed {seed}"));
        }
        for (setting, value) in self.settings {
            words.push(match settings::named(setting).map(|row| row.takes) {
                Some(Takes::Value(_)) => format!("--{setting} {}", quoted(value)),
                Some(Takes::Perhaps(_)) => format!("--{setting}={}", quoted(value)),
                _ => format!("--{setting}"),
            });
        }
        words.push(format!("-o {}", self.picture(false, self.main_extension())));
        words
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/,:+=".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { format!("'{word}'") }
}

const SOFTMAX: &str = "digits_softmax.safetensors";
const MLP: &str = "digits_mlp.safetensors";
const CONV: &str = "digits_conv.safetensors";
const IMAGES: &str = "digits_images.npy";
const RANDOM: &str = "hinton_demo.npy";
const DIGITS_RUN: &str = "digits_run";
const SPIRALS_RUN: &str = "spirals_run";

/// The gallery, in order.
pub(super) const EXHIBITS: &[Exhibit] = &[
    Exhibit {
        name: "overview",
        title: "A whole file at a glance",
        text: "A file with several tensors and no options: every tensor with its name, shape and \
               range. These are the weights of a softmax classifier and what Adam remembers of them.",
        shows: Shows::Tensors { file: SOFTMAX, tensors: &[] },
        settings: &[],
        also: &["pdf"],
        themed: true,
    },
    Exhibit {
        name: "classes",
        title: "What a classifier looks for",
        text: "One column of the weights for each digit, as the 8 × 8 picture it weighs. Orange and brown \
               pixels speak for the digit, blue ones against it; zero is exactly white, on dark pages black.",
        shows: Shows::Tensors { file: SOFTMAX, tensors: &["weight"] },
        settings: &[("each", "column"), ("reshape", "8x8"), ("columns", "5")],
        also: &["svg", "pdf"],
        themed: true,
    },
    Exhibit {
        name: "learn",
        title: "Watching it learn",
        text: "Every recorded step of a training in one film, on one scale: dense where the learning is. The line \
               below is the loss.",
        shows: Shows::Film { run: DIGITS_RUN, tensors: &["weight"] },
        settings: &[("each", "column"), ("reshape", "8x8"), ("columns", "5")],
        also: &[],
        themed: true,
    },
    Exhibit {
        name: "run",
        title: "A training at a glance",
        text: "Loss and accuracy, how the weights spread over the steps, which digits are taken for which, \
               and the weights at the end.",
        shows: Shows::Run { run: DIGITS_RUN, tensors: &[] },
        settings: &[],
        also: &["pdf"],
        themed: true,
    },
    Exhibit {
        name: "profile",
        title: "How large weights are",
        text: "Figures of the weights over the steps of a training: they grow, and each step changes them less. Of \
               a checkpoint the same lines run over its layers.",
        shows: Shows::Run { run: DIGITS_RUN, tensors: &[] },
        settings: &[("as", "profile")],
        also: &[],
        themed: true,
    },
    Exhibit {
        name: "space",
        title: "What a network does to space",
        text: "A mesh of points after every step of a small random network. Each point keeps the colour \
               of its input: linear maps stretch and turn, tanh bends all into a box, and the last map \
               flattens what is left. The page beside it turns, zooms and plays.",
        shows: Shows::Space { network: "2-3-tanh-3-tanh-2", scale: 2.0, seed: 3 },
        settings: &[],
        also: &[],
        themed: true,
    },
    Exhibit {
        name: "spirals",
        title: "How spirals come apart",
        text: "A network of 16 and 16 units after its training: layer by layer it untangles two spirals, until a \
               straight line tells them apart.",
        shows: Shows::SpaceOfRun { run: SPIRALS_RUN },
        settings: &[],
        also: &[],
        themed: true,
    },
    Exhibit {
        name: "images",
        title: "What it was trained on",
        text: "Bytes of three axes are pictures: one tile for each, in greys.",
        shows: Shows::Tensors { file: IMAGES, tensors: &[] },
        settings: &[("columns", "20")],
        also: &[],
        themed: true,
    },
    Exhibit {
        name: "hinton",
        title: "A Hinton diagram",
        text: "The area of a square is the magnitude of a weight, white is positive and black is \
               negative: the output layer of a network with 32 hidden units.",
        shows: Shows::Tensors { file: MLP, tensors: &["2.weight"] },
        settings: &[],
        also: &["svg", "pdf"],
        themed: true,
    },
    Exhibit {
        name: "annotated",
        title: "A heat map with its values",
        text: "Values are written in black or white, whichever reads better on the cell's colour.",
        shows: Shows::Tensors { file: MLP, tensors: &["2.weight[:,:12]"] },
        settings: &[
            ("as", "heatmap"),
            ("annotate", ".2f"),
            ("row-labels", "digit {}"),
            ("col-labels", "unit {}"),
        ],
        also: &["svg", "pdf"],
        themed: true,
    },
    Exhibit {
        name: "hidden-units",
        title: "What hidden units see",
        text: "Each row of the first layer as a picture of the 8 × 8 pixels it reads.",
        shows: Shows::Tensors { file: MLP, tensors: &["0.weight"] },
        settings: &[("each", "row"), ("reshape", "8x8"), ("columns", "8")],
        also: &[],
        themed: true,
    },
    Exhibit {
        name: "kernels",
        title: "Convolution kernels",
        text: "The shape [16, 1, 5, 5] is recognised as a convolution: a tile for each filter.",
        shows: Shows::Tensors { file: CONV, tensors: &["0.weight"] },
        settings: &[],
        also: &["svg"],
        themed: true,
    },
    Exhibit {
        name: "matrix",
        title: "A matrix as a heat map",
        text: "A classifier on top of a convolution: ten digits down, 256 inputs across. Only the \
               middle 98 % of the values span the colours, so single outliers do not pale the rest.",
        shows: Shows::Tensors { file: CONV, tensors: &["3.weight"] },
        settings: &[("as", "heatmap"), ("range", "robust")],
        also: &[],
        themed: true,
    },
    Exhibit {
        name: "moments",
        title: "Many magnitudes",
        text: "Adam's second moments span many powers of ten; a logarithmic scale shows them all.",
        shows: Shows::Tensors { file: SOFTMAX, tensors: &["optimizer.exp_avg_sq.weight"] },
        settings: &[("as", "heatmap"), ("transpose", ""), ("scale", "symlog"), ("cmap", "viridis")],
        also: &[],
        themed: true,
    },
    Exhibit {
        name: "vector",
        title: "A vector",
        text: "The biases of a layer, each a bar from zero; beside them the same values sorted.",
        shows: Shows::Tensors { file: MLP, tensors: &["0.bias"] },
        settings: &[],
        also: &[],
        themed: true,
    },
    Exhibit {
        name: "histogram",
        title: "How weights spread",
        text: "The weights of the first layer, counted.",
        shows: Shows::Tensors { file: MLP, tensors: &["0.weight"] },
        settings: &[("as", "histogram")],
        also: &["svg"],
        themed: true,
    },
    Exhibit {
        name: "histograms",
        title: "Layers beside one another",
        text: "Several tensors over one another, shares of their values on a logarithmic axis.",
        shows: Shows::Tensors { file: MLP, tensors: &["?.weight"] },
        settings: &[("as", "histogram"), ("log", ""), ("bins", "40")],
        also: &["pdf"],
        themed: true,
    },
    Exhibit {
        name: "spectrum",
        title: "Which directions matter",
        text: "Singular values of a layer, the largest first. What lies above the dashed line stands out of noise of \
               the same size; the figures below say how many directions matter.",
        shows: Shows::Tensors { file: MLP, tensors: &["0.weight"] },
        settings: &[("as", "spectrum")],
        also: &[],
        themed: true,
    },
    Exhibit {
        name: "paper",
        title: "For print",
        text: "The paper theme: black type on white. As a PDF it is vector, with real text.",
        shows: Shows::Tensors { file: RANDOM, tensors: &[] },
        settings: &[("theme", "paper"), ("size", "8cm"), ("title", "")],
        also: &["svg", "pdf"],
        themed: false,
    },
    Exhibit {
        name: "matplotlib-hinton",
        title: "matplotlib's Hinton diagram",
        text: "The picture of matplotlib's gallery from the same numbers, its transposition included.",
        shows: Shows::Tensors { file: RANDOM, tensors: &[] },
        settings: &[("preset", "matplotlib-hinton")],
        also: &[],
        themed: false,
    },
    Exhibit {
        name: "mnist-weights",
        title: "The tutorials' picture of a softmax classifier",
        text: "Twelve frames, ten used, colour map seismic from the smallest to the largest weight: \
               here white is the middle of the range and not zero.",
        shows: Shows::Tensors { file: SOFTMAX, tensors: &["weight"] },
        settings: &[("preset", "mnist-weights"), ("each", "column"), ("reshape", "8x8")],
        also: &[],
        themed: false,
    },
    Exhibit {
        name: "matplotlib-heatmap",
        title: "matplotlib's annotated heat map",
        text: "15 × 10 inches, nine decimals, white lines, column labels on top.",
        shows: Shows::Tensors { file: MLP, tensors: &["0.weight[:8,10:20]"] },
        settings: &[("preset", "matplotlib-heatmap"), ("range", "-0.3..0.3")],
        also: &[],
        themed: false,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_chart_and_preset_is_shown() {
        let named = |setting: &str, value: &str| {
            EXHIBITS.iter().any(|exhibit| exhibit.settings.contains(&(setting, value)))
        };
        for preset in hinton_chart::PRESETS {
            assert!(named("preset", preset.name), "{}", preset.name);
        }
        let mut names: Vec<&str> = EXHIBITS.iter().map(|exhibit| exhibit.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), EXHIBITS.len());
    }

    #[test]
    fn commands_survive_a_shell() {
        let command =
            EXHIBITS.iter().find(|one| one.name == "annotated").unwrap().command().join(" ");
        assert_eq!(
            command,
            "hinton draw digits_mlp.safetensors -t '2.weight[:,:12]' --as heatmap --annotate=.2f \
             --row-labels 'digit {}' --col-labels 'unit {}' -o annotated.png"
        );
    }
}
