//! The tests of this crate from outside, in one binary: each file is a module.

mod amplify;
mod cli;
mod data;
#[allow(dead_code)]
#[path = "../../hinton-render/tests/film/decode.rs"]
mod decode;
mod diff;
mod ffmpeg;
#[path = "../../hinton/tests/common/files.rs"]
mod files;
mod films;
mod hostile;
#[path = "../../hinton-remote/tests/support/hub.rs"]
#[allow(dead_code)]
mod hub;
mod interrupt;
mod remote;
mod runs;
#[path = "../../hinton-remote/tests/support/server.rs"]
#[allow(dead_code)]
mod server;
mod space;
mod steps;
mod summary;
mod support;
mod sweep;
mod terminal;
mod train;
mod view;
