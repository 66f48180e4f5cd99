// An adapter of the chatconform protocol, version 1, for the AI SDK: `ai` with `@ai-sdk/openai-compatible`.
//
// Run it in the folder whose node_modules holds both packages.

import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(`${process.cwd()}/`);
const { APICallError, JSONParseError, RetryError, TypeValidationError, generateText, jsonSchema, streamText, tool } =
  installed("ai");
const { createOpenAICompatible } = installed("@ai-sdk/openai-compatible");
const { version } = installed("ai/package.json");

console.log = console.info = console.warn = console.error; // what a library prints must not stand between the lines
globalThis.AI_SDK_LOG_WARNINGS = false;

function installed(name) {
  try {
    return require(name);
  } catch (error) {
    console.error(`${error.code}: ${name} is not installed in ${process.cwd()}`);
    process.exit(1);
  }
}

class Unsupported extends Error {}

// The wire is ASCII, so that half a surrogate pair survives it.
function say(message) {
  const escape = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  process.stdout.write(`${JSON.stringify(message).replace(/[\u007f-\uffff]/g, escape)}\n`);
}

function partOf(part) {
  if (part.type === "text") return part;
  if (part.type === "image_url") return { type: "image", image: part.image_url.url };
  return { type: "file", data: part.input_audio.data, mediaType: `audio/${part.input_audio.format}` };
}

function messagesOf(messages) {
  const names = {};
  return messages.map(({ role, name, content, tool_calls, tool_call_id }) => {
    if (name) throw new Unsupported("names of participants");
    if (role === "system") return { role, content };
    if (role === "user") return { role, content: typeof content === "string" ? content : content.map(partOf) };
    if (role === "tool") {
      const output = { type: "text", value: content };
      return { role, content: [{ type: "tool-result", toolCallId: tool_call_id, toolName: names[tool_call_id], output }] };
    }
    if (role !== "assistant") throw new Unsupported(`the role ${role}`);
    const calls = (tool_calls ?? []).map(({ id, function: called }) => {
      names[id] = called.name;
      return { type: "tool-call", toolCallId: id, toolName: called.name, input: JSON.parse(called.arguments) };
    });
    return { role, content: [...(content ? [{ type: "text", text: content }] : []), ...calls] };
  });
}

function toolsOf(tools) {
  const made = tools.map(({ function: { name, description, parameters = { type: "object", properties: {} }, strict } }) => [
    name,
    tool({ description, strict, inputSchema: jsonSchema(parameters) }),
  ]);
  return Object.fromEntries(made);
}

// A request as the options of a call: what the AI SDK has no name for goes into `providerOptions`.
function optionsOf({ base_url, api_key, request, options }, signal) {
  const { model, messages, stream, stream_options, tools, tool_choice, stop, ...rest } = request;
  const names = {
    temperature: "temperature",
    top_p: "topP",
    frequency_penalty: "frequencyPenalty",
    presence_penalty: "presencePenalty",
    seed: "seed",
    max_tokens: "maxOutputTokens",
  };
  const settings = {};
  const others = {};
  for (const [name, value] of Object.entries(rest)) {
    if (name in names) settings[names[name]] = value;
    else others[name === "reasoning_effort" ? "reasoningEffort" : name] = value;
  }
  if (tools) settings.tools = toolsOf(tools);
  if (tool_choice) {
    const named = tool_choice.function && { type: "tool", toolName: tool_choice.function.name };
    settings.toolChoice = named ?? tool_choice;
  }
  if (stop) settings.stopSequences = [stop].flat();
  const includeUsage = stream_options?.include_usage ?? false;
  const provider = createOpenAICompatible({ name: "server", baseURL: base_url, apiKey: api_key, includeUsage });
  return {
    ...settings,
    model: provider(model),
    messages: messagesOf(messages),
    providerOptions: { server: others },
    maxRetries: options.max_retries,
    abortSignal: signal,
  };
}

function callOf({ toolCallId: id, toolName: name, input }) {
  return { id, type: "function", function: { name, arguments: typeof input === "string" ? input : JSON.stringify(input) } };
}

function completionOf({ text, reasoningText, toolCalls, rawFinishReason, finishReason, usage, response }) {
  const message = { role: "assistant", content: text, tool_calls: toolCalls.map(callOf) };
  if (reasoningText) message.reasoning_content = reasoningText;
  const told = usage?.inputTokens === undefined && usage?.outputTokens === undefined ? null : {
    prompt_tokens: usage.inputTokens,
    completion_tokens: usage.outputTokens,
    total_tokens: usage.totalTokens,
  };
  return {
    id: response?.id,
    model: response?.modelId,
    created: response && Math.floor(response.timestamp.getTime() / 1000),
    choices: [{ index: 0, message, finish_reason: rawFinishReason ?? (finishReason === "stop" ? "stop" : null) }],
    usage: told,
  };
}

function errorOf(error) {
  if (RetryError.isInstance(error)) return errorOf(error.lastError);
  const told = { class: error.name, message: error.message };
  if (APICallError.isInstance(error) && error.statusCode >= 400) {
    return { kind: "status", status: error.statusCode, body: error.data ?? error.responseBody, ...told };
  }
  if (error.name === "TimeoutError" || error.cause?.name === "TimeoutError") return { kind: "timeout", ...told };
  if ([JSONParseError, TypeValidationError].some((kind) => kind.isInstance(error) || kind.isInstance(error.cause))) {
    return { kind: "decode", ...told };
  }
  if (APICallError.isInstance(error) || error.message === "terminated") return { kind: "connection", ...told };
  return { kind: "other", ...told };
}

async function streamed(options, stopAfter, leave, began) {
  const result = streamText({ ...options, onError: () => {} });
  let first = null;
  let deltas = 0;
  let text = "";
  for await (const part of result.fullStream) {
    if (part.type === "error") throw part.error instanceof Error ? part.error : new Error(JSON.stringify(part.error));
    if (part.type === "abort") throw new DOMException("the call was aborted", "TimeoutError");
    if (!part.type.endsWith("-delta")) continue;
    first ??= (performance.now() - began) / 1000;
    if (part.type === "text-delta") text += part.text;
    deltas += 1;
    if (deltas === stopAfter) {
      leave.abort();
      const choice = { index: 0, message: { role: "assistant", content: text }, finish_reason: null };
      return { ok: true, completion: { choices: [choice] }, first_delta_s: first };
    }
  }
  const names = ["text", "reasoningText", "toolCalls", "rawFinishReason", "finishReason", "usage", "response"];
  const values = await Promise.all(names.map((name) => result[name]));
  const whole = Object.fromEntries(names.map((name, place) => [name, values[place]]));
  return { ok: true, completion: completionOf(whole), first_delta_s: first };
}

async function chat(op) {
  const began = performance.now();
  const leave = new AbortController();
  const late = () => leave.abort(new DOMException("the call took too long", "TimeoutError"));
  const timer = setTimeout(late, op.options.timeout_s * 1000);
  try {
    const options = optionsOf(op, leave.signal);
    if (op.request.stream) return await streamed(options, op.options.stop_after, leave, began);
    return { ok: true, completion: completionOf(await generateText(options)) };
  } catch (error) {
    if (error instanceof Unsupported) return { unsupported: error.message };
    return { ok: false, error: errorOf(error) };
  } finally {
    clearTimeout(timer);
  }
}

say({
  hello: {
    protocol: 1,
    client: "ai-sdk",
    version,
    runtime: `Node ${process.version}`,
    features: "stream tools retries timeout_total abort".split(" "),
    fields: "id model created usage content tool_calls tool_ids finish_reason reasoning".split(" "),
  },
});
for await (const line of createInterface({ input: process.stdin })) {
  const op = JSON.parse(line);
  chat(op).then((reply) => say({ id: op.id, ...reply }));
}
