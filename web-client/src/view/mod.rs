//! What is on the page. Components take plain values or the walk; none knows a rule of the protocol.

pub(crate) mod afterwards;
pub(crate) mod boxed;
pub(crate) mod card;
pub(crate) mod checks;
pub(crate) mod code_block;
pub(crate) mod compare;
pub(crate) mod controls;
pub(crate) mod dialog;
pub(crate) mod document_editor;
pub(crate) mod ending;
pub(crate) mod export;
pub(crate) mod highlight;
pub(crate) mod keys;
pub(crate) mod ladder;
pub(crate) mod message;
pub(crate) mod moment;
pub(crate) mod page;
pub(crate) mod party;
pub(crate) mod pkce_bench;
pub(crate) mod presenter;
pub(crate) mod rule;
pub(crate) mod scopes;
pub(crate) mod signature;
pub(crate) mod slide;
pub(crate) mod steps;
pub(crate) mod strip;
pub(crate) mod switches;
pub(crate) mod tabs;
#[cfg(test)]
pub(crate) mod test_page;
pub(crate) mod text;
pub(crate) mod token;
pub(crate) mod tools;
pub(crate) mod wanted;
