//! PEP 740 attestations.
