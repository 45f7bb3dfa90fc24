//! Where bytes come from: mapped files, memory, inflated members.
