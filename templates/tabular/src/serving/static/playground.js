// The left half of the playground: a form with a field for each column.

import { byId, make, predictor, readDocument } from "./page.js";

async function start() {
  const content = await readDocument();
  if (!content) return;
  const columns = Object.entries(content.components.schemas.Row.properties);
  const ask = predictor(content);
  const fields = columns.map(([name, column]) => field(name, column));
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
    make("p", { className: "quiet" }, "What may be missing may be left empty."),
  );
  const changed = () => ask(form.checkValidity() ? row(fields) : null);
  form.addEventListener("input", changed);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    changed();
    byId("heading").scrollIntoView(); // on a phone it is below the form
  });
  // The fields have their old values until the event is over.
  form.addEventListener("reset", () => setTimeout(changed));
  byId("input").append(form);
  changed();
}

/** Make the field of a column: its label, and what reads its value. */
function field(name, column) {
  const types = [column.type].flat();
  const isNumber = types.includes("number");
  const isBoolean = types.includes("boolean");
  const isOptional = types.includes("null");
  const control = column.enum || isBoolean ? choice(column, isOptional) : make("input", {
    type: isNumber ? "number" : column.format === "date" ? "date" : "text",
    step: "any",
    // The attribute, not the property: what `Reset` goes back to.
    defaultValue: column.examples[0],
    min: column.minimum ?? "",
    max: column.maximum ?? "",
  });
  Object.assign(control, { name, required: !isOptional, autocomplete: "off" });
  const read = () => {
    if (control.value === "") return null;
    if (isBoolean) return control.value === "true";
    return isNumber ? Number(control.value) : control.value;
  };
  return { name, label: make("label", {}, name, control), read };
}

function choice(column, isOptional) {
  const names = (column.enum ?? [true, false]).filter((value) => value !== null);
  const options = names.map((value) =>
    make("option", { value, defaultSelected: value === column.examples[0] }, `${value}`),
  );
  return make("select", {}, ...(isOptional ? [make("option", { value: "" }, "—")] : []), ...options);
}

/** The values of the fields by column; null where there is none. */
function row(fields) {
  return Object.fromEntries(fields.map(({ name, read }) => [name, read()]));
}

await start();
