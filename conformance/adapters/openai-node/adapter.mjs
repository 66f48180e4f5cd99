// An adapter of the chatconform protocol, version 1, for the official `openai` package (Node), reading raw chunks.
//
// Run it in the folder whose node_modules holds the package.

import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(`${process.cwd()}/`);
const OpenAI = installed("openai");
const { VERSION } = installed("openai/version");

const clients = new Map();

function installed(name) {
  try {
    return require(name);
  } catch (error) {
    console.error(`${error.code}: ${name} is not installed in ${process.cwd()}`);
    process.exit(1);
  }
}

// The wire is ASCII, so that half a surrogate pair survives it.
function say(message) {
  const escape = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  process.stdout.write(`${JSON.stringify(message).replace(/[\u007f-\uffff]/g, escape)}\n`);
}

function clientFor({ base_url, api_key, options }) {
  const key = JSON.stringify([base_url, options.timeout_s, options.max_retries]);
  if (!clients.has(key)) {
    const settings = { baseURL: base_url, apiKey: api_key, timeout: options.timeout_s * 1000 };
    clients.set(key, new OpenAI({ ...settings, maxRetries: options.max_retries }));
  }
  return clients.get(key);
}

function errorOf(error) {
  const told = { class: error.constructor.name, message: error.message };
  if (error instanceof OpenAI.APIConnectionTimeoutError) return { kind: "timeout", ...told };
  if (error instanceof OpenAI.APIConnectionError) return { kind: "connection", ...told };
  if (error instanceof OpenAI.APIError) {
    const { status, code, type, param, error: body, requestID: request_id } = error;
    const fields = { code, type, param, body, request_id };
    return status === undefined ? { kind: "api", ...fields, ...told } : { kind: "status", status, ...fields, ...told };
  }
  if (error instanceof SyntaxError) return { kind: "decode", ...told };
  return { kind: error.message === "terminated" ? "connection" : "other", ...told };
}

async function chat(op) {
  const began = performance.now();
  const chunks = [];
  let first = null;
  try {
    const answer = await clientFor(op).chat.completions.create(op.request);
    if (!op.request.stream) {
      if (answer?.constructor === Object) return { ok: true, completion: answer };
      return { ok: false, error: { kind: "decode", message: `no completion came but ${JSON.stringify(answer)}` } };
    }
    for await (const chunk of answer) {
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
    client: "openai-node",
    version: VERSION,
    runtime: `Node ${process.version}`,
    features: "stream tools custom_tools functions n logprobs audio retries timeout abort".split(" "),
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
