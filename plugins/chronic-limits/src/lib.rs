//! rule pack
