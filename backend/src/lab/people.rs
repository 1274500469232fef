//! Three people to be. The lab teaches authorization, not authentication, so they have no passwords.

use protocol::ids::{IdentifierError, Subject};

use crate::authorization_server::Person;

const PEOPLE: [(&str, &str, &str); 3] = [
    ("ada", "Ada", "wrote the first program, and reads every consent page"),
    ("grace", "Grace", "found the first bug, and lets tools do the work"),
    ("alan", "Alan", "asks whether it is really a client, and often says no"),
];

/// The demo people.
pub(super) fn demo_people() -> Result<Vec<Person>, IdentifierError> {
    let person = |(subject, name, about): &(&str, &str, &str)| {
        Ok(Person {
            subject: Subject::parse(subject)?,
            name: (*name).to_owned(),
            about: (*about).to_owned(),
            password: None,
        })
    };
    PEOPLE.iter().map(person).collect()
}
