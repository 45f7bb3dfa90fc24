//! The table of data files of a manifest or node, and places in those files.

use std::sync::Arc;

use super::block::Fields;
use super::spend;
use crate::Error;

/// Longest path of a data file.
const LONGEST: usize = 65_535;

/// A run of bytes in a data file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The file, below the folder.
    pub(super) file: Arc<str>,
    /// What the paths of the files that a node there names begin with.
    pub(super) base: Arc<str>,
    pub(super) start: u64,
    pub(super) len: u64,
}

/// The data files that a manifest or node names.
#[derive(Debug)]
pub(super) struct Paths(Vec<(Arc<str>, Arc<str>)>);

impl Paths {
    /// Reads the table of a block whose files' paths begin with `base`.
    ///
    /// # Errors
    /// Returns an error if it is damaged or takes more than the budget.
    pub(super) fn read(
        fields: &mut Fields<'_>,
        base: &str,
        budget: &mut u64,
    ) -> Result<Self, Error> {
        // Two lengths each, at least.
        let count = fields.count(2)?;
        let shared = fields.lengths(count.saturating_sub(1))?;
        let own = fields.lengths(count)?;
        let bases = fields.lengths(count)?;
        let mut files = Vec::new();
        let mut path: Vec<u8> = Vec::new();
        for at in 0..count {
            let kept = at.checked_sub(1).map_or(0, |before| shared[before]);
            if kept > path.len() {
                return Err(fields.wrong("a path shares more with the one before than it has"));
            }
            path.truncate(kept);
            path.extend(fields.take(own[at])?);
            let inside = path.get(..bases[at]);
            let inside = inside.ok_or_else(|| fields.wrong("a path is shorter than its base"))?;
            if base.len() + path.len() > LONGEST {
                return Err(fields.wrong("the path of a data file is too long"));
            }
            spend(budget, (base.len() + path.len()) as u64 * 2)?;
            let text = |bytes: &[u8]| -> Result<Arc<str>, Error> {
                let text = std::str::from_utf8(bytes);
                let text = text.map_err(|_| fields.wrong("the path of a data file is not text"))?;
                Ok(Arc::from(format!("{base}{text}")))
            };
            files.push((text(&path)?, text(inside)?));
        }
        Ok(Paths(files))
    }

    /// The place in the file of that number.
    ///
    /// # Errors
    /// Returns an error if the table has no such file.
    pub(super) fn place(
        &self,
        fields: &Fields<'_>,
        file: u64,
        start: u64,
        len: u64,
    ) -> Result<Place, Error> {
        let named = usize::try_from(file).ok().and_then(|file| self.0.get(file));
        let (file, base) = named.ok_or_else(|| {
            let have = self.0.len();
            fields.wrong(&format!("it names data file {file}, its table has {have}"))
        })?;
        Ok(Place { file: file.clone(), base: base.clone(), start, len })
    }
}
