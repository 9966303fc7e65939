// The right half of the playground: asks for a prediction and shows it.

import { byId, complain, curl, errorText, findOperation, headers, make } from "./page.js";

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
