"""One self-contained document of a type and all that it refers to."""

from typing import Any

from chatconform.schemas.registry import Schema, documents, schema, uri
from chatconform.schemas.unions import as_one_of


def bundle(name: str, strict: bool = False, one_of: bool = False) -> Schema:
    """Returns a type's schema as one new document, with every type that it refers to under `$defs`.

    Every `$ref` in it is `#/$defs/` and a name, which all tools understand. With `one_of`, unions are plain `oneOf`s
    instead of chains of `if`, `then` and `else`: third-party generators see the branches then, at the price of less
    exact errors. The values that it admits are the same.

    Raises `UnknownType` when no type has that name.
    """
    name_by_uri = {document["$id"]: known for known, document in documents(strict).items()}
    defs: Schema = {}
    to_add = [name]
    added = set()
    root: Schema = {}
    while to_add:
        reached = to_add.pop()
        if reached in added:
            continue
        added.add(reached)
        base = uri(reached, strict)
        document = _rewritten(schema(reached, strict), base, name_by_uri, to_add)
        defs |= document.pop("$defs", {})
        del document["$id"]
        if reached == name:
            root = document
        else:
            del document["$schema"]
            defs[reached] = document
    if one_of:
        root, defs = as_one_of(root), {key: as_one_of(value) for key, value in defs.items()}
    examples = root.pop("examples")
    return {**root, **({"$defs": dict(sorted(defs.items()))} if defs else {}), "examples": examples}


def _rewritten(node: Any, base: str, name_by_uri: dict[str, str], to_add: list[str]) -> Any:
    """Returns a copy of a subschema whose references stay inside the bundle, and notes the types they lead to."""
    from urllib.parse import urldefrag, urljoin  # not worth its time to those who never bundle

    if isinstance(node, list):
        return [_rewritten(below, base, name_by_uri, to_add) for below in node]
    if not isinstance(node, dict):
        return node
    made = {}
    for key, value in node.items():
        if key == "examples":
            made[key] = value
        elif key == "$ref" and isinstance(value, str):
            address, fragment = urldefrag(urljoin(base, value))
            if fragment:  # into a document's own `$defs`, which the bundle takes over under the same names
                made[key] = f"#{fragment}"
            else:
                made[key] = f"#/$defs/{name_by_uri[address]}"
                to_add.append(name_by_uri[address])
        else:
            made[key] = _rewritten(value, base, name_by_uri, to_add)
    return made
