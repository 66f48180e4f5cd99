"""A small adapter that behaves as its first argument says, for tests of the kit's own end of the protocol."""

import json
import os
import subprocess
import sys
import threading
import time
import urllib.request

how = sys.argv[1] if len(sys.argv) > 1 else "well"
FEATURES = ["tools"]
FIELDS = ["id", "created", "model", "role", "content", "finish_reason", "tool_calls", "tool_ids", "usage"]
HELLO = {"hello": {"protocol": 1, "client": "mini", "version": "1", "features": FEATURES, "fields": FIELDS}}


def say(message):
    print(json.dumps(message), flush=True)


def chat(op):
    body = json.dumps(op["request"]).encode()
    headers = {"content-type": "application/json", "authorization": f"Bearer {op['api_key']}"}
    request = urllib.request.Request(f"{op['base_url']}/chat/completions", body, headers)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return {"ok": True, "completion": json.load(answer)}
    except Exception as error:
        status = getattr(error, "code", None)
        kind = "status" if status else "connection"
        return {"ok": False, "error": {"kind": kind, "status": status, "message": str(error)}}


match how:
    case "silent":
        time.sleep(60)
    case "rubbish-hello":
        print("hello?", flush=True)
        sys.exit()
    case "wrong-hello":
        say({"hello": {"protocol": "one"}})
        sys.exit(sys.stdin.read())
    case "protocol-2":
        say({"hello": {**HELLO["hello"], "protocol": 2}})
        sys.exit(sys.stdin.read())
    case "dies-first":
        print("no such module: client", file=sys.stderr, flush=True)
        sys.exit(3)
if how.startswith("leaves-a-child"):
    subprocess.Popen(["sleep", "30"], start_new_session=True)
say(HELLO)
for number, line in enumerate(sys.stdin):
    op = json.loads(line)
    match how:
        case "dies" if number:
            print("the engine broke", file=sys.stderr, flush=True)
            sys.exit(4)
        case "hangs" if "meta" in op["id"]:
            time.sleep(60)
        case "hangs-often" if "ns-unicode" not in op["id"]:
            time.sleep(60)
        case "hangs-after-asking":
            threading.Thread(target=chat, args=[op]).start()
            continue
        case "leaves-a-child-and-dies":
            os._exit(7)
        case "rubbish" if number:
            print("DEBUG: sent it", flush=True)
        case "no-ok":
            say({"id": op["id"]})
            continue
        case "floods":
            sys.stderr.write("x" * 2_000_000 + "\n")
        case "another":
            say({"id": "nobody", "ok": True, "completion": {}})
            continue
        case "cannot":
            say({"id": op["id"], "unsupported": "anything"})
            continue
    reply = {"id": op["id"], **chat(op)}
    say(reply)
    if how == "twice":
        say(reply)
