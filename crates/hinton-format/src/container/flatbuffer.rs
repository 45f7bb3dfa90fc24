//! FlatBuffers by their layout: tables, vectors and strings as offsets into the bytes, without
//! copies.
//!
//! No code is generated from a schema. Every offset is checked against the bytes, and the number of
//! tables and vectors that are entered is limited.
//!
//! Layout: <https://flatbuffers.dev/internals/>.

use std::cell::Cell;
use std::sync::Arc;

use hinton_tensor::Bytes;

use crate::source::read_vec;
use crate::{Error, ErrorKind, Limits};

const CUT: &str = "the file is cut or damaged: download or copy it again";

/// Bytes that hold a FlatBuffer.
pub struct Flat {
    data: Arc<dyn Bytes>,
    left: Cell<u64>,
}

/// A table: its offset, and that of its list of fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    at: u64,
    fields: u64,
    /// Bytes of the list of fields.
    len: u64,
}

/// A vector: the offset of its first element, and its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vector {
    /// The offset of the first element.
    pub start: u64,
    /// The number of elements.
    pub len: u64,
}

impl Flat {
    /// Takes all of `data` as one FlatBuffer.
    pub fn new(data: Arc<dyn Bytes>, limits: &Limits) -> Self {
        Flat { data, left: Cell::new(limits.fields) }
    }

    /// The outermost table.
    ///
    /// # Errors
    /// Returns an error if its offset points outside the file.
    pub fn root(&self) -> Result<Table, Error> {
        self.table(0)
    }

    /// Reads a little-endian number of `N` bytes at an offset.
    ///
    /// # Errors
    /// Returns an error if the offset is outside the file.
    pub fn number<const N: usize>(&self, at: u64) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        match self.data.read_at(at, &mut bytes) {
            Ok(()) => Ok(bytes),
            Err(_) => {
                let have = self.data.len();
                let message = format!("a number of {N} bytes is outside the file of {have} bytes");
                Err(Error::malformed(message).at_byte(at).cure(CUT))
            }
        }
    }

    /// Follows the offset stored at `offset_at` to a table.
    ///
    /// # Errors
    /// Returns an error if the table or its list of fields is outside the file.
    pub fn table(&self, offset_at: u64) -> Result<Table, Error> {
        self.spend(1, offset_at)?;
        let at = offset_at + u64::from(u32::from_le_bytes(self.number(offset_at)?));
        let back = i64::from(i32::from_le_bytes(self.number(at)?));
        let Some(fields) = at.checked_add_signed(-back) else {
            let message = "the list of a table's fields is outside the file";
            return Err(Error::malformed(message).at_byte(at).cure(CUT));
        };
        let len = u64::from(u16::from_le_bytes(self.number(fields)?));
        Ok(Table { at, fields, len })
    }

    /// The offset of the field with this index; `None` if the table does not have it.
    ///
    /// # Errors
    /// Returns an error if the list of fields is outside the file.
    pub fn field(&self, table: Table, index: u64) -> Result<Option<u64>, Error> {
        let slot = 4 + 2 * index;
        if slot + 2 > table.len {
            return Ok(None);
        }
        let offset = u16::from_le_bytes(self.number(table.fields + slot)?);
        Ok((offset > 0).then(|| table.at + u64::from(offset)))
    }

    /// Follows the offset stored at `offset_at` to a vector with elements of `width` bytes.
    ///
    /// # Errors
    /// Returns an error if it is outside the file.
    pub fn vector(&self, offset_at: u64, width: u64) -> Result<Vector, Error> {
        let at = offset_at + u64::from(u32::from_le_bytes(self.number(offset_at)?));
        let len = u64::from(u32::from_le_bytes(self.number(at)?));
        let start = at + 4;
        if len * width > self.data.len().saturating_sub(start) {
            let have = self.data.len();
            let message =
                format!("a vector of {len} elements of {width} bytes leaves the file of {have}");
            return Err(Error::malformed(message).at_byte(at).cure(CUT));
        }
        Ok(Vector { start, len })
    }

    /// Reads the field with this index as a table.
    ///
    /// # Errors
    /// Returns the errors of [`Flat::table`].
    pub fn table_in(&self, table: Table, index: u64) -> Result<Option<Table>, Error> {
        self.field(table, index)?.map(|at| self.table(at)).transpose()
    }

    /// Reads the field with this index as a vector with elements of `width` bytes.
    ///
    /// # Errors
    /// Returns the errors of [`Flat::vector`].
    pub fn vector_in(&self, table: Table, index: u64, width: u64) -> Result<Option<Vector>, Error> {
        self.field(table, index)?.map(|at| self.vector(at, width)).transpose()
    }

    /// The tables of a vector of tables.
    ///
    /// # Errors
    /// Returns the errors of [`Flat::vector`]; the tables are checked one by one.
    pub fn tables_in(
        &self,
        table: Table,
        index: u64,
    ) -> Result<impl ExactSizeIterator<Item = Result<Table, Error>> + '_, Error> {
        let vector = self.vector_in(table, index, 4)?.unwrap_or(Vector { start: 0, len: 0 });
        let len = usize::try_from(vector.len).unwrap_or(usize::MAX);
        Ok((0..len).map(move |at| self.table(vector.start + 4 * at as u64)))
    }

    /// Reads the field with this index as numbers of `N` bytes.
    ///
    /// # Errors
    /// Returns the errors of [`Flat::vector`]; and an error if there are more than the limits of
    /// the file allow.
    pub fn numbers_in<const N: usize>(
        &self,
        table: Table,
        index: u64,
    ) -> Result<Vec<[u8; N]>, Error> {
        let Some(vector) = self.vector_in(table, index, N as u64)? else { return Ok(Vec::new()) };
        self.spend(vector.len, vector.start)?;
        let bytes = read_vec(&*self.data, vector.start, vector.len * N as u64)?;
        Ok(bytes.chunks_exact(N).filter_map(|chunk| chunk.first_chunk().copied()).collect())
    }

    /// Reads the field with this index as text; invalid UTF-8 is replaced.
    ///
    /// # Errors
    /// Returns an error if it is outside the file, or longer than a name or note can be (1 MiB).
    pub fn text_in(&self, table: Table, index: u64) -> Result<String, Error> {
        const LONGEST: u64 = 1 << 20;
        let Some(vector) = self.vector_in(table, index, 1)? else { return Ok(String::new()) };
        if vector.len > LONGEST {
            let message = format!("a text of {} bytes; {LONGEST} are read", vector.len);
            return Err(Error::new(ErrorKind::Limit, message).at_byte(vector.start));
        }
        // Many tables may share one long text, which would take memory for each of them.
        self.spend(vector.len / 8, vector.start)?;
        let bytes = read_vec(&*self.data, vector.start, vector.len)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn spend(&self, count: u64, at: u64) -> Result<(), Error> {
        match self.left.get().checked_sub(count) {
            Some(left) => {
                self.left.set(left);
                Ok(())
            }
            None => Err(Error::new(ErrorKind::Limit, "it has too many tables").at_byte(at)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinton_tensor::Memory;

    /// A table of one field of two bytes and one text, by hand.
    const BYTES: &[u8] =
        b"\x0c\0\0\0\x08\0\x0c\0\x04\0\x08\0\x08\0\0\0\x07\x01\0\0\x04\0\0\0\x02\0\0\0hi\0\0";

    fn flat(bytes: &[u8]) -> Flat {
        Flat::new(Arc::new(Memory::new(bytes)), &Limits::default())
    }

    #[test]
    fn fields_are_found() {
        let flat = flat(BYTES);
        let root = flat.root().unwrap();
        let at = flat.field(root, 0).unwrap().unwrap();
        assert_eq!(u16::from_le_bytes(flat.number(at).unwrap()), 0x107);
        assert_eq!(flat.text_in(root, 1).unwrap(), "hi");
        assert_eq!(flat.field(root, 2).unwrap(), None);
        assert_eq!(flat.tables_in(root, 2).unwrap().len(), 0);
    }

    #[test]
    fn what_leads_outside_is_an_error() {
        for len in 0..BYTES.len() - 2 {
            let flat = flat(&BYTES[..len]);
            let read = flat.root().and_then(|root| flat.text_in(root, 1));
            assert!(read.is_err(), "{len}");
        }
        let mut far = BYTES.to_vec();
        far[24..28].copy_from_slice(&u32::MAX.to_le_bytes());
        let flat = flat(&far);
        let error = flat.text_in(flat.root().unwrap(), 1).unwrap_err();
        assert!(
            error.to_string().contains("at byte 24: a vector of 4294967295 elements"),
            "{error}"
        );
    }
}
