//! Every spelling on every carrier, against the reader they all share: a row is a fact of MicroSIP's or of this phone's
//! contract. Named by the sections of the compatibility reference they hold to.

#![allow(missing_docs)]

mod carriers;
mod hostile;
mod rows;
