//! External data: values in a file beside the model, of ONNX and Core ML.

use std::collections::BTreeMap;
use std::sync::Arc;

use hinton_tensor::Bytes;

use crate::source::file;
use crate::{Error, ErrorKind, Input};

/// The location that ONNX Runtime writes for weights that lay in memory (`kTensorProtoMemoryAddressTag`).
const IN_MEMORY: &str = "*/_ORT_MEM_ADDR_/*";

/// The files beside a model, each opened once.
pub(crate) struct Beside<'a> {
    input: &'a Input,
    open: BTreeMap<String, (String, Arc<dyn Bytes>)>,
    order: Vec<String>,
}

/// The range of a file that holds the values of a tensor.
pub(crate) struct Place {
    /// The file, as it is shown to the user.
    pub(crate) file: String,
    pub(crate) data: Arc<dyn Bytes>,
    pub(crate) start: u64,
    /// Its length, where the model tells it.
    pub(crate) len: Option<u64>,
}

impl<'a> Beside<'a> {
    pub(crate) fn new(input: &'a Input) -> Self {
        Beside { input, open: BTreeMap::new(), order: Vec::new() }
    }

    /// The files that were opened, in order.
    pub(crate) fn files(self) -> Vec<String> {
        self.order
    }

    /// The place that the entries `location`, `offset` and `length` of a tensor name.
    ///
    /// # Errors
    /// Where it leaves the folder of the model, or the file is not there.
    pub(crate) fn place(&mut self, entries: &[(String, String)]) -> Result<Place, Error> {
        let entry = |key: &str| entries.iter().find(|(name, _)| name == key).map(|(_, text)| text);
        let number = |key: &str| {
            let parsed = entry(key).map(|text| text.trim().parse::<u64>());
            parsed.transpose().map_err(|_| {
                let text = entry(key).map(String::as_str).unwrap_or_default();
                Error::malformed(format!("the {key} of its external data is {text:?}"))
            })
        };
        let Some(location) = entry("location") else {
            return Err(Error::malformed("its external data has no location"));
        };
        let (start, len) = (number("offset")?.unwrap_or(0), number("length")?);
        let (file, data) = self.file(location)?;
        let end = start.checked_add(len.unwrap_or(0));
        if end.is_none_or(|end| end > data.len()) {
            let have = data.len();
            let message = format!(
                "its values should be {} bytes from byte {start} of {location:?}; the file has {have}",
                len.unwrap_or(0)
            );
            return Err(Error::malformed(message).cure(format!("get {location:?} again")));
        }
        Ok(Place { file, data, start, len })
    }

    /// The file of that name in the folder of the model, or below it.
    ///
    /// # Errors
    /// Returns the errors of [`Beside::place`].
    pub(crate) fn file(&mut self, location: &str) -> Result<(String, Arc<dyn Bytes>), Error> {
        if let Some((file, data)) = self.open.get(location) {
            return Ok((file.clone(), data.clone()));
        }
        if location == IN_MEMORY {
            let message = "it was saved while its weights were in the memory of ONNX Runtime: they are \
                           not in the file";
            return Err(Error::new(ErrorKind::Unsupported, message)
                .cure("save the model again with its weights, or open the one it was made from"));
        }
        // Windows writes paths with backslashes.
        let written = location.replace('\\', "/");
        let plain = written.strip_prefix("./").unwrap_or(&written);
        if !file::is_below(plain) {
            let message =
                format!("its external data is at {location:?}, outside the folder of the model");
            return Err(Error::new(ErrorKind::Refused, message)
                .cure("get the model from a source you trust"));
        }
        let Some(model) = &self.input.path else {
            let message = format!("its values are in {location:?}, beside the model");
            return Err(
                Error::new(ErrorKind::Unsupported, message).cure("open the model as a file")
            );
        };
        let folder = model.folder();
        let path = folder.join(plain);
        if path.is_missing() {
            let message = format!("its values are in {location:?}, which is missing");
            let cure = format!("download {location:?} into {}", folder.shown_folder());
            return Err(Error::new(ErrorKind::Io, message).cure(cure));
        }
        let file = path.display().to_string();
        path.check_beside(model)?;
        let data = path.open()?;
        self.order.push(file.clone());
        self.open.insert(location.to_owned(), (file.clone(), data.clone()));
        Ok((file, data))
    }
}
