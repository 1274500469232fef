//! The fields of a request that has not been sent: each can be changed, left out, doubled.

use leptos::prelude::*;

use crate::draft::{Draft, Field, Part, is_the_browsers};
use crate::view::boxed::{Boxed as _, CollectBoxed as _, changing};

/// The form.
#[component]
pub(crate) fn Fields(draft: RwSignal<Option<Draft>>) -> impl IntoView {
    // The inputs are made anew only when a field comes or goes: while somebody types, the one under the cursor stays.
    let count = Memo::new(move |_| draft.with(|draft| draft.as_ref().map(|draft| draft.fields.len())));
    let change = move |change: Box<dyn FnOnce(&mut Draft)>| {
        draft.update(|draft| {
            if let Some(draft) = draft {
                change(draft);
            }
        });
    };
    let inputs = move || {
        count.track();
        let Some(now) = draft.get_untracked() else { return ().into_any() };
        let has_form = now.fields.iter().any(|field| field.part == Part::Form);
        let groups = [(Part::Query, "Query"), (Part::Header, "Headers"), (Part::Form, "Form")];
        let groups = groups.map(|(part, title)| {
            let known = now.fields.iter().cloned().enumerate().filter(move |(_, field)| field.part == part);
            let rows = known.map(|(index, field)| view! { <FieldRow draft=draft index=index field=field /> });
            let add = move |_| {
                change(Box::new(move |draft| {
                    draft.fields.push(Field { part, name: String::new(), value: String::new() });
                }));
            };
            view! {
                <fieldset>
                    <legend>{title}</legend>
                    {rows.collect_boxed()}
                    <button class="quiet" on:click=add aria-label=String::from("Add to: ") + title>"+"</button>
                </fieldset>
            }
        });
        let body = (!has_form && now.body.is_some())
            .then(|| {
                let text = now.body.clone().unwrap_or_default();
                view! {
                    <label class="body">
                        <span>"Body"</span>
                        <textarea
                            rows="7"
                            spellcheck="false"
                            data-testid="edit-body"
                            prop:value=text
                            on:input=move |event| {
                                let text = event_target_value(&event);
                                change(Box::new(move |draft| draft.body = Some(text)));
                            }
                        ></textarea>
                    </label>
                }
            })
            .boxed();
        view! {
            <label class="body">
                <span>{now.method.as_str()}</span>
                <input
                    spellcheck="false"
                    data-testid="edit-address"
                    prop:value=now.address
                    on:input=move |event| {
                        let text = event_target_value(&event);
                        change(Box::new(move |draft| draft.address = text));
                    }
                />
            </label>
            {groups}
            {body}
        }
        .into_any()
    };
    view! { <div class="fields" data-testid="fields">{changing(inputs)}</div> }
}

#[component]
fn FieldRow(draft: RwSignal<Option<Draft>>, index: usize, field: Field) -> impl IntoView {
    let name = field.name.clone();
    let with = move |change: Box<dyn FnOnce(&mut Field)>| {
        draft.update(|draft| {
            if let Some(field) = draft.as_mut().and_then(|draft| draft.fields.get_mut(index)) {
                change(field);
            }
        });
    };
    let remove = move |_| {
        draft.update(|draft| {
            if let Some(draft) = draft {
                draft.fields.remove(index);
            }
        });
    };
    let is_left_out = move || {
        draft.with(|draft| {
            let field = draft.as_ref().and_then(|draft| draft.fields.get(index));
            field.is_some_and(|field| field.part == Part::Header && is_the_browsers(&field.name))
        })
    };
    let label = if name.is_empty() { "new field".to_owned() } else { name };
    view! {
        <div class="field">
            <input
                spellcheck="false"
                aria-label=String::from("Name of ") + &label
                prop:value=field.name
                on:input=move |event| {
                    let text = event_target_value(&event);
                    with(Box::new(move |field| field.name = text));
                }
            />
            <input
                spellcheck="false"
                data-testid=String::from("edit-") + &label
                aria-label=String::from("Value of ") + &label
                prop:value=field.value
                on:input=move |event| {
                    let text = event_target_value(&event);
                    with(Box::new(move |field| field.value = text));
                }
            />
            <button class="quiet" aria-label=String::from("Leave out ") + &label on:click=remove>"×"</button>
        </div>
        {move || is_left_out().then(|| view! {
            <p class="hint" role="status">"A browser does not let a page set this header, so it is left out. The curl line under “Code” can."</p>
        }).boxed()}
    }
}
