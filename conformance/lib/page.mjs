// A page as a browser without JavaScript has it: its headline and its forms.
import { parse } from "parse5";

/**
 * Reads a page. Each form has the `action` it is sent to, its `method`, the `fields` that are sent in any case, and its
 * `buttons`; a field or button is `[name, value]`.
 */
export function readPage(html, url) {
  const document = parse(html);
  const [headline] = elements(document, "h1");
  return {
    headline: headline ? text(headline).replace(/\s+/g, " ").trim() : "(no headline)",
    forms: elements(document, "form").map((form) => readForm(form, url)),
  };
}

function readForm(form, url) {
  const fields = [];
  const buttons = [];
  for (const control of elements(form, "input", "button", "select", "textarea")) {
    const { name = "", value = "", disabled, checked, type } = attributes(control);
    if (disabled !== undefined) continue;
    const kind = control.tagName === "input" ? (type ?? "text") : control.tagName;
    switch (kind) {
      case "hidden":
      case "text":
        fields.push([name, value]);
        break;
      case "checkbox":
      case "radio":
        if (checked !== undefined) fields.push([name, value]);
        break;
      case "button":
      case "submit":
        buttons.push([name, value]);
        break;
      default:
        throw new Error(`A form of ${url} has a control that this script does not know: ${kind}.`);
    }
  }
  const { action = "", method = "get" } = attributes(form);
  return { action: new URL(action, url), method: method.toLowerCase(), fields, buttons };
}

/** The elements of these names, in the order of the document. */
function elements(node, ...names) {
  return (node.childNodes ?? []).flatMap((child) => [
    ...(names.includes(child.tagName) ? [child] : []),
    ...elements(child, ...names),
  ]);
}

function attributes(element) {
  return Object.fromEntries(element.attrs.map(({ name, value }) => [name, value]));
}

function text(node) {
  return node.nodeName === "#text" ? node.value : node.childNodes.map(text).join("");
}
