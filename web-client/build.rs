//! Keeps the section that tells wasm-bindgen which WebAssembly features the module uses when `strip` removes the rest.

fn main() {
    if std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("wasm32") {
        println!("cargo::rustc-link-arg-bins=--keep-section=target_features");
    }
}
