//! The axes of convolution kernels, as each format stores them.

use crate::Checkpoint;

/// The order in which a format stores the axes of a two-dimensional kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KernelAxes {
    /// What each axis is, in the order of the file.
    pub names: [&'static str; 4],
    /// The indices of the axes out, in, height and width.
    pub order: [usize; 4],
}

/// `[out, in, height, width]`.
pub const OIHW: KernelAxes =
    KernelAxes { names: ["out", "in", "height", "width"], order: [0, 1, 2, 3] };
/// `[height, width, in, out]`.
pub const HWIO: KernelAxes =
    KernelAxes { names: ["height", "width", "in", "out"], order: [3, 2, 0, 1] };
/// `[out, height, width, in]`.
pub const OHWI: KernelAxes =
    KernelAxes { names: ["out", "height", "width", "in"], order: [0, 3, 1, 2] };

/// The formats with a defined order, by the names of their rows. Other formats hold arrays of any
/// origin.
///
/// PyTorch: `torch.nn.Conv2d`; ONNX: operator `Conv`; Core ML: `ConvolutionLayerParams` and MIL `conv`;
/// Caffe: `ConvolutionParameter`; Darknet: `load_convolutional_weights`; Keras and TensorFlow:
/// `tf.nn.conv2d`; Flax: `nn.Conv`; TensorFlow Lite: `CONV_2D`; ggml: `ggml_conv_2d`, axes reversed; KataGo:
/// `ConvLayerDesc`; Leela Chess Zero: `network_legacy.cc`.
pub const KERNEL_AXES: &[(&str, KernelAxes)] = &[
    ("pytorch", OIHW),
    ("pt2", OIHW),
    ("dcp", OIHW),
    ("onnx", OIHW),
    ("coreml", OIHW),
    ("caffe", OIHW),
    ("caffe2", OIHW),
    ("darknet", OIHW),
    ("gguf", OIHW),
    ("ggml", OIHW),
    ("leela", OIHW),
    ("keras", HWIO),
    ("katago", HWIO),
    ("flax", HWIO),
    ("orbax", HWIO),
    ("tfcheckpoint", HWIO),
    ("tfgraph", HWIO),
    ("tflite", OHWI),
];

/// What writers of safetensors call their library, in the entry `format` of the metadata.
const LIBRARIES: [(&str, KernelAxes); 4] =
    [("pt", OIHW), ("tf", HWIO), ("flax", HWIO), ("mlx", OHWI)];

impl Checkpoint {
    /// The order of the axes of kernels in this file; `None` if the format does not define one.
    pub fn kernel_axes(&self) -> Option<KernelAxes> {
        let entry = |name: &str| self.metadata.iter().find(|(key, _)| key == name);
        let known = KERNEL_AXES.iter().find(|(format, _)| *format == self.format);
        match self.format {
            "safetensors" | "sharded" => {
                let (_, library) = entry("format")?;
                LIBRARIES.iter().find(|(name, _)| name == library).map(|found| found.1)
            }
            // HDF5 holds anything; Keras leaves its version.
            "hdf5" => entry("keras_version").map(|_| HWIO),
            _ => known.map(|found| found.1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FORMATS;

    #[test]
    fn formats_are_rows_and_orders_name_their_axes() {
        for (name, axes) in KERNEL_AXES {
            assert!(FORMATS.iter().any(|row| row.name == *name), "{name}");
            let named = axes.order.map(|axis| axes.names[axis]);
            assert_eq!(named, ["out", "in", "height", "width"], "{name}");
        }
    }
}
