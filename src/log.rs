//! Where servers write what happens: standard error, chosen by `RUST_LOG`.

use tracing_subscriber::EnvFilter;

/// Begins to log. In a process that logs already, that goes on.
pub fn begin() {
    let chosen = std::env::var("RUST_LOG").unwrap_or_else(|_| "info".to_owned());
    let filter = EnvFilter::try_new(chosen).unwrap_or_else(|_| EnvFilter::new("info"));
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter);
    let _ = subscriber.with_writer(std::io::stderr).try_init();
}
