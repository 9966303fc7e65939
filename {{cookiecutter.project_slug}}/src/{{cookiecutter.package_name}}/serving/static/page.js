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
export function findOperation(content, id) {
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
