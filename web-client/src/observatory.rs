//! What the servers report, as it comes: a stream of events that the browser keeps up.

use leptos::ev;
use leptos::prelude::*;
use protocol::observation::Observation;
use record::Hop;
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use web_sys::{EventSource, MessageEvent};

/// More than any run has; what is older and none of this run's belongs to others: to earlier ones, and to those of attacks.
const MAX_KEPT: usize = 600;

/// A place in the stream: which start of the lab, and how far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) boot: String,
    pub(crate) seq: u64,
}

/// The reports since the run began. All of it is signals, so copies are the same.
#[derive(Clone, Copy)]
pub(crate) struct Observatory {
    /// What came since [`Observatory::since`].
    pub(crate) seen: RwSignal<Vec<Observation>>,
    /// Where the run began; `None` until the lab has said where it is.
    pub(crate) since: RwSignal<Option<Place>>,
    /// The numbers of those that belong to the run.
    own: StoredValue<Vec<u64>>,
    source: StoredValue<Option<EventSource>, LocalStorage>,
}

impl Observatory {
    /// Reads from this place on; without one, from now on.
    pub(crate) fn open(since: Option<Place>) -> Self {
        let this = Self {
            seen: RwSignal::new(Vec::new()),
            since: RwSignal::new(since),
            own: StoredValue::new(Vec::new()),
            source: StoredValue::new_local(None),
        };
        this.reconnect();
        let handles = [
            // A browser has few connections to one origin: a page that nobody sees gives its own back.
            window_event_listener_untyped("visibilitychange", move |_| {
                if document().hidden() {
                    this.close();
                } else {
                    this.reconnect();
                }
            }),
            window_event_listener(ev::pageshow, move |event| {
                if event.persisted() {
                    this.reconnect();
                }
            }),
        ];
        on_cleanup(move || {
            handles.into_iter().for_each(WindowListenerHandle::remove);
            this.close();
        });
        this
    }

    /// Stops listening: the browser is about to leave, and a stream that it has to break off is an error in Firefox's console.
    pub(crate) fn close(self) {
        self.source.update_value(|source| {
            if let Some(open) = source.take() {
                open.close();
            }
        });
    }

    /// Listens, from where it stopped.
    pub(crate) fn reconnect(self) {
        self.close();
        self.source.set_value(self.connect());
    }

    /// A run begins: what was reported so far is not its own.
    pub(crate) fn begin(self) {
        let newest = self.seen.with_untracked(|seen| seen.last().map(|last| last.seq));
        self.since.update(|since| {
            if let (Some(place), Some(newest)) = (since.as_mut(), newest) {
                place.seq = place.seq.max(newest);
            }
        });
        self.seen.set(Vec::new());
    }

    /// Says which reports turned out to belong to the run: they are kept, whatever else comes.
    pub(crate) fn keep_for(self, run: &[Hop]) {
        let own = run.iter().filter_map(|hop| hop.seen.as_ref()).map(|seen| seen.seq);
        self.own.set_value(own.collect());
    }

    /// How far the reports have come; `None` until the lab has said where it is.
    pub(crate) fn place(self) -> Option<Place> {
        let since = self.since.get_untracked()?;
        let newest = self.seen.with_untracked(|seen| seen.last().map(|last| last.seq));
        Some(Place { seq: newest.unwrap_or(since.seq), ..since })
    }

    fn connect(self) -> Option<EventSource> {
        let after = self.place().map(|place| format!("?after={}-{}", place.boot, place.seq));
        let url = String::from("/lab/observations") + after.as_deref().unwrap_or_default();
        let source = EventSource::new(&url).ok()?;
        listen(&source, "hello", move |text| self.greeted(text));
        listen(&source, "message", move |text| self.told(text));
        Some(source)
    }

    fn greeted(self, text: &str) {
        let Ok(now) = protocol::json::read::<Place>(text) else { return };
        let same =
            self.since.with_untracked(|since| since.as_ref().is_some_and(|since| since.boot == now.boot));
        if !same {
            // Another lab than the one that saw the run: what that one knew is gone.
            self.seen.set(Vec::new());
            self.since.set(Some(now));
        }
    }

    fn told(self, text: &str) {
        let Ok(observation) = protocol::json::read::<Observation>(text) else { return };
        self.seen.update(|seen| {
            let place = seen.partition_point(|known| known.seq < observation.seq);
            if seen.get(place).is_none_or(|known| known.seq != observation.seq) {
                seen.insert(place, observation);
            }
            if seen.len() > MAX_KEPT {
                let oldest = |own: &Vec<u64>| seen.iter().position(|known| !own.contains(&known.seq));
                if let Some(oldest) = self.own.with_value(oldest) {
                    seen.remove(oldest);
                }
            }
        });
    }
}

fn listen(source: &EventSource, name: &str, on_text: impl Fn(&str) + 'static) {
    let listener = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        if let Some(text) = event.data().as_string() {
            on_text(&text);
        }
    });
    // Without a listener nothing is seen of the servers, and the page says so.
    let _ = source.add_event_listener_with_callback(name, listener.as_ref().unchecked_ref());
    listener.forget();
}
