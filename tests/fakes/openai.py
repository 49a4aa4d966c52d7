"""OpenAI: /v1/responses, /v1/chat/completions and /v1/models with structured output and scripted answers.

Without a script every structured request gets a small value that fits its schema, and every other one "OK", so that a
test scripts only what it is about. Strict schemas are checked as the provider checks them.
"""

import hmac
import json
import secrets
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from tests.fakes.exchange import Request, Response, json_response
from tests.fakes.server import FakeServer
from tests.fakes.trouble import Trouble

API_KEY: Final = "sk-fake-key"
MODELS: Final = ("gpt-5-mini", "gpt-4o-mini")

_TYPES: Final = {401: "invalid_request_error", 429: "requests", 500: "server_error", 503: "server_error"}
_CODES: Final = {401: "invalid_api_key", 404: "model_not_found", 429: "rate_limit_exceeded"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """The model declines in its own words."""

    words: str = "I'm sorry, I cannot assist with that request."


@dataclass(frozen=True, slots=True)
class Unfinished:
    """The answer was cut off: by the content filter, or by the limit on output tokens."""

    reason: Literal["content_filter", "max_output_tokens"]
    text: str = ""


# A string is the text as it is; any other JSON value is written as JSON; a callable gets the parsed request body.
Answer = str | Mapping[str, Any] | list[Any] | Refusal | Unfinished
Script = Answer | Callable[[dict[str, Any]], Answer]


class OpenAI(FakeServer):
    """The API; `base_url` goes into the SDK."""

    def __init__(self, *, api_key: str = API_KEY, models: Collection[str] = MODELS, port: int = 0) -> None:
        """`models` are the ids that exist; an empty collection takes any."""
        super().__init__(port=port)
        self.api_key, self.models = api_key, models
        self._script: deque[Script] = deque()

    @property
    def base_url(self) -> str:
        """What OPENAI_BASE_URL is set to."""
        return f"{self.url}/v1"

    @property
    def prompts(self) -> list[str]:
        """Everything that was said to the model, one text a request: what left the house."""
        return ["\n".join(_texts(request.json())) for request in self.requests if request.method == "POST"]

    def script(self, *answers: Script) -> None:
        """Answer the next requests with these, in order."""
        with self._lock:
            self._script.extend(answers)

    def reset(self) -> None:
        """Forget the script too."""
        super().reset()
        with self._lock:
            self._script.clear()

    def failure(self, status: int, trouble: Trouble) -> Response:
        """The provider's error object; code `insufficient_quota` is the 429 that waiting does not cure."""
        code = trouble.code or _CODES.get(status)
        kind = "insufficient_quota" if code == "insufficient_quota" else _TYPES.get(status, "invalid_request_error")
        return _error(status, f"The fake was told to answer {status}.", kind, code)

    def answer(self, request: Request) -> Response:
        """Check key, route, model and schema; then say what the script says."""
        scheme, _, key = request.header("Authorization").partition(" ")
        if scheme != "Bearer" or not hmac.compare_digest(key, self.api_key):
            return _error(401, "Incorrect API key provided.", _TYPES[401], _CODES[401])
        if (request.method, request.path) == ("GET", "/v1/models"):
            return json_response({"object": "list", "data": [_model(name) for name in self.models]})
        if request.method != "POST" or request.path not in ("/v1/responses", "/v1/chat/completions"):
            return _error(404, f"Invalid URL ({request.method} {request.path})", "invalid_request_error", None)
        try:
            body = request.json()
        except ValueError:
            return _error(400, "We could not parse the JSON body of your request.", "invalid_request_error", None)
        if self.models and body.get("model") not in self.models:
            message = f"The model `{body.get('model')}` does not exist or you do not have access to it."
            return _error(404, message, "invalid_request_error", _CODES[404])
        if body.get("stream"):
            return _error(400, "The fake does not stream.", "invalid_request_error", "unsupported_value", "stream")
        chat = request.path.endswith("completions")
        try:
            schema = _schema_of(body, chat=chat)
            if schema is not None:
                _check_strict(schema, ())
        except _InvalidSchema as invalid:
            param = "response_format" if chat else "text.format.schema"
            return _error(400, str(invalid), "invalid_request_error", "invalid_json_schema", param)
        said = self._next(body, schema)
        value = _chat_completion(body, said) if chat else _response(body, said)
        return json_response(value, headers={"x-request-id": f"req_{secrets.token_hex(16)}"})

    def _next(self, body: dict[str, Any], schema: Mapping[str, Any] | None) -> Answer:
        with self._lock:
            script = self._script.popleft() if self._script else None
        if script is None:
            return _sample(schema, schema) if schema is not None else "OK"
        return script(body) if callable(script) else script


class _InvalidSchema(Exception):
    """A schema that strict structured output does not take."""


def _schema_of(body: Mapping[str, Any], *, chat: bool) -> dict[str, Any] | None:
    """The strict JSON schema that the answer has to follow, None for free text."""
    wanted = body.get("response_format") if chat else (body.get("text") or {}).get("format")
    if not wanted or wanted.get("type") != "json_schema":
        return None
    holder = wanted.get("json_schema") if chat else wanted
    if not holder or not holder.get("name") or not isinstance(holder.get("schema"), dict):
        raise _InvalidSchema("Missing required parameter: name and schema.")
    return holder["schema"] if holder.get("strict") else None


def _check_strict(schema: Mapping[str, Any], context: tuple[str, ...]) -> None:
    """Every object must forbid additional properties and require all its own."""
    if schema.get("type") == "object" or "properties" in schema:
        properties = schema.get("properties", {})
        where = f"In context={context}"
        if schema.get("additionalProperties") is not False:
            raise _InvalidSchema(f"{where}, 'additionalProperties' is required to be supplied and to be false.")
        if missing := sorted(set(properties) - set(schema.get("required", []))):
            raise _InvalidSchema(f"{where}, 'required' has to list every key. Missing '{missing[0]}'.")
        for name, part in properties.items():
            _check_strict(part, (*context, "properties", name))
    for name, part in schema.get("$defs", {}).items():
        _check_strict(part, (*context, "$defs", name))
    for number, part in enumerate(schema.get("anyOf", [])):
        _check_strict(part, (*context, "anyOf", str(number)))
    if isinstance(schema.get("items"), dict):
        _check_strict(schema["items"], (*context, "items"))


def _sample(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Any:
    """The smallest value that fits a schema."""
    if "$ref" in schema:
        return _sample(root["$defs"][schema["$ref"].rpartition("/")[2]], root)
    if "const" in schema or "enum" in schema:
        return schema.get("const", (schema.get("enum") or [None])[0])
    if "anyOf" in schema:
        return _sample(schema["anyOf"][0], root)
    kind = schema.get("type", "string")
    match kind[0] if isinstance(kind, list) else kind:
        case "object":
            return {name: _sample(part, root) for name, part in schema.get("properties", {}).items()}
        case "array":
            return [_sample(schema["items"], root)] * schema.get("minItems", 1)
        case "integer" | "number":
            return schema.get("minimum", 0)
        case "boolean":
            return True
        case "null":
            return None
        case _:
            return "text"


def _text(said: Answer) -> str:
    if isinstance(said, Unfinished):
        return said.text
    return said if isinstance(said, str) else json.dumps(said)


def _response(body: Mapping[str, Any], said: Answer) -> dict[str, Any]:
    if isinstance(said, Refusal):
        part: dict[str, Any] = {"type": "refusal", "refusal": said.words}
    else:
        part = {"type": "output_text", "text": _text(said), "annotations": [], "logprobs": []}
    status = "incomplete" if isinstance(said, Unfinished) else "completed"
    message = {"id": f"msg_{secrets.token_hex(12)}", "type": "message", "role": "assistant", "status": status}
    tokens = {"input_tokens": 40, "output_tokens": 20, "total_tokens": 60}
    return {
        "id": f"resp_{secrets.token_hex(12)}",
        "object": "response",
        "created_at": int(time.time()),
        "status": status,
        "error": None,
        "incomplete_details": {"reason": said.reason} if isinstance(said, Unfinished) else None,
        "instructions": body.get("instructions"),
        "metadata": body.get("metadata") or {},
        "model": body["model"],
        "output": [{**message, "content": [part]}],
        "parallel_tool_calls": True,
        "temperature": body.get("temperature", 1.0),
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "usage": {
            **tokens,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens_details": {"reasoning_tokens": 0},
        },
    }


def _chat_completion(body: Mapping[str, Any], said: Answer) -> dict[str, Any]:
    finish = "stop"
    if isinstance(said, Unfinished):
        finish = "content_filter" if said.reason == "content_filter" else "length"
    message: dict[str, Any] = {
        "role": "assistant",
        "content": None if isinstance(said, Refusal) else _text(said),
        "refusal": said.words if isinstance(said, Refusal) else None,
        "annotations": [],
    }
    return {
        "id": f"chatcmpl-{secrets.token_hex(12)}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": body["model"],
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": finish}],
        "usage": {"prompt_tokens": 40, "completion_tokens": 20, "total_tokens": 60},
    }


def _texts(body: Mapping[str, Any]) -> list[str]:
    """Every piece of prompt text in a request body."""
    pieces: list[str] = [body["instructions"]] if body.get("instructions") else []
    said = body.get("input") or body.get("messages") or []
    for message in [{"content": said}] if isinstance(said, str) else said:
        content = message.get("content") or ""
        pieces += [content] if isinstance(content, str) else [part.get("text", "") for part in content]
    return pieces


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 1_700_000_000, "owned_by": "fake"}


def _error(status: int, message: str, kind: str, code: str | None, param: str | None = None) -> Response:
    return json_response({"error": {"message": message, "type": kind, "param": param, "code": code}}, status)
