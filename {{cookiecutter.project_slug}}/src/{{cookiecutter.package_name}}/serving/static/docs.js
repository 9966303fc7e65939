// The documentation: every operation of the OpenAPI document, to read and to try.

import { byId, curl, errorText, headers, make, prose, readDocument } from "./page.js";

const JSON_TYPE = "application/json";

async function start() {
  const content = await readDocument();
  if (!content) return;
  const all = Object.entries(content.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const names = new Set(all.map(({ operation }) => operation.tags[0]));
  const sections = [...names].map((name) =>
    make(
      "section",
      {},
      make("h2", {}, name),
      ...all.filter(({ operation }) => operation.tags.includes(name)).map(show),
    ),
  );
  const schemas = Object.entries(content.components.schemas).map(([name, schema]) =>
    make("details", { id: name, className: "operation" }, make("summary", {}, name), code(schema)),
  );
  byId("operations").append(
    ...sections,
    make("section", {}, make("h2", {}, "Schemas"), ...schemas),
  );
}

/** One operation, filled when it is opened for the first time. */
function show({ path, method, operation }) {
  const details = make(
    "details",
    { id: operation.operationId, className: "operation" },
    make(
      "summary",
      {},
      make("span", { className: "method" }, method.toUpperCase()),
      " ",
      make("code", {}, path),
      make("div", { className: "quiet" }, ...prose(operation.summary)),
    ),
  );
  const fill = () => details.append(...parts(path, method, operation));
  details.addEventListener("toggle", fill, { once: true });
  return details;
}

function parts(path, method, operation) {
  const inputs = (operation.parameters ?? []).map(({ name, example }) =>
    make("input", { name, value: example }),
  );
  const content = operation.requestBody?.content[JSON_TYPE];
  const body = content && editor(content);
  const output = make("div", { role: "status" });
  const send = make("button", { type: "button", className: "main" }, "Send");
  send.addEventListener("click", async () => {
    send.disabled = true;
    await call(method, address(path, inputs), body?.text.value, output);
    send.disabled = false;
  });
  return [
    ...inputs.map((input) => make("label", {}, `${input.name} (in the path)`, input)),
    ...(body?.parts ?? []),
    make("div", { className: "buttons" }, send),
    output,
    ...(body ? [make("h3", {}, "Request"), code(content.schema)] : []),
    make("h3", {}, "Answers"),
    ...answers(operation.responses),
  ];
}

/** A field for the body, and a choice between the examples. */
function editor({ examples }) {
  const text = make("textarea", { spellcheck: false });
  const names = Object.keys(examples);
  const choice = make("select", {}, ...names.map((name) => make("option", {}, name)));
  const take = () => {
    text.value = compact(examples[choice.value].value);
  };
  choice.addEventListener("change", take);
  take();
  const parts = [make("label", {}, "Example", choice), make("label", {}, "Body", text)];
  return { text, parts };
}

const address = (path, inputs) =>
  inputs.reduce(
    (url, { name, value }) => url.replace(`{${name}}`, encodeURIComponent(value)),
    path.slice(1),
  );

async function call(method, path, body, output) {
  const url = new URL(path, document.baseURI);
  output.replaceChildren(code(curl(method, url.href, body, JSON_TYPE)));
  try {
    const type = body === undefined ? undefined : JSON_TYPE;
    const response = await fetch(url, { method, headers: headers(type), body });
    const text = await response.text();
    const isJson = response.headers.get("Content-Type")?.startsWith(JSON_TYPE);
    output.append(
      make("p", {}, `Status ${response.status} ${response.statusText}`),
      code(isJson ? JSON.parse(text) : text),
    );
  } catch (error) {
    output.append(make("p", {}, `No answer: ${errorText(error)}`));
  }
}

function answers(responses) {
  const rows = Object.entries(responses).map(([status, { description }]) =>
    make("tr", {}, make("th", { scope: "row" }, status), make("td", {}, ...prose(description))),
  );
  const { schema } = responses["200"].content[JSON_TYPE];
  return [make("table", {}, make("tbody", {}, ...rows)), code(schema)];
}

/** A block of text or of JSON; names of schemas in it are links. */
function code(value) {
  const text = typeof value === "string" ? value : compact(value);
  const block = make("pre", { tabIndex: 0 });
  text.split(/("#\/components\/schemas\/\w+")/).forEach((part) => {
    const name = part.match(/^"#\/components\/schemas\/(\w+)"$/)?.[1];
    block.append(name ? make("a", { href: `#${name}`, onclick: follow }, part) : part);
  });
  return block;
}

function follow(event) {
  document.querySelector(event.target.getAttribute("href")).open = true;
}

/** JSON on lines of its own, but for lists of numbers: those are one line each. */
function compact(value) {
  return JSON.stringify(value, null, 2).replace(/\[[\d\s.,e+-]*\]/g, (list) =>
    list.replace(/\s+/g, " "),
  );
}

await start();
