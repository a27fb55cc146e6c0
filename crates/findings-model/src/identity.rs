//! Which observation is which finding: ordered passes over the evidence, deterministic, failing closed when ambiguous.
