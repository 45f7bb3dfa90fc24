//! Data sets that are known by name.

use std::path::{Path, PathBuf};

use hinton_format::Limits;
use hinton_net::Shape;
use hinton_net::data::{self, DataSet, Inputs, TOYS};
use hinton_tensor::{Dtype, Tensor};

use crate::{Error, near};

mod row;

pub use row::{DataFile, DataRow};

const fn toy(name: &'static str, about: &'static str) -> DataRow {
    DataRow { name, about, help: TOY, files: &[], mirrors: &[], classes: &[] }
}

const TOY: &str = "1,000 points of the plane, made from the seed.";

/// Points of a toy.
const TOY_POINTS: usize = 1000;

/// Every data set that is known by name.
pub const DATA: &[DataRow] = &[
    DataRow {
        name: "digits",
        about: "1,797 handwritten digits of 8x8 pixels, inside the program",
        help: "E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning \
               Repository, 1998, https://doi.org/10.24432/C50P49, CC BY 4.0, in scikit-learn's copy; pixels \
               are divided by 16.",
        files: &[],
        mirrors: &[],
        classes: &[],
    },
    DataRow {
        name: "mnist",
        about: "60,000 handwritten digits of 28x28 pixels",
        help: "Y. LeCun, C. Cortes and C. Burges; pixels are divided by 255. The training files are used: \
               the first 5,000 images validate, as in TensorFlow's tutorials.",
        files: &[
            DataFile {
                name: "train-images-idx3-ubyte.gz",
                bytes: 9_912_422,
                sha256: "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            },
            DataFile {
                name: "train-labels-idx1-ubyte.gz",
                bytes: 28_881,
                sha256: "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            },
        ],
        mirrors: &[
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
        ],
        classes: &[],
    },
    DataRow {
        name: "fashion-mnist",
        about: "60,000 pictures of clothes of 28x28 pixels",
        help: "Zalando Research, https://github.com/zalandoresearch/fashion-mnist, MIT; pixels are divided by \
               255. The training files are used: the first 5,000 images validate.",
        files: &[
            DataFile {
                name: "train-images-idx3-ubyte.gz",
                bytes: 26_421_880,
                sha256: "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            },
            DataFile {
                name: "train-labels-idx1-ubyte.gz",
                bytes: 29_515,
                sha256: "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            },
        ],
        mirrors: &[
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        ],
        classes: &[
            "T-shirt",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ],
    },
    toy("spirals", "Two intertwined spirals"),
    toy("circles", "Two concentric circles"),
    toy("moons", "Two interlocking half circles"),
    toy("xor", "Four squares, opposite ones of the same class"),
    toy("gaussians", "Four clouds of points, one per class"),
];

/// The row of [`DATA`] with this name.
pub fn row(name: &str) -> Option<&'static DataRow> {
    DATA.iter().find(|row| row.name == name)
}

/// Loads data that is embedded in the program, or generates it from the seed.
///
/// # Errors
/// Returns an error if there is no such data set, or it is in files: see [`in_folder`].
pub fn named(name: &str, seed: u64) -> Result<DataSet, Error> {
    if name == "digits" {
        return Ok(data::digits());
    }
    if let Some(toy) = TOYS.iter().find(|toy| toy.name == name) {
        return Ok(toy.points(TOY_POINTS, seed));
    }
    match row(name) {
        Some(_) => Err(Error::unfit(
            format!("{name} lies in files of its own"),
            "say where they are with `data=FOLDER`",
        )),
        None => {
            let nearest = near::nearest(DATA.iter().map(|row| row.name), name);
            let help = format!("the nearest are {nearest}; or give a file: .npz, .csv, .npy");
            Err(Error::missing(format!("there is no data {name:?}, and no such file"), help))
        }
    }
}

/// Loads a data set whose files are in a folder, compressed or not.
///
/// # Errors
/// Returns an error if a file is missing or has the wrong contents.
pub fn in_folder(row: &'static DataRow, folder: &Path) -> Result<DataSet, Error> {
    let [images, labels] = row.files else { return named(row.name, 0) };
    let open = |file: &DataFile| {
        let path = find(folder, file.name)?;
        let checkpoint = hinton_format::open(&path, &Limits::default())?;
        let wrong = || Error::unfit(format!("{} holds no array", path.display()), "");
        Ok::<_, Error>((path.clone(), checkpoint.tensors.into_iter().next().ok_or_else(wrong)?))
    };
    let (image_path, images) = open(images)?;
    let (label_path, labels) = open(labels)?;
    let wrong = |path: &Path, tensor: &Tensor, expected: &str| {
        let (dtype, shape) = (tensor.dtype(), tensor.shape());
        let message =
            format!("{}: expected {expected}, found {dtype} of shape {shape:?}", path.display());
        Error::missing(message, format!("put the files of {} into the folder", row.name))
    };
    let (&[count, 28, 28], Dtype::U8) = (images.shape(), images.dtype()) else {
        return Err(wrong(&image_path, &images, "pictures of 28x28 bytes"));
    };
    if labels.shape() != [count] || labels.dtype() != Dtype::U8 {
        return Err(wrong(&label_path, &labels, &format!("{count} bytes")));
    }
    let labels = labels.packed_bytes()?;
    if let Some(at) = labels.iter().position(|label| *label > 9) {
        let message =
            format!("{}: label {at} is {}, expected 0 to 9", label_path.display(), labels[at]);
        return Err(Error::unfit(message, ""));
    }
    let classes = match row.classes {
        [] => (0..10).map(|digit| digit.to_string()).collect(),
        names => names.iter().map(|name| (*name).to_owned()).collect(),
    };
    Ok(DataSet {
        name: row.name.to_owned(),
        input: Shape::Image { channels: 1, height: 28, width: 28 },
        classes,
        inputs: Inputs::of_bytes(28 * 28, &images.packed_bytes()?, 255.0),
        labels: labels.into_iter().map(u32::from).collect(),
    })
}

/// The file in the folder, packed or not, with the dots that some copies have for dashes.
fn find(folder: &Path, name: &str) -> Result<PathBuf, Error> {
    let plain = name.strip_suffix(".gz").unwrap_or(name);
    let dotted = plain.replacen("-idx", ".idx", 1);
    let names = [name.to_owned(), plain.to_owned(), format!("{dotted}.gz"), dotted];
    let found = names.iter().map(|name| folder.join(name)).find(|path| path.is_file());
    found.ok_or_else(|| {
        Error::missing(
            format!("{}: there is no {name}", folder.display()),
            "say where the files are with `data=FOLDER`",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_whole_and_toys_are_those_of_the_network_crate() {
        for row in DATA {
            assert!(!row.about.is_empty() && row.help.ends_with('.'), "{}", row.name);
            assert!(row.files.iter().all(|file| file.sha256.len() == 64));
            assert_eq!(row.files.is_empty(), named(row.name, 1).is_ok(), "{}", row.name);
        }
        for toy in TOYS {
            assert_eq!(row(toy.name).map(|row| row.about), Some(toy.about));
        }
        let fault = named("spiral", 0).unwrap_err();
        assert!(fault.help().unwrap().contains("spirals"), "{fault:?}");
    }
}
