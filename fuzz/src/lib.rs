//! What the fuzz targets share: a second reader of XML, and a service in the same process.

#![forbid(unsafe_code)]

pub mod answers;
pub mod expat;
pub mod http;
pub mod questions;
pub mod service;
pub mod tree;
pub mod words;
