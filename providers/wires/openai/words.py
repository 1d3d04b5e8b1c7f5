"""What error codes and texts mean, for all speakers of the wire: words that belong to one meaning only.

Numbers mean different things to different vendors and stand in their own rows, but for those whose shape tells the
family. A vendor's text is a guess; it refines what the status says and never overrules it.
"""

import re
from collections.abc import Mapping
from typing import Final

from providers.errors import ErrorKind as Kind


def _table(groups: Mapping[Kind, str]) -> dict[str, Kind]:
    return {word: kind for kind, words in groups.items() for word in words.split()}


CODES: Final = _table(
    {
        Kind.CONTEXT_LENGTH: "context_length_exceeded tokens_too_long characters_too_long exceed_context_size_error"
        " tokens_limit_reached",
        Kind.CONTENT_FILTER: "content_filter content_policy_violation data_inspection_failed DataInspectionFailed"
        " SensitiveContentDetected InputTextSensitiveContentDetected InputImageSensitiveContentDetected"
        " OutputTextSensitiveContentDetected OutputImageSensitiveContentDetected InputTextRiskDetection"
        " InputImageRiskDetection OutputTextRiskDetection OutputImageRiskDetection ContentSecurityDetectionError"
        " system_unsafe user_setting_unsafe functions_unsafe OperationDenied.TextIllegalDetected"
        " OperationDenied.ImageIllegalDetected ResponsibleAIPolicyViolation censorship_blocked",
        Kind.MODEL_NOT_FOUND: "model_not_found ModelNotFound Model.NotExist invalid_model ModelNotOpen"
        " InvalidEndpointOrModel.NotFound InvalidEndpointOrModel.ModelIDAccessDisabled InvalidEndpoint.NotFound"
        " UnsupportedModel DeploymentNotFound resource_not_found_error InvalidParameterValue.Model ResourceNotFound"
        " model_not_exist unknown_model",
        Kind.RATE_LIMITED: "rate_limit_exceeded rate_limit_reached_error Throttling Throttling.RateQuota"
        " Throttling.BurstRate Throttling.AllocationQuota limit_requests limit_burst_rate rpm_rate_limit_exceeded"
        " tpm_rate_limit_exceeded input_tpm_rate_limit_exceeded output_tpm_rate_limit_exceeded"
        " user_rate_limit_exceeded preemptible_rate_limit_exceeded cluster_rate_limit_exceeded"
        " cluster_rpm_rate_limit_exceeded cluster_tpm_rate_limit_exceeded RateLimitExceeded AccountRateLimitExceeded"
        " ModelAccountRpmRateLimitExceeded ModelAccountTpmRateLimitExceeded ModelAccountIpmRateLimitExceeded"
        " APIAccountRpmRateLimitExceeded InflightBatchsizeExceeded RequestBurstTooFast RequestLimitExceeded"
        " LimitExceeded FailedOperation.EngineServerLimitExceeded RateLimitReached too_many_requests slow_down",
        Kind.QUOTA: "insufficient_quota exceeded_current_quota_error insufficient_balance_error Arrearage"
        " PostpaidBillOverdue AllocationQuota.FreeTierOnly AccountOverdueError OperationDenied.ServiceOverdue"
        " InvalidAccountStatus QuotaExceeded SetLimitExceeded billing_hard_limit_reached billing_not_active"
        " FailedOperation.FreeResourcePackExhausted FailedOperation.ResourcePackExhausted FailedOperation.ServiceStop"
        " ResourceInsufficient.ChargeResourceExhaust FailedOperation.ServiceStopArrears ResourceUnavailable.InArrears"
        " ResourceUnavailable.LowBalance ResourceUnavailable.StopUsing",
        Kind.OVERLOADED: "server_is_overloaded ServerOverloaded ServiceUnavailable ModelUnavailable"
        " InvalidEndpoint.ClosedEndpoint unavailable_error overloaded_error",
        Kind.TIMEOUT: "RequestTimeOut InternalError.Timeout FailedOperation.EngineRequestTimeout",
        Kind.UPSTREAM_AUTH: "invalid_api_key InvalidApiKey invalid_authentication_error incorrect_api_key_error"
        " AuthenticationError authorized_error invalid_iam_token invalid_appid no_parameter_permission AccessDenied"
        " AccessDenied.Unpurchased Model.AccessDenied Workspace.AccessDenied AuthFailure OperationDenied"
        " UnauthorizedOperation InvalidSubscription unsupported_country_region_territory"
        " FailedOperation.UserUnAuthError FailedOperation.ServiceNotActivated ResourceUnavailable.NotExist"
        " FailedOperation.PartnerAccountUnSupport",
    }
)
"""Codes that mean the same whoever sends them. One with dots also stands for all that begin with it and a dot."""

BASE_RESP: Final = _table(
    {
        Kind.TIMEOUT: "1001",
        Kind.RATE_LIMITED: "1002 1039 1041 2045",
        Kind.UPSTREAM_AUTH: "1004 2049",
        Kind.QUOTA: "1008 2056",
        Kind.CONTENT_FILTER: "1026 1027",
        Kind.INVALID_REQUEST: "1042 1043 1044 2013 2037 2039 2042 2048 20132",
        Kind.SERVER_ERROR: "1000 1013 1024 1033",
    }
)
"""Numbers of ``base_resp.status_code``, and of those that stand in brackets at the end of a message.

Source: https://platform.minimaxi.com/docs/api-reference/errorcode, checked 2026-08; 1024, 1033, 1041, 2056 unverified.
"""

CLASSES: Final = _table(
    {
        Kind.INVALID_REQUEST: "invalid_request_error bad_request_error BadRequestError BadRequest InvalidParameter"
        " InvalidParameterValue MissingParameter UnknownParameter UnsupportedOperation invalid_parameter_error"
        " INVALID_ARGUMENT FAILED_PRECONDITION tool_use_failed",
        Kind.UPSTREAM_AUTH: "authentication_error Unauthorized UNAUTHENTICATED permission_error PERMISSION_DENIED"
        " Forbidden unauthorized",
        Kind.MODEL_NOT_FOUND: "not_found_error NotFoundError NOT_FOUND",
        Kind.RATE_LIMITED: "rate_limit_error TooManyRequests RESOURCE_EXHAUSTED engine_overloaded_error",
        Kind.OVERLOADED: "service_unavailable_error UNAVAILABLE",
        Kind.TIMEOUT: "DEADLINE_EXCEEDED timeout_error",
        Kind.SERVER_ERROR: "server_error internal_error api_error InternalServerError INTERNAL InternalError",
    }
)
"""Words for whole classes, too vague to stand against a status; they count where no status is told."""

BASE_RESP_TOO_LONG: Final = re.compile(r"(?i)context|max(imum)?[ _]tokens(?!.*(per|/) ?min)")
"""How that family's limit of tokens per minute (1039) tells of an input that no other credential could take either."""

_CONTEXT: Final = (
    r"context[ _](length|window|size)|maximum (context|prompt length)|max_seq_len|too many (input )?tokens"
    r"|tokens exceed|exceed(s|ed) (the )?model token limit|messages\[\d+\]\.content\S{0,20} string too long"
    r"|prompt( tokens| is)? too long|input (is )?too long|range of input length|reduce the length"
    r"|exceeds? (the )?max message tokens|(输入|上下文|提示).{0,20}(过长|超长|超过|超出)"
)
_FILTER: Final = (
    r"content[ _-]?(filter|polic|moderation|management)|inappropriate content|(?<!case[ -])\bsensitive\b"
    r"|data_inspection|safety (system|filter)|(input|prompt|message) was flagged|敏感|违规|不合规"
)
_KEY: Final = (
    r"(incorrect|invalid|expired|missing|wrong|no)\b.{0,20}\bapi[ _-]?key"
    r"|\bapi[ _-]?key\b.{0,25}(not valid|invalid|incorrect|expired|missing|not found|required)|login fail"
)
_QUOTA: Final = (
    r"insufficient[ _](quota|balance|credit|fund)|exceeded (your )?current quota|billing|arrears|arrearage"
    r"|balance.{0,30}(insufficient|too low|exhausted|not enough|used up)|not enough (balance|credit)"
    r"|overdue|account .{0,60}(is not active|suspended)|(free|daily) (tier|allocation).{0,60}(exhausted|used up)"
    r"|today['’]?s quota|tokens\.total|payment required|spending limit|(used all available|doesn't have any) credits"
    r"|欠费|余额|资源包|充值"
)
_MODEL: Final = (
    r"\bmodels?\b([^.]|\.(?=\w)){0,80}"
    r"(does(n't| not) exist|not exist|not found|is not available|no permission|not served)"
    r"|(no such|unknown|not found the) model|模型.{0,20}(不存在|未找到)"
)

BY_TEXT: Final = tuple(
    (re.compile(f"(?i){pattern}"), kind)
    for pattern, kind in (
        (_KEY, Kind.UPSTREAM_AUTH),
        (_CONTEXT, Kind.CONTEXT_LENGTH),
        (_MODEL, Kind.MODEL_NOT_FOUND),
        (_QUOTA, Kind.QUOTA),
        (_FILTER, Kind.CONTENT_FILTER),
    )
)
"""What a text says, tried in this order."""
