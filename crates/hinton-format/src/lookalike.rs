//! What is not weights but often lies under a name of weights.
