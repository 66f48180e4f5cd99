// An adapter of the chatconform protocol, version 1, for the code that tutorials show: `fetch`, a reader, split("\n").
//
// It is not how to read a stream. It is how many programs do, and what it fails is what they fail.

import { createInterface } from "node:readline";

// The wire is ASCII, so that half a surrogate pair survives it.
function say(message) {
  const escape = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  process.stdout.write(`${JSON.stringify(message).replace(/[\u007f-\uffff]/g, escape)}\n`);
}

class StatusError extends Error {
  constructor(status, body) {
    super(`HTTP ${status}: ${body}`);
    Object.assign(this, { status, body });
  }
}

async function post({ base_url, api_key, request, options }) {
  const response = await fetch(`${base_url}/chat/completions`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${api_key}` },
    body: JSON.stringify(request),
    signal: AbortSignal.timeout(options.timeout_s * 1000),
  });
  if (!response.ok) throw new StatusError(response.status, await response.text());
  return response;
}

async function* chunksOf(response) {
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  try {
    while (true) {
      const { done, value } = await reader.read();
      if (done) return;
      for (const line of decoder.decode(value).split("\n")) {
        if (!line.startsWith("data: ")) continue;
        const data = line.slice(6);
        if (data === "[DONE]") return;
        yield JSON.parse(data);
      }
    }
  } finally {
    await reader.cancel();
  }
}

function errorOf(error) {
  const told = { class: error.name, message: error.message };
  if (error instanceof StatusError) return { kind: "status", status: error.status, body: error.body, ...told };
  if (error.name === "TimeoutError") return { kind: "timeout", ...told };
  if (error instanceof SyntaxError) return { kind: "decode", ...told };
  if (error.cause || error.message === "terminated") return { kind: "connection", ...told };
  return { kind: "other", ...told };
}

async function chat(op) {
  const began = performance.now();
  const chunks = [];
  let first = null;
  try {
    const response = await post(op);
    if (!op.request.stream) {
      const completion = await response.json();
      completion.choices[0].message; // what the tutorial prints
      return { ok: true, completion };
    }
    for await (const chunk of chunksOf(response)) {
      first ??= (performance.now() - began) / 1000;
      chunks.push(chunk);
      if (chunks.length === op.options.stop_after) break;
    }
    return { ok: true, chunks, first_delta_s: first };
  } catch (error) {
    return { ok: false, error: errorOf(error), partial: chunks };
  }
}

say({
  hello: {
    protocol: 1,
    client: "fetch",
    version: process.versions.undici,
    runtime: `Node ${process.version}`,
    features: "stream tools custom_tools functions n logprobs audio timeout_total abort".split(" "),
    fields: (
      "id model created usage role content refusal tool_calls tool_ids finish_reason logprobs audio annotations " +
      "function_call reasoning"
    ).split(" "),
  },
});
for await (const line of createInterface({ input: process.stdin })) {
  const op = JSON.parse(line);
  chat(op).then((reply) => say({ id: op.id, ...reply }));
}
