// The left half of the playground: draw an image, with a mouse, a finger, a pen or the
// keyboard, or open a file.

import { byId, complain, make, predictor, readDocument } from "./page.js";

const BOARD = 560; // pixels of the canvas to draw on; it is shown smaller or larger
const PEN = 0.085; // width of a line, in parts of the board
const STEP = 0.04; // of the arrow keys, the same
const DETAIL = 8; // pixels across one pixel of the model's, before they are averaged

// Digits as lines from point to point, in parts of the board: for whoever cannot draw.
const DIGITS = [
  "50,15 34,25 30,50 34,75 50,85 66,75 70,50 66,25 50,15",
  "38,30 52,15 52,85",
  "32,30 42,16 58,16 66,28 62,44 32,84 70,84",
  "32,22 46,15 62,20 64,34 50,47 66,58 66,74 50,85 32,78",
  "58,85 58,15 28,62 72,62",
  "66,16 36,16 34,46 52,42 67,54 66,74 50,85 32,78",
  "62,16 42,32 32,58 38,80 54,85 66,74 64,58 50,52 34,62",
  "32,20 50,15 66,18 58,45 44,85",
  "50,48 35,36 38,20 50,15 62,20 65,36 50,48 33,62 36,80 50,85 64,80 67,62 50,48",
  "66,40 52,48 37,40 36,24 50,15 64,22 66,40 60,85",
];

let lines = []; // each a list of points [x, y], from 0 to 1
let picture = null; // a file, instead of lines
let cursor = null; // where the arrow keys are, and whether they draw
let size = { height: 0, width: 0, largest: 0, colours: false };
let ask = () => {};

async function start() {
  build();
  const content = await readDocument();
  if (!content) return;
  const { Row, Prediction } = content.components.schemas;
  const pixel = Row.items.items; // a number, or a list of three
  size = {
    height: Row.maxItems,
    width: Row.items.maxItems,
    largest: pixel.maximum ?? pixel.items.maximum,
    colours: pixel.type === "array",
  };
  byId("size").textContent = `What the model sees: ${size.width} × ${size.height} pixels`;
  const names = Prediction.required;
  const areDigits = names.length === 10 && names.every((name) => /^\d$/.test(name));
  byId("examples").hidden = !areDigits;
  ask = predictor(content);
  changed();
}

function build() {
  const board = make("canvas", { id: "board", width: BOARD, height: BOARD, tabIndex: 0 });
  board.setAttribute("role", "img");
  board.setAttribute("aria-label", "Drawing board");
  board.setAttribute("aria-describedby", "help");
  const file = make("input", { id: "file", type: "file", accept: "image/*", hidden: true });
  const button = (text, action) =>
    make("button", { type: "button", textContent: text, onclick: action });
  const examples = DIGITS.map((points, digit) =>
    Object.assign(button(String(digit), () => draw([parse(points)])), {
      className: "small",
      ariaLabel: `Example of a ${digit}`,
    }),
  );
  byId("input").append(
    make("h2", {}, "Draw"),
    make(
      "div",
      { className: "board" },
      board,
      make("figure", {}, make("canvas", { id: "seen" }), make("figcaption", { id: "size" })),
    ),
    make(
      "div",
      { className: "buttons" },
      button("Clear", () => draw([])),
      button("Undo", () => draw(lines.slice(0, -1))),
      button("Open an image …", () => file.click()),
      file,
    ),
    make(
      "div",
      { id: "examples", hidden: true },
      "Examples",
      make("div", { className: "buttons" }, ...examples),
    ),
    make(
      "p",
      { id: "help", className: "quiet" },
      "Mouse, finger or pen; or the keyboard: arrow keys move, Space lowers and lifts ",
      "the pen, Escape clears.",
    ),
  );
  byId("seen").setAttribute("aria-hidden", "true");
  board.addEventListener("pointerdown", begin);
  board.addEventListener("pointermove", go);
  board.addEventListener("keydown", key);
  file.addEventListener("change", () => open(file));
}

const parse = (points) =>
  points.split(" ").map((point) => point.split(",").map((part) => Number(part) / 100));

function draw(newLines) {
  lines = newLines;
  picture = null;
  cursor = null;
  changed();
}

function place(event) {
  const box = event.target.getBoundingClientRect();
  return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
}

function begin(event) {
  if (event.button !== 0) return;
  event.target.setPointerCapture(event.pointerId);
  picture = null;
  cursor = null;
  lines.push([place(event)]);
  changed();
}

function go(event) {
  if (!event.target.hasPointerCapture(event.pointerId)) return;
  // A fast pen is at more places than there are frames.
  const events = event.getCoalescedEvents?.() ?? [];
  lines.at(-1).push(...(events.length ? events : [event]).map(place));
  changed();
}

function key(event) {
  const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  if (event.key === "Escape") {
    draw([]);
  } else if (event.key === " ") {
    cursor ??= { at: [0.5, 0.2], isDown: false };
    cursor.isDown = !cursor.isDown;
    picture = null;
    if (cursor.isDown) lines.push([cursor.at]);
  } else if (event.key in moves) {
    cursor ??= { at: [0.5, 0.2], isDown: false };
    const limited = (part) => Math.min(Math.max(part, 0), 1);
    cursor.at = cursor.at.map((part, axis) => limited(part + STEP * moves[event.key][axis]));
    if (cursor.isDown) lines.at(-1).push(cursor.at);
  } else {
    return;
  }
  event.preventDefault();
  changed();
}

async function open(file) {
  try {
    const image = await createImageBitmap(file.files[0]);
    draw([]);
    picture = image;
    changed();
  } catch {
    complain("This file cannot be read as an image.");
  }
  file.value = ""; // so that the same file can be opened again
}

function changed() {
  const board = byId("board").getContext("2d");
  board.clearRect(0, 0, BOARD, BOARD);
  if (picture) board.drawImage(picture, 0, 0, BOARD, BOARD);
  else trace(board, PEN * BOARD, ([x, y]) => [x * BOARD, y * BOARD]);
  if (cursor) {
    board.beginPath();
    board.arc(cursor.at[0] * BOARD, cursor.at[1] * BOARD, (PEN * BOARD) / 2, 0, 2 * Math.PI);
    board.strokeStyle = "#8ab4f8";
    board.lineWidth = 5;
    board.stroke();
  }
  if (!size.height) return;
  const image = seen();
  preview(image);
  ask(picture || lines.length ? image : null);
}

function trace(context, width, map) {
  context.lineWidth = width;
  context.lineCap = context.lineJoin = "round";
  context.strokeStyle = "#fff";
  for (const line of lines) {
    context.beginPath();
    context.moveTo(...map(line[0]));
    for (const point of line) context.lineTo(...map(point));
    context.stroke();
  }
}

/** The image as the model takes it: `height` lists of `width` numbers, or colours. */
function seen() {
  const { height, width, largest, colours } = size;
  const canvas = new OffscreenCanvas(width * DETAIL, height * DETAIL);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  // Around lines it is dark; behind what is clear in a file, as training has it, white.
  context.fillStyle = picture ? "#fff" : "#000";
  context.fillRect(0, 0, canvas.width, canvas.height);
  if (picture) context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  else if (lines.length) fit(context, canvas);
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height).data;
  const black = () => new Array(width).fill(null).map(() => [0, 0, 0]);
  const image = Array.from({ length: height }, black);
  for (let y = 0; y < canvas.height; y += 1) {
    for (let x = 0; x < canvas.width; x += 1) {
      const at = 4 * (y * canvas.width + x);
      const sums = image[Math.floor(y / DETAIL)][Math.floor(x / DETAIL)];
      for (let channel = 0; channel < 3; channel += 1) sums[channel] += pixels[at + channel];
    }
  }
  const unit = largest / (255 * DETAIL * DETAIL);
  // Rounded: nobody can see more, and the request stays short. Never above the largest.
  const round = (value) => Math.min(largest, Number((value * unit).toFixed(2)));
  // The brightness of a colour, as ITU-R BT.601 has it.
  const grey = ([red, green, blue]) => round(0.299 * red + 0.587 * green + 0.114 * blue);
  return image.map((row) => row.map(colours ? (sums) => sums.map(round) : grey));
}

/** Draw the lines as large as the images are that the model learnt from.
 *
 * MNIST's digits fill the middle 20 of 28 pixels, those of scikit-learn all 8 pixels of
 * the height, in thicker lines. Lines keep their width, however large one has drawn.
 */
function fit(context, canvas) {
  const points = lines.flat();
  const [left, top] = [0, 1].map((axis) => Math.min(...points.map((at) => at[axis])));
  const [right, bottom] = [0, 1].map((axis) => Math.max(...points.map((at) => at[axis])));
  const margin = size.height < 20 ? 0 : 4 / 28;
  const pen = (size.height < 20 ? 0.2 : PEN) * canvas.height;
  const room = canvas.height * (1 - 2 * margin) - pen;
  // A dot stays a dot.
  const scale = room / Math.max(right - left, bottom - top, 0.25);
  trace(context, pen, ([x, y]) => [
    canvas.width / 2 + scale * (x - (left + right) / 2),
    canvas.height / 2 + scale * (y - (top + bottom) / 2),
  ]);
}

function preview(image) {
  const canvas = byId("seen");
  canvas.width = size.width;
  canvas.height = size.height;
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(size.width, size.height);
  image.flat().forEach((value, index) => {
    const rgb = size.colours ? value : [value, value, value];
    pixels.data.set([...rgb.map((part) => (255 * part) / size.largest), 255], 4 * index);
  });
  context.putImageData(pixels, 0, 0);
}

await start();
