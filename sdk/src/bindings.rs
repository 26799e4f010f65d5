//! The contract as `wit-bindgen` gives it. Packs use the typed views instead.

wit_bindgen::generate!({
    path: "../wit",
    world: "rule-pack",
    pub_export_macro: true,
    export_macro_name: "export_component",
    default_bindings_module: "rulepack_sdk::bindings",
    runtime_path: "rulepack_sdk::wit_bindgen::rt",
});
