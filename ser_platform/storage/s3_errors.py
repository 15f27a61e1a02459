"""botocore's failures in words a user can act on; secrets stay out of them."""

from urllib.parse import urlsplit

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectionError,  # noqa: A004 - botocore's own: no connection at all
    CredentialRetrievalError,
    HTTPClientError,
    IncompleteReadError,
    LoginError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
    ReadTimeoutError,
    SSLError,
    SSOError,
    TokenRetrievalError,
)

from ser_platform.errors import StoreError

_KEYS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
_LATER = "what is stored already is safe: run the same command again later"
_EXPIRED = ("the credentials have expired", "log in again, or renew AWS_SESSION_TOKEN")
_REGION = (
    "the bucket is in another region",
    "set AWS_DEFAULT_REGION to the region of the bucket",
)
_DENIED = (
    "access denied",
    "the credentials were accepted, but may not do this: allow {action} on {resource}",
)

_BY_CODE: dict[str, tuple[str, str]] = {
    "InvalidAccessKeyId": (
        "the access key is unknown there",
        "check AWS_ACCESS_KEY_ID or AWS_PROFILE, and that they belong to this server",
    ),
    "SignatureDoesNotMatch": (
        "the secret key does not belong to the access key",
        "check AWS_SECRET_ACCESS_KEY or AWS_PROFILE",
    ),
    "InvalidToken": (
        "the session token is not valid",
        "renew AWS_SESSION_TOKEN, or unset it when the keys are permanent",
    ),
    "ExpiredToken": _EXPIRED,
    "ExpiredTokenException": _EXPIRED,
    "TokenRefreshRequired": _EXPIRED,
    "AccessDenied": _DENIED,
    "AllAccessDisabled": _DENIED,
    "403": _DENIED,
    "NoSuchBucket": (
        "there is no such bucket",
        "create it, or correct the store's URL",
    ),
    "InvalidBucketName": ("that is no name for a bucket", "correct the store's URL"),
    "RequestTimeTooSkewed": (
        "the clock of this machine and the server's differ by too much",
        "set this machine's clock",
    ),
    "PermanentRedirect": _REGION,
    "TemporaryRedirect": _REGION,
    "AuthorizationHeaderMalformed": _REGION,
    "IllegalLocationConstraintException": _REGION,
}


def explain(
    error: ClientError | BotoCoreError, action: str, key: str, store: str, endpoint: str | None
) -> StoreError:
    """What failed, and what to check: action such as ``s3:GetObject``, store URL, key."""
    if isinstance(error, ClientError):
        found, remedy = _of_answer(error)
    else:
        found, remedy = _of_connection(error)
    resource = "arn:aws:s3:::" + store.removeprefix("s3://")
    if action == "s3:ListBucket":
        resource = resource.partition("/")[0]
    else:
        folder, _, name = key.partition("/")
        resource += f"/{folder}/*" if name else "/*"
    remedy = remedy.format(action=action, resource=resource)
    where = f"{store} at {host_of(endpoint)}" if endpoint else store
    return StoreError(f"{action} '{key}' in {where}: {found}; {remedy}")


def code_of(error: ClientError) -> str:
    """What the server calls it, e.g. ``NoSuchKey``."""
    return error.response.get("Error", {}).get("Code", "")


def host_of(endpoint: str) -> str:
    """Host and port of a URL, without the credentials it may hold."""
    return urlsplit(endpoint).netloc.rpartition("@")[2]


def _of_answer(error: ClientError) -> tuple[str, str]:
    code = code_of(error)
    if code in _BY_CODE:
        found, remedy = _BY_CODE[code]
        return f"{found} ({code})", remedy
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if status == 429 or status >= 500:
        return f"the server kept failing ({code}, HTTP {status})", _LATER
    message = error.response.get("Error", {}).get("Message", "")
    return f"refused with {code}: {message}", "check the server, the bucket and the store's URL"


def _of_connection(error: BotoCoreError) -> tuple[str, str]:
    match error:
        case NoCredentialsError():
            return "no credentials were found", f"set {_KEYS}"
        case PartialCredentialsError():
            return "only a part of the credentials was found", f"set {_KEYS}"
        case ProfileNotFound():
            return "that AWS profile does not exist", "check AWS_PROFILE and ~/.aws/config"
        case CredentialRetrievalError() | SSOError() | LoginError() | TokenRetrievalError():
            return "the credentials could not be fetched", f"log in again, or set {_KEYS}"
        case SSLError():
            return "its certificate is not trusted", "check the URL, and AWS_CA_BUNDLE"
        case ConnectionError():
            return "no connection", "check that the server runs, AWS_ENDPOINT_URL_S3, and the net"
        case ParamValidationError():
            return "that is no name for a bucket", "correct the store's URL"
        case ReadTimeoutError() | ConnectionClosedError() | HTTPClientError():
            return f"the connection kept breaking off ({type(error).__name__})", _LATER
        case IncompleteReadError():
            return f"the object kept breaking off ({type(error).__name__})", _LATER
        case _:
            return f"{type(error).__name__}: {error}", "check the AWS settings"
