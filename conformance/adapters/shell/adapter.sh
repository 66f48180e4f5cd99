#!/usr/bin/env bash
# An adapter of the chatconform protocol, version 1, for the shell: curl sends and receives, jq reads and writes JSON.
set -u
export LC_ALL=C # a stream is bytes: only jq has to know about characters

features='["stream","tools","custom_tools","functions","n","logprobs","audio","timeout_total","abort"]'
fields='["id","model","created","usage","role","content","refusal","tool_calls","tool_ids","finish_reason","logprobs",
  "audio","annotations","function_call","reasoning"]'
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Passes on lines for the kit. Calls run at the same time: their lines take turns.
say() {
  flock "$scratch" cat
}

# What came of a call: the kind of its error (empty for none), or the values in its body or its events.
reply='
  def error($kind; $message): {ok: false, error: {
    kind: $kind, status: $status, message: $message, body: (try ($body | fromjson) catch $body)
  }};
  {id: $id} + if $kind != "" then error($kind; $problem) else
    try (
      (if $streams then $events | split("\u001e")[:-1] | map(fromjson) else [$body | fromjson] end) as $values
      | if any($values[]; type != "object") then error("decode"; "no JSON object")
        elif any($values[]; .error != null) then error("api"; "the server tells an error")
        elif $streams then {ok: true, chunks: $values}
        else {ok: true, completion: $values[0]} end
    ) catch error("decode"; .)
  end'

# Takes one line of a stream in: collects `data` until a blank line, which ends an event. Fails where the stream is over.
take() {
  case $1 in
    data:*)
      line=${1:5}
      [[ $line != ' '* ]] || line=${line:1}
      data+=$line$'\n'
      ;;
    '')
      [[ $data == '[DONE]'* ]] && return 1
      if [[ $data ]]; then
        printf '%s\036' "$data"
        ((++count == 1)) && printf '{"id":"%s","event":"delta"}\n' "$id" | say >&3
        data=
      fi
      ((count != most))
      ;;
  esac
}

# Reads server-sent events from a file that a process (curl) still writes, and writes the data of each with U+001E after
# it, until `[DONE]` or until there are `most` of them. Fails where the file just ended.
# A line ends with CRLF, LF or a lone CR: what `read` gives may hold several. (`${text:3}`, for `${text#...}` takes half a
# minute where a line has a million characters.)
read_events() {
  local id=$1 writer=$2 most=$3 text='' piece line data='' count=0 begun='' more=yes
  while [[ $more ]]; do
    kill -0 "$writer" 2>/dev/null || more=
    while IFS= read -r piece || { text+=$piece && [[ ! $more && $text ]]; }; do
      text+=$piece
      [[ $begun || $text != $'\xef\xbb\xbf'* ]] || text=${text:3}
      [[ $text != *$'\r' ]] || text=${text:0:-1}
      begun=yes
      while [[ $text == *$'\r'* ]]; do
        take "${text%%$'\r'*}" || return 0
        text=${text#*$'\r'}
      done
      take "$text" || return 0
      text=
    done
    [[ ! $more ]] || sleep 0.02
  done
  [[ $data == '[DONE]'* ]]
}

# Makes one call: the line of the protocol that asks for it.
chat() {
  local here id url key timeout most streams request curl code status=null kind=''
  here=$(mktemp -d -p "$scratch")
  {
    for name in id url key timeout most streams request; do IFS= read -r "${name?}"; done
  } < <(jq --raw-output '.id, .base_url, .api_key, (.options | .timeout_s, .stop_after // -1),
    (.request | .stream == true, tojson)' <<<"$1")
  touch "$here"/{body,events,status,problem}

  curl --silent --show-error --no-buffer --compressed --max-time "$timeout" \
    --header "Authorization: Bearer $key" --header 'Content-Type: application/json' --data-binary @- \
    --output "$here/body" --write-out '%{http_code}' \
    "$url/chat/completions" <<<"$request" >"$here/status" 2>"$here/problem" &
  curl=$!
  if [[ $streams == true ]] && read_events "$id" "$curl" "$most" <"$here/body" >"$here/events"; then
    kill "$curl" 2>/dev/null
    wait "$curl" 2>/dev/null
  else
    wait "$curl"
    code=$?
    if ((code == 28)); then
      kind=timeout
    elif ((code != 0)); then
      kind=connection
    elif status=$(<"$here/status") && ((status != 200)); then
      kind=status
    else
      status=null
    fi
  fi
  jq --null-input --compact-output --ascii-output --arg id "$id" --argjson streams "$streams" --arg kind "$kind" \
    --argjson status "$status" --rawfile problem "$here/problem" --rawfile body "$here/body" \
    --rawfile events "$here/events" "$reply" | say
  rm -rf "$here"
} 3>&1

version=$(curl --version | { read -r _ number _ && echo "$number"; })
jq --null-input --compact-output --arg version "$version" --arg runtime "bash $BASH_VERSION" \
  --argjson features "$features" --argjson fields "$fields" \
  '{hello: {protocol: 1, client: "curl", version: $version, runtime: $runtime, features: $features, fields: $fields}}' |
  say
while IFS= read -r op; do
  chat "$op" &
done
wait
