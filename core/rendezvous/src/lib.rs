//! REUNION: everyone who knows the passphrase swaps a message.
