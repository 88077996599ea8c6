//! Every spelling on every carrier, against the reader they all share, and every key, line and account of its file: a row
//! is a fact of MicroSIP's or of this phone's contract. Named by the sections of the compatibility reference they hold to.

#![allow(missing_docs)]

mod accounts;
mod carriers;
mod hostile;
mod keys;
mod profile;
mod rows;
