// The left half of the playground: a form with a field for each column.

import { byId, make, readDocument } from "./page.js";
import { predictor } from "./prediction.js";

async function start() {
  const content = await readDocument();
  if (!content) return;
  const columns = Object.entries(content.components.schemas.Row.properties);
  const ask = predictor(content);
  const fields = columns.map(([name, column], index) => field(name, column, index));
  const form = make(
    "form",
    { id: "row" },
    make("h2", {}, "Row"),
    make("div", { className: "fields" }, ...fields.map(({ label }) => label)),
    make(
      "div",
      { className: "buttons" },
      make("button", { className: "main" }, "Predict"),
      make("button", { type: "reset" }, "Reset"),
    ),
    make("p", { className: "quiet" }, "An empty field is a missing value."),
  );
  const changed = () => ask(form.checkValidity() ? row(fields) : null);
  form.addEventListener("input", changed);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    changed();
  });
  // The fields have their old values until the event is over.
  form.addEventListener("reset", () => setTimeout(changed));
  byId("input").append(form);
  changed();
}

/** Make the field of a column: its label, and what reads its value. */
function field(name, column, index) {
  const isNumber = column.type.includes("number");
  const [example = ""] = column.examples ?? [];
  const input = make("input", {
    type: isNumber ? "number" : "text",
    name,
    // An attribute, not the property: what `Reset` goes back to.
    defaultValue: example,
    step: "any",
    autocomplete: "off",
  });
  const label = make("label", {}, name, input);
  if (isNumber) {
    label.append(make("small", {}, column.description ?? ""));
  } else if (column.examples) {
    const options = column.examples.map((value) => make("option", { value }));
    const list = make("datalist", { id: `values-${index}` }, ...options);
    input.setAttribute("list", list.id);
    label.append(list);
  }
  const read = () => (input.value === "" ? null : isNumber ? Number(input.value) : input.value);
  return { name, label, read };
}

/** The values of the fields by column; null where there is none. */
function row(fields) {
  return Object.fromEntries(fields.map(({ name, read }) => [name, read()]));
}

await start();
