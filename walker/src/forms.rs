//! HTML forms, read as a browser without JavaScript would.

use scraper::{ElementRef, Html, Selector};
use url::Url;

/// A form of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// Where it is sent, absolute.
    pub action: Url,
    /// Whether it is sent by POST.
    pub post: bool,
    /// What is sent whichever button is pressed: hidden fields, ticked boxes, chosen options.
    pub fields: Vec<(String, String)>,
    /// Fields that are to be filled in, and whether they are for a password.
    pub blanks: Vec<(String, bool)>,
    /// Its buttons.
    pub buttons: Vec<Button>,
}

impl Form {
    /// Whether it wants something filled in.
    #[must_use]
    pub fn asks(&self) -> bool {
        !self.blanks.is_empty()
    }

    /// The same form, filled in by somebody.
    #[must_use]
    pub fn filled_in(mut self, account: &str, password: &str) -> Self {
        for (name, secret) in &self.blanks {
            let value = if *secret { password } else { account };
            self.fields.push((name.clone(), value.to_owned()));
        }
        self
    }
}

/// A button of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Button {
    /// What is sent when it is pressed, if it has a name.
    pub field: Option<(String, String)>,
    /// What it says.
    pub text: String,
}

/// Reads all forms of a page that was found at `base`.
#[must_use]
pub fn read_forms(html: &str, base: &Url) -> Vec<Form> {
    let page = Html::parse_document(html);
    select(page.root_element(), "form").filter_map(|form| read_form(form, base)).collect()
}

/// The text of the first main heading, for error messages.
#[must_use]
pub fn heading(html: &str) -> Option<String> {
    let page = Html::parse_document(html);
    select(page.root_element(), "h1").map(|heading| text_of(&heading)).next()
}

fn select<'a>(element: ElementRef<'a>, selector: &str) -> impl Iterator<Item = ElementRef<'a>> {
    let selector = Selector::parse(selector).ok();
    let found: Vec<_> = selector.iter().flat_map(|selector| element.select(selector)).collect();
    found.into_iter()
}

fn text_of(element: &ElementRef<'_>) -> String {
    element.text().collect::<Vec<_>>().join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn read_form(form: ElementRef<'_>, base: &Url) -> Option<Form> {
    let action = base.join(form.attr("action").unwrap_or_default()).ok()?;
    let post = form.attr("method").is_some_and(|method| method.eq_ignore_ascii_case("post"));
    let (mut fields, mut blanks) = (Vec::new(), Vec::new());
    for input in select(form, "input") {
        let value = |default: &str| input.attr("value").unwrap_or(default).to_owned();
        let Some(name) = input.attr("name").filter(|_| input.attr("disabled").is_none()) else { continue };
        match input.attr("type").unwrap_or("text") {
            "checkbox" | "radio" if input.attr("checked").is_none() => {}
            "checkbox" | "radio" => fields.push((name.to_owned(), value("on"))),
            "submit" | "button" | "reset" | "image" | "file" => {}
            "password" => blanks.push((name.to_owned(), true)),
            "text" | "email" if value("").is_empty() => blanks.push((name.to_owned(), false)),
            _ => fields.push((name.to_owned(), value(""))),
        }
    }
    let buttons = select(form, "button").map(|button| read_button(&button)).collect();
    Some(Form { action, post, fields, blanks, buttons })
}

fn read_button(button: &ElementRef<'_>) -> Button {
    let field = button
        .attr("name")
        .map(|name| (name.to_owned(), button.attr("value").unwrap_or_default().to_owned()));
    Button { field, text: text_of(button) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_sends_what_a_browser_would() {
        let html = r#"<h1>Hi <b>you</b></h1><form method=post action="/consent?x=1">
            <input type=hidden name=csrf value="a&amp;b"><input type=checkbox name=scope value=one checked>
            <input type=checkbox name=scope value=two><input type=checkbox name=scope value=three checked disabled>
            <button name=decision value=allow>Allow <i>it</i></button></form>"#;
        let forms = read_forms(html, &Url::parse("http://localhost:9000/sign-in").unwrap());
        let [form] = forms.as_slice() else { panic!("one form") };
        assert_eq!(form.action.as_str(), "http://localhost:9000/consent?x=1");
        assert!(form.post);
        assert_eq!(form.fields, [("csrf".into(), "a&b".into()), ("scope".into(), "one".into())]);
        assert_eq!(form.buttons[0].text, "Allow it");
        assert_eq!(heading(html).as_deref(), Some("Hi you"));
    }
}
