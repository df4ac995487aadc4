pub(crate) mod config;
pub(crate) mod health;
pub(crate) mod run;
