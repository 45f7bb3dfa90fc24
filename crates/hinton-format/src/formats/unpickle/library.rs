//! The row of a library whose arrays a pickle may hold.

use super::parts::Label;
use super::reader::{Leaf, Reader};
use crate::Error;
use crate::container::pickle::{Global, Id, Object, Pickle};

/// The libraries that a pickle is read with; numpy and Python itself are always known.
pub(crate) type Libraries = &'static [Library];

/// The parts of an object, and what each is called there.
pub(crate) type Parts = Vec<(Label, Id)>;

/// Makes the array that a persistent id stands for.
type BuildPersistent = fn(&mut Reader<'_>, Id, &str) -> Result<Leaf, Error>;

/// A library of arrays: which calls make them, and what each call says. No call is ever made.
pub(crate) struct Library {
    /// Whether the callable of this module and name makes an array: one that is read, or one that is
    /// reported as not read.
    pub(crate) makes: fn(&str, &str) -> bool,
    /// Whether another class or function of the library needs no warning.
    pub(crate) knows: fn(&Global) -> bool,
    /// The array of an object whose callable has this name and for which `makes` holds, under the
    /// name of the last argument.
    pub(crate) build: fn(&mut Reader<'_>, &Object, &str, &str) -> Result<Leaf, Error>,
    /// The array that a persistent id stands for; `None` if the library writes none.
    pub(crate) persistent: Option<BuildPersistent>,
    /// Whether the object is one array that the file stores as several. It is asked often, and must
    /// not depend on the number of parts.
    pub(crate) is_composite: fn(&Pickle<'_>, &Object) -> bool,
    /// The parts of a composite; `None` for other objects.
    pub(crate) parts: fn(&Pickle<'_>, &Object) -> Option<Parts>,
    /// What the user should know about a composite; `None` for other objects.
    pub(crate) note: fn(&Pickle<'_>, &Object) -> Option<String>,
    /// The contents among the arguments of a class that holds arrays; `None` for other objects.
    pub(crate) holds: fn(&Pickle<'_>, &Object) -> Option<Parts>,
    /// Attributes whose contents are named as if they were the object's own.
    pub(crate) own: &'static [&'static str],
    /// The text or list that an object of a plain class stands for, such as a shape; `None` for
    /// other objects.
    pub(crate) plain: fn(&Pickle<'_>, &Object) -> Option<Id>,
}

/// The library that makes an array by a callable.
pub(super) fn making(libraries: Libraries, module: &str, name: &str) -> Option<&'static Library> {
    libraries.iter().find(|library| (library.makes)(module, name))
}

/// Whether the object is a composite of one of the libraries.
pub(super) fn is_composite(libraries: Libraries, pickle: &Pickle<'_>, object: &Object) -> bool {
    libraries.iter().any(|library| (library.is_composite)(pickle, object))
}

/// The text or list that an object of a plain class stands for.
pub(super) fn plain(libraries: Libraries, pickle: &Pickle<'_>, object: &Object) -> Option<Id> {
    libraries.iter().find_map(|library| (library.plain)(pickle, object))
}

/// What the user should know about a composite of one of the libraries.
pub(super) fn note(libraries: Libraries, pickle: &Pickle<'_>, object: &Object) -> Option<String> {
    libraries.iter().find_map(|library| (library.note)(pickle, object))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use hinton_tensor::{Dtype, Endian, Memory, View};

    use super::super::{Found, Raw, walk};
    use super::*;
    use crate::Limits;
    use crate::container::pickle::load;

    /// A library of one function, `mine.row`, whose tensor is a zero.
    const MINE: Library = Library {
        makes: |module, name| (module, name) == ("mine", "row"),
        knows: |global| global.module == "mine",
        build: |reader, _, _, name| {
            let raw = Raw { data: Arc::new(Memory::new(vec![0])), start: 0, len: 1 };
            let tensor =
                reader.tensor(name, (Dtype::U8, Endian::Little), View::packed(&[1]), &raw)?;
            Ok(Leaf::Tensor(tensor, None))
        },
        persistent: None,
        is_composite: |_, _| false,
        parts: |_, _| None,
        note: |_, _| None,
        holds: |_, _| None,
        own: &[],
        plain: |_, _| None,
    };

    fn read(stream: &'static [u8], libraries: Libraries) -> Found {
        let pickle = load(stream, 0, &Limits::default()).unwrap();
        let data = Arc::new(Memory::new(stream.to_vec()));
        let reader = Reader::new(&pickle, data, "file", &Limits::default());
        walk(&mut reader.with(libraries), "lone").unwrap()
    }

    #[test]
    fn only_the_libraries_of_the_table_are_read() {
        // {'a': mine.row()}
        let stream = b"\x80\x02}X\x01\x00\x00\x00acmine\nrow\n)Rs.";
        let found = read(stream, &[MINE]);
        assert_eq!(found.tensors[0].name(), "a");
        assert!(found.warnings.is_empty());
        let found = read(stream, &[]);
        assert!(found.tensors.is_empty());
        assert!(found.warnings[0].message.contains("mine.row"));
    }

    #[test]
    fn what_is_stored_outside_the_pickle_is_skipped_where_no_library_writes_it() {
        // The persistent id 1.
        let found = read(b"\x80\x02K\x01Q.", &[MINE]);
        assert!(found.tensors.is_empty());
        assert!(found.first_skipped.unwrap().message().contains("outside the pickle"));
    }
}
