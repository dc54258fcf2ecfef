//! The simulator as its clients see it: over real HTTP.

mod binary;
mod clienttether;
mod current_rms;
