//! The functions that the page and the module call. Only numbers and bytes are exchanged, so the
//! page needs no generated code.
//!
//! The page writes its text at the address that [`input`] returns, and calls [`open`] or [`ask`].
//! Until the next call, [`answer`] and [`answer_length`] then give the address and length of the
//! response.
#![allow(unsafe_code)] // Names that the page can call, and one function of the page.

use std::sync::{Arc, Mutex, PoisonError};

use hinton_tensor::{Bytes, ReadError, range_end};
use serde_json::Value;

use crate::Page;

#[link(wasm_import_module = "hinton")]
unsafe extern "C" {
    /// Fills `buffer` with `length` bytes of a file from `offset` on, a whole number below 2^53. Returns 0
    /// when it did.
    fn read(file: u32, offset: f64, buffer: *mut u8, length: usize) -> u32;
}

static INPUT: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static ANSWER: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static PAGE: Mutex<Option<Page>> = Mutex::new(None);

/// A file of the page.
struct HostFile {
    number: u32,
    len: u64,
}

impl Bytes for HostFile {
    fn len(&self) -> u64 {
        self.len
    }

    fn slice(&self, _range: std::ops::Range<u64>) -> Option<&[u8]> {
        None
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), ReadError> {
        let len = buf.len() as u64;
        range_end(offset, len, self.len)?;
        // SAFETY: the page writes `buf.len()` bytes at the start of `buf`, which is borrowed for the call.
        let status = unsafe { read(self.number, offset as f64, buf.as_mut_ptr(), buf.len()) };
        match status {
            0 => Ok(()),
            _ => Err(ReadError::system(
                offset,
                len,
                "the browser could not read the file; it may have changed".to_owned(),
            )),
        }
    }

    fn file_byte(&self, offset: u64) -> Option<u64> {
        Some(offset)
    }
}

/// The address to which the page writes `length` bytes for the next call.
#[unsafe(no_mangle)]
pub extern "C" fn input(length: usize) -> *mut u8 {
    let mut input = INPUT.lock().unwrap_or_else(PoisonError::into_inner);
    input.clear();
    input.resize(length, 0);
    input.as_mut_ptr()
}

/// Opens the files that the input lists as JSON, `[["name", bytes], …]`; files are numbered in this
/// order. Returns 200 or 400. The response lists the files that were skipped: `{"refused":
/// [{"file", "why"}]}`.
#[unsafe(no_mangle)]
pub extern "C" fn open() -> u32 {
    let listed: Vec<(String, u64)> = match serde_json::from_slice::<Value>(&take_input()) {
        Ok(Value::Array(files)) => files.iter().filter_map(name_and_length).collect(),
        _ => Vec::new(),
    };
    let files = listed.into_iter().enumerate().map(|(number, (name, len))| {
        (name, Arc::new(HostFile { number: number as u32, len }) as Arc<dyn Bytes>)
    });
    let (status, page, refused) = match Page::open(files.collect()) {
        Ok((page, refused)) => (200, Some(page), refused),
        Err(refused) => (400, None, refused),
    };
    *PAGE.lock().unwrap_or_else(PoisonError::into_inner) = page;
    reply(crate::refused_as_json(&refused));
    status
}

/// Answers the question in the input, see [`Page::ask`].
#[unsafe(no_mangle)]
pub extern "C" fn ask() -> u32 {
    let question = String::from_utf8_lossy(&take_input()).into_owned();
    let page = PAGE.lock().unwrap_or_else(PoisonError::into_inner);
    let (status, bytes) = match &*page {
        Some(page) => page.ask(&question),
        None => (404, br#"{"error":"no file is open"}"#.to_vec()),
    };
    reply(bytes);
    status
}

/// Does some work in advance. Returns 0 if there is nothing left to do.
#[unsafe(no_mangle)]
pub extern "C" fn work_ahead() -> u32 {
    let page = PAGE.lock().unwrap_or_else(PoisonError::into_inner);
    u32::from(page.as_ref().is_some_and(Page::work_ahead))
}

/// The address of the last response.
#[unsafe(no_mangle)]
pub extern "C" fn answer() -> *const u8 {
    ANSWER.lock().unwrap_or_else(PoisonError::into_inner).as_ptr()
}

/// The length of the last response in bytes.
#[unsafe(no_mangle)]
pub extern "C" fn answer_length() -> usize {
    ANSWER.lock().unwrap_or_else(PoisonError::into_inner).len()
}

fn take_input() -> Vec<u8> {
    std::mem::take(&mut INPUT.lock().unwrap_or_else(PoisonError::into_inner))
}

fn reply(bytes: Vec<u8>) {
    *ANSWER.lock().unwrap_or_else(PoisonError::into_inner) = bytes;
}

fn name_and_length(file: &Value) -> Option<(String, u64)> {
    Some((file.get(0)?.as_str()?.to_owned(), file.get(1)?.as_u64()?))
}
