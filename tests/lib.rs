//! What the gates share.
