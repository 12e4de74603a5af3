"""How a request's body is read. Apart from `api`, which DRF's own views import back."""

import json

from rest_framework import exceptions
from rest_framework.parsers import JSONParser


class JsonParser(JSONParser):
    """JSON that can be read and repeated. Python reads two kinds of body that fail later: half
    of a surrogate pair cannot be written into the answer, and brackets nested thousands deep
    exhaust the stack."""

    def parse(self, stream, media_type=None, parser_context=None):
        try:
            data = super().parse(stream, media_type, parser_context)
            json.dumps(data, ensure_ascii=False).encode()
        except RecursionError:
            raise exceptions.ParseError("JSON parse error - nested too deeply.") from None
        except UnicodeEncodeError:
            raise exceptions.ParseError(
                "JSON parse error - half of a surrogate pair is not a character."
            ) from None
        return data
