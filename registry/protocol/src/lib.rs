//! All that two parties must agree on byte for byte.
