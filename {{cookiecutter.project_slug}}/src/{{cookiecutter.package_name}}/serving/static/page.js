// What both pages share. They know nothing but the OpenAPI document of the server, and
// write every text of it with textContent: none of it can become markup.

export const byId = (id) => document.getElementById(id);

/** Make an element; children are elements or texts. */
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** A text with code in it, between backticks, as nodes. */
export function prose(text) {
  return text.split("`").map((part, index) => (index % 2 ? make("code", {}, part) : part));
}

/** Show what went wrong; "" shows nothing. */
export function complain(message) {
  byId("problem").textContent = message;
  byId("problem").hidden = !message;
}

/** Read the document and fill the head of the page with it; null if there is none. */
export async function readDocument() {
  try {
    const response = await fetch("openapi.json", { headers: headers() });
    const content = await response.json();
    if (response.status === 401) {
      complain("Type the API key first.");
      await typedKey();
      return await readDocument();
    }
    if (!response.ok) throw new Error(errorText(content));
    complain("");
    const { title, summary, description } = content.info;
    byId("title").textContent = title;
    byId("summary").textContent = `${description} ${summary}`;
    document.title = `${document.title} – ${title}`;
    byId("access").hidden = !content.security.length;
    return content;
  } catch (error) {
    complain(`The server does not describe itself: ${error.message}`);
    return null;
  }
}

function typedKey() {
  byId("access").hidden = false;
  return new Promise((resolve) => {
    byId("key").addEventListener("change", resolve, { once: true });
  });
}

/** The headers of a request: the key, if one was typed. */
export function headers(type) {
  const key = byId("key").value.trim();
  return { ...(type && { "Content-Type": type }), ...(key && { "X-API-Key": key }) };
}

/** The text of an error in any of the protocols' shapes. */
export function errorText(content) {
  return content.error ?? content.message ?? content.status?.info ?? "unknown error";
}

/** Find an operation: its path and method. */
function findOperation(content, id) {
  for (const [path, methods] of Object.entries(content.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      if (operation.operationId === id) return { path, method, operation };
    }
  }
  throw new Error(`there is no operation ${id}`);
}

/** What to type in a terminal for a request; the key is not shown. */
export function curl(method, url, body, type) {
  const quote = (text) => `'${text.replaceAll("'", String.raw`'\''`)}'`;
  const words = ["curl"];
  if (method !== "get") words.push("-X", method.toUpperCase());
  words.push(quote(url));
  if (!byId("access").hidden) words.push("-H", '"X-API-Key: $KEY"');
  if (body) words.push("-H", quote(`Content-Type: ${type}`), "-d", quote(body));
  return words.join(" ");
}

// The right half of the playground: asks for a prediction and shows it.

const JSON_TYPE = "application/json";
const SHOWN = 12; // classes; of more, the most probable ones
const WAIT = 120; // milliseconds without a change before a request

let asked = 0; // how often; an answer that comes late must not replace a later one
let timer = 0;

/** Return `ask(row)`, which shows the prediction for a row soon; for null, nothing. */
export function predictor(content) {
  const { path, operation } = findOperation(content, "tensorflow_serving_predict");
  const name = operation.parameters.find((each) => each.name === "name");
  const url = new URL(path.slice(1).replace("{name}", name.example), document.baseURI);
  const classes = content.components.schemas.Prediction.required ?? [];
  return (row) => {
    clearTimeout(timer);
    asked += 1;
    if (row === null) {
      show([], "", "");
      return;
    }
    const body = JSON.stringify({ instances: [row] });
    byId("command").textContent = curl("post", url.href, body, JSON_TYPE);
    byId("call").hidden = false;
    timer = setTimeout(() => predict(url, body, classes, asked), WAIT);
  };
}

async function predict(url, body, classes, number) {
  let prediction = null;
  let problem = "";
  try {
    const response = await fetch(url, { method: "POST", headers: headers(JSON_TYPE), body });
    const content = await response.json();
    if (response.ok) [prediction] = content.predictions;
    else problem = errorText(content);
  } catch (error) {
    problem = `No answer: ${error.message}`;
  }
  if (number !== asked) return;
  if (prediction === null) return show([], "", problem);
  if (!classes.length) return show([], format([prediction].flat()[0]), "");
  const scores = prediction.map((part, index) => ({ name: classes[index], part }));
  const best = scores.reduce((a, b) => (b.part > a.part ? b : a));
  show(scores, best.name, "", best);
}

function show(scores, answer, problem, best) {
  complain(problem);
  byId("answer").textContent = answer;
  byId("call").hidden = !answer && !problem;
  const list = byId("scores");
  const sorted = [...scores].sort((a, b) => b.part - a.part);
  const shown = scores.length > SHOWN ? sorted.slice(0, SHOWN) : scores;
  list.classList.toggle("long", shown.some(({ name }) => name.length > 3));
  list.replaceChildren(
    ...shown.map((score) => {
      const part = `${(100 * score.part).toFixed(1)} %`;
      const bar = make("progress", { max: 1, value: score.part });
      bar.setAttribute("aria-hidden", "true"); // the figure beside it says the same
      return make(
        "li",
        { className: score === best ? "best" : "" },
        make("span", { className: "name" }, score.name),
        bar,
        make("span", { className: "part" }, part),
      );
    }),
  );
}

function format(value) {
  return new Intl.NumberFormat("en", { maximumSignificantDigits: 6 }).format(value);
}
