"""What can go wrong between a request and its answer."""


class TargetError(Exception):
    """A target that cannot be opened or does not speak HTTP, said in one sentence."""


class UnreachableError(TargetError):
    """A target at whose address nothing answers any more: no request to it means anything."""


class ApplicationError(TargetError):
    """An application in process that raised, or broke the rules of WSGI or ASGI."""


class NoAnswerError(TargetError):
    """A target that ended the exchange without an answer."""


class DocumentError(Exception):
    """An OpenAPI document that cannot be used, said in one sentence."""
