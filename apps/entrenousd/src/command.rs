pub(crate) mod backup;
pub(crate) mod config;
pub(crate) mod health;
pub(crate) mod init;
pub(crate) mod man;
pub(crate) mod pins;
pub(crate) mod run;
pub(crate) mod status;
