//! A scripted person with a browser: goes where the client sends it, signs in, decides, and brings the answer back.

use flow::http::{Method, Request};
use protocol::ids::{Issuer, RedirectUri};
use url::Url;

use crate::forms::{Button, Form, heading, read_forms};
use crate::http::Http;

/// What the person answers on the consent page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Decision {
    /// Presses Allow.
    #[default]
    Allow,
    /// Presses Deny.
    Deny,
}

impl Decision {
    fn word(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
        }
    }
}

/// A person, with the cookies of one browser.
#[derive(Clone, Debug)]
pub struct Person {
    http: Http,
    account: String,
    /// What the person types where a password is asked for, and the origin of the one server that it is for.
    password: Option<(String, String)>,
    decision: Decision,
    cookies: Vec<Cookie>,
}

/// Goes back to the origin that it came from, and nowhere else: a client can be sent from one server to another.
#[derive(Clone, Debug)]
struct Cookie {
    origin: String,
    name: String,
    value: String,
}

/// Why the person did not come back.
#[derive(Debug, thiserror::Error)]
pub enum PersonError {
    /// Nobody answers.
    #[error("{url} does not answer: {reason}")]
    Unreachable {
        /// Where the browser went.
        url: String,
        /// Why.
        reason: String,
    },
    /// The server shows a page from which there is no way on.
    #[error("{url} answers {status} with a page that says: {heading}")]
    Page {
        /// Where the browser is.
        url: String,
        /// The page's status.
        status: u16,
        /// The page's heading.
        heading: String,
    },
    /// The page has forms, but no button for what the person wants.
    #[error("{url} has no button for {wanted:?}")]
    NoButton {
        /// Where the browser is.
        url: String,
        /// What the person looked for.
        wanted: String,
    },
    /// Nobody came back in time.
    #[error("nobody has come back from the browser within {minutes} minutes")]
    Late {
        /// How long it was waited.
        minutes: u64,
    },
    /// There is no browser, or no way to wait for it.
    #[error("the browser cannot be waited for: {0}")]
    NoListener(std::io::Error),
    /// Redirects or pages without end.
    #[error("after {MAX_PAGES} pages the browser is still not back")]
    Endless,
}

/// More pages than any sign-in and consent needs.
const MAX_PAGES: usize = 20;

/// Where a person has got to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Station {
    /// On the way back to the client, with this redirect.
    Back(String),
    /// In front of the button that decides: what the browser sends when it is pressed, cookies included.
    Decision(Request),
}

enum Page {
    Redirect(String),
    Html { status: u16, html: String },
}

impl Person {
    /// A person who signs in as this account and decides like this.
    #[must_use]
    pub fn new(http: Http, account: impl Into<String>, decision: Decision) -> Self {
        Self { http, account: account.into(), password: None, decision, cookies: Vec::new() }
    }

    /// The same person, who types this where a page of this server asks for a password, and nowhere else: which server the
    /// browser is sent to is not for the person's client to say.
    #[must_use]
    pub fn with_password(self, password: impl Into<String>, server: &Issuer) -> Self {
        let origin = Url::parse(server.origin()).map(|url| url.origin().ascii_serialization());
        Self { password: origin.ok().map(|origin| (password.into(), origin)), ..self }
    }

    /// What is typed into a form that is sent to this address.
    fn password_for(&self, action: &Url) -> &str {
        let origin = action.origin().ascii_serialization();
        match &self.password {
            Some((password, of)) if *of == origin => password,
            _ => "",
        }
    }

    /// Changes what the person will answer from now on.
    pub fn decide(&mut self, decision: Decision) {
        self.decision = decision;
    }

    /// Goes to a URL, does what the pages ask for, and returns the redirect back to the client, unvisited.
    ///
    /// # Errors
    /// [`PersonError`].
    pub async fn visit(&mut self, url: &str, redirect_uri: &RedirectUri) -> Result<String, PersonError> {
        self.visit_until(url, |target| redirect_uri.is_reached_by(target)).await
    }

    /// The same, with another idea of what is a way back to the client.
    ///
    /// # Errors
    /// [`PersonError`].
    pub async fn visit_until(
        &mut self,
        url: &str,
        is_back: impl Fn(&str) -> bool,
    ) -> Result<String, PersonError> {
        let mut request = self.arrival(url);
        for _ in 0..MAX_PAGES {
            match self.go(request, &is_back).await? {
                Station::Back(target) => return Ok(target),
                Station::Decision(pressed) => request = pressed,
            }
        }
        Err(PersonError::Endless)
    }

    /// The same, but no further than to the button that decides.
    ///
    /// # Errors
    /// [`PersonError`].
    pub async fn visit_until_decision(
        &mut self,
        url: &str,
        is_back: impl Fn(&str) -> bool,
    ) -> Result<Station, PersonError> {
        self.go(self.arrival(url), is_back).await
    }

    /// Presses the button that decides, and goes on to the next one, if there is one on the way.
    ///
    /// # Errors
    /// [`PersonError`].
    pub async fn press(
        &mut self,
        decision: Request,
        is_back: impl Fn(&str) -> bool,
    ) -> Result<Station, PersonError> {
        self.go(decision, is_back).await
    }

    /// Does what the pages ask for, until something has to be decided or the way leads back.
    async fn go(
        &mut self,
        mut request: Request,
        is_back: impl Fn(&str) -> bool,
    ) -> Result<Station, PersonError> {
        for _ in 0..MAX_PAGES {
            let (status, html) = match self.load(&request).await? {
                Page::Redirect(target) if is_back(&target) => return Ok(Station::Back(target)),
                Page::Redirect(target) => {
                    request = self.arrival(&target);
                    continue;
                }
                Page::Html { status, html } => (status, html),
            };
            let (form, button) = self.choose(&request.url, status, &html)?;
            let decides = says(&button, self.decision.word());
            request = self.submission(form, button);
            if decides {
                return Ok(Station::Decision(request));
            }
        }
        Err(PersonError::Endless)
    }

    /// Finds the form and button for what the person wants: a decision, else the account. A form with one button alone
    /// leaves no choice; there the person fills in who they are. Who wants to say no presses no such button.
    fn choose(&self, here: &str, status: u16, html: &str) -> Result<(Form, Button), PersonError> {
        let dead_end = || PersonError::Page {
            url: here.to_owned(),
            status,
            heading: heading(html).unwrap_or_else(|| "nothing".to_owned()),
        };
        if status != 200 {
            return Err(dead_end());
        }
        let base = Url::parse(here).map_err(|_| dead_end())?;
        let forms: Vec<Form> = read_forms(html, &base)
            .into_iter()
            .filter(|form| form.post && !form.buttons.is_empty())
            .collect();
        if forms.is_empty() {
            return Err(dead_end());
        }
        for wanted in [self.decision.word(), &self.account] {
            for form in &forms {
                if let Some(button) = form.buttons.iter().find(|button| says(button, wanted)) {
                    return Ok((form.clone(), button.clone()));
                }
            }
        }
        match forms.as_slice() {
            [form] if form.buttons.len() == 1 && (form.asks() || self.decision == Decision::Allow) => {
                let form = form.clone().filled_in(&self.account, self.password_for(&form.action));
                let button = form.buttons[0].clone();
                Ok((form, button))
            }
            _ => Err(PersonError::NoButton { url: here.to_owned(), wanted: self.account.clone() }),
        }
    }

    fn arrival(&self, url: &str) -> Request {
        let headers = self.headers_for(&origin_of(url));
        Request { method: Method::Get, url: url.to_owned(), headers, body: None }
    }

    /// What the browser sends when this button is pressed.
    fn submission(&self, form: Form, button: Button) -> Request {
        let origin = form.action.origin().ascii_serialization();
        let fields: Vec<_> = form.fields.into_iter().chain(button.field).collect();
        let body =
            protocol::query::encode(fields.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let mut headers = self.headers_for(&origin);
        headers.push(("content-type".into(), "application/x-www-form-urlencoded".into()));
        headers.push(("origin".into(), origin));
        Request { method: Method::Post, url: form.action.into(), headers, body: Some(body) }
    }

    fn headers_for(&self, origin: &str) -> Vec<(String, String)> {
        let from_here = self.cookies.iter().filter(|cookie| cookie.origin == origin);
        let cookies: Vec<_> = from_here.map(|Cookie { name, value, .. }| format!("{name}={value}")).collect();
        vec![("cookie".into(), cookies.join("; ")), ("accept".into(), "text/html".into())]
    }

    async fn load(&mut self, request: &Request) -> Result<Page, PersonError> {
        let url = &request.url;
        let unreachable = |reason: String| PersonError::Unreachable { url: url.clone(), reason };
        let response = self.http.send(request).await.map_err(unreachable)?;
        let origin = origin_of(url);
        for (_, cookie) in response.headers.iter().filter(|(name, _)| name == "set-cookie") {
            self.keep(&origin, cookie);
        }
        if let (300..=399, Some(location)) = (response.status, response.header("location")) {
            let target = Url::parse(url).and_then(|base| base.join(location));
            // A redirect back to the client is taken as it stands: its text is compared, so it must not be rewritten.
            let absolute = if location.starts_with("http://") || location.starts_with("https://") {
                Some(location.to_owned())
            } else {
                target.ok().map(Into::into)
            };
            return absolute
                .map(Page::Redirect)
                .ok_or_else(|| unreachable(format!("bad Location {location:?}")));
        }
        Ok(Page::Html { status: response.status, html: response.body })
    }

    /// Keeps a cookie, or forgets it when its value is empty.
    fn keep(&mut self, origin: &str, set_cookie: &str) {
        let pair = set_cookie.split(';').next().unwrap_or_default();
        let Some((name, value)) = pair.split_once('=') else { return };
        let (name, value) = (name.trim(), value.trim());
        self.cookies.retain(|known| known.origin != origin || known.name != name);
        if !value.is_empty() {
            let (origin, name, value) = (origin.to_owned(), name.to_owned(), value.to_owned());
            self.cookies.push(Cookie { origin, name, value });
        }
    }
}

fn origin_of(url: &str) -> String {
    Url::parse(url).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
}

fn says(button: &Button, wanted: &str) -> bool {
    let wanted = wanted.to_lowercase();
    let value = button.field.as_ref().map(|(_, value)| value.to_lowercase());
    value.is_some_and(|value| value == wanted)
        || button.text.to_lowercase().split_whitespace().any(|word| word == wanted)
}

#[cfg(test)]
mod tests {
    use protocol::loopback::LoopbackPolicy;

    use super::*;

    #[test]
    fn a_password_is_typed_at_one_server_only() {
        let server = Issuer::parse("https://as.example/tenant", LoopbackPolicy::HttpsOnly).unwrap();
        let person =
            Person::new(Http::new().unwrap(), "ada", Decision::Allow).with_password("s3cret", &server);
        let typed = |action: &str| person.password_for(&Url::parse(action).unwrap()).to_owned();
        assert_eq!(typed("https://as.example/sign-in"), "s3cret");
        for elsewhere in
            ["https://evil.example/sign-in", "http://as.example/sign-in", "https://as.example:8443/"]
        {
            assert_eq!(typed(elsewhere), "", "{elsewhere}");
        }
    }
}
